import { parseSshPublicKey, sshKeyText } from '../domain/ssh-key.ts';
import type { ConfigIssue } from './config-error.ts';
import { issueAt } from './issue-at.ts';
import { isMap } from './json-schema.ts';
import { findPlaces, formatPath, valueOf } from './key-path.ts';
import type { Place } from './key-path.ts';
import { findSharedNames } from './unique-names.ts';

/** What would make trust weaker than it looks, or let nobody sign; `config` need not be valid. */
export function findTrustContradictions(config: unknown): readonly ConfigIssue[] {
  const readsFile = typeof valueOf(config, 'trust.allowedSignersFile') === 'string';
  return [
    ...findPlaces(config, 'trust').flatMap((place) => checkMode(place, config)),
    ...findPlaces(config, 'trust.quorum').flatMap((place) => checkQuorum(place, config)),
    ...findPlaces(config, 'trust.signers').flatMap(findSharedNames),
    ...findPlaces(config, 'trust.signers[]').flatMap(checkSigner),
    ...findSharedKeys(config),
    ...signerLists.flatMap((key) => findPlaces(config, key)).flatMap(checkNotEmpty),
    // Names of an allowed-signers file are not known before it is read.
    ...(readsFile ? [] : findUnknownSigners(config, [])),
    ...findPlaces(config, 'source.remotes[].trust').flatMap(checkRemoteTrust),
  ];
}

/** Issues for names in lists of signers that no signer has; `fromFile` are those of the allowed-signers file. */
export function findUnknownSigners(config: unknown, fromFile: readonly string[]): readonly ConfigIssue[] {
  const inline = findPlaces(config, 'trust.signers[].name').map(({ value }) => value);
  const known = [...new Set([...inline, ...fromFile])];
  const where = fromFile.length > 0 ? 'trust.signers and trust.allowedSignersFile' : 'trust.signers';
  const allowed = known.length === 0 ? 'there are none' : known.map(String).join(', ');
  return signerLists
    .flatMap((key) => findPlaces(config, `${key}[]`))
    .filter(({ value }) => !known.includes(value))
    .map(({ path, value }) => issueAt(path, value, `allowed are the names under ${where}: ${allowed}`));
}

/** The key of an inline signer as text, the same for the same key; null when there is none that can be read. */
export function signerKeyText(signer: unknown): string | null {
  const { sshKey, gpgFingerprint } = isMap(signer) ? signer : {};
  const key = typeof sshKey === 'string' ? parseSshPublicKey(sshKey) : '';
  if (typeof key !== 'string') return sshKeyText(key);
  return typeof gpgFingerprint === 'string' ? gpgFingerprint.toUpperCase() : null;
}

const signerLists = [
  'trust.branches.main.signers',
  'trust.branches.testing.signers',
  'source.remotes[].trust.signers',
];
const files = ['trust.allowedSignersFile', 'trust.revokedKeysFile'];

function checkMode({ path, value }: Place, config: unknown): ConfigIssue[] {
  if (!isMap(value)) return [];
  const { mode, signers, allowedSignersFile } = value;
  const hasKeys = (Array.isArray(signers) && signers.length > 0) || typeof allowedSignersFile === 'string';
  if (mode === 'none') return checkNone({ path: [...path, 'mode'], value: mode }, config);
  if (hasKeys || (mode !== undefined && typeof mode !== 'string')) return [];
  const message = 'say what you trust: give signers or allowedSignersFile, or write mode: none';
  return [issueAt([...path, 'mode'], mode, mode === undefined ? `missing; ${message}` : message)];
}

function checkNone({ path, value }: Place, config: unknown): ConfigIssue[] {
  const unenforced = ['trust.signers', ...files, ...signerLists]
    .flatMap((key) => findPlaces(config, key))
    .filter((place) =>
      Array.isArray(place.value) ? place.value.length > 0 : typeof place.value === 'string',
    )
    .map((place) => formatPath(place.path));
  if (unenforced.length === 0) return [];
  const message = `with mode none no key is asked for, so these would not be enforced: ${unenforced.join(', ')}; write mode range or tip, or take them out`;
  return [issueAt(path, value, message)];
}

function checkQuorum({ path, value }: Place, config: unknown): ConfigIssue[] {
  const remotes = findPlaces(config, 'source.remotes[]');
  const offering = remotes.filter((remote) => valueOf(remote.value, 'branches.main') !== null).length;
  if (typeof value !== 'number' || offering === 0 || value <= offering) return [];
  return [issueAt(path, value, `allowed is at most the number of remotes that offer main, ${offering}`)];
}

function checkSigner({ path, value }: Place): ConfigIssue[] {
  if (!isMap(value)) return [];
  const { sshKey } = value;
  const gpgKeys = ['gpgKeyFile', 'gpgFingerprint'].filter((key) => value[key] !== undefined);
  if (gpgKeys.length !== (sshKey === undefined ? 2 : 0)) {
    const message = `${formatPath(path)} needs either sshKey, or gpgKeyFile and gpgFingerprint`;
    return [issueAt(path, undefined, message)];
  }
  const key = typeof sshKey === 'string' ? parseSshPublicKey(sshKey) : null;
  return typeof key === 'string' ? [issueAt([...path, 'sshKey'], undefined, key)] : [];
}

// Whoever is struck off under one name would go on signing under the other.
function findSharedKeys(config: unknown): ConfigIssue[] {
  const signers = findPlaces(config, 'trust.signers[]');
  const keys = signers.map(({ value }) => signerKeyText(value));
  return signers.flatMap(({ path, value }, index) => {
    const key = keys[index];
    const first = key ? keys.indexOf(key) : index;
    if (!key || first === index) return [];
    const other = String(valueOf(signers[first]?.value, 'name'));
    const field = isMap(value) && value['sshKey'] === undefined ? 'gpgFingerprint' : 'sshKey';
    const message = `the key of signer ${other} once more; allowed is a key that no other signer has`;
    return [issueAt([...path, field], undefined, message)];
  });
}

function checkNotEmpty({ path, value }: Place): ConfigIssue[] {
  if (!Array.isArray(value) || value.length > 0) return [];
  const inRemote = path[0] === 'source';
  const whom = inRemote ? 'this remote' : String(path.at(-2));
  const off = path.includes('testing')
    ? '; to switch testing off, write branches.testing: null at each remote'
    : '';
  const message = `nobody could sign for ${whom}; leave it out to allow every signer${off}`;
  return [issueAt(path, value, message)];
}

function checkRemoteTrust({ path, value }: Place): ConfigIssue[] {
  if (!isMap(value)) return [];
  const isOne = (value['signers'] === undefined) !== (value['mode'] === undefined);
  return isOne ? [] : [issueAt(path, undefined, 'allowed is one of signers or mode')];
}
