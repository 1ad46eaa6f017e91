import type { AllowedSigner } from '../domain/allowed-signers.ts';
import { rfc3339 } from '../domain/rfc3339.ts';
import { parseSshPublicKey } from '../domain/ssh-key.ts';
import { unsignedText } from '../domain/unsigned.ts';
import { formatDuration } from './duration.ts';
import type { Config, RemoteConfig } from './schema.ts';
import { sshFingerprint } from './ssh-fingerprint.ts';

/** Keys of an allowed-signers file as it is now; null when it was not looked at, or none is configured. */
export type FileSigners = readonly AllowedSigner[] | null;

/** The effective trust policy in plain sentences, keys by fingerprint. */
export function describeTrust(config: Config, fromFile: FileSigners): readonly string[] {
  const { trust } = config;
  const isSigned = trust.mode !== 'none';
  return [
    modes[trust.mode],
    ...(isSigned ? [...describeSigners(config, fromFile), ...describeWho(config)] : []),
    ...(isSigned || trust.anchor !== null ? [describeBase(config)] : []),
    describeFloor(config),
    describeQuorum(config),
    ...(isSigned ? [describeLimits(config)] : []),
  ];
}

/** What the trust policy leaves open, or forbids altogether, though it may not look like it; one sentence each. */
export function findTrustWarnings({ trust, source }: Config): readonly string[] {
  const unsigned = source.remotes.filter((remote) => needsNoSignature(remote, trust)).map(({ url }) => url);
  const locked = source.remotes.flatMap((remote) =>
    roles
      .filter((role) => remote.branches[role] !== null && signersFor(remote, role, trust)?.length === 0)
      .map(
        (role) =>
          `Nobody may sign ${role} of remote ${remote.name}: the signers of both lists have no name in common.`,
      ),
  );
  return [...(unsigned.length === 0 ? [] : [`${unsignedText(unsigned)}.`]), ...locked];
}

type Trust = Config['trust'];

const roles = ['main', 'testing'] as const;

const modes = {
  none: 'Trust is none: no commit has to be signed.',
  range: 'Trust is range: every new commit must be signed by a key named here, merged ones too.',
  tip: 'Trust is tip: the newest commit of a branch must be signed by a key named here; those below it are not looked at.',
};

function describeSigners({ trust }: Config, fromFile: FileSigners): string[] {
  const { allowedSignersFile: file, revokedKeysFile } = trust;
  const unread = file !== null && fromFile === null ? [`More signers are named in ${file}.`] : [];
  const reread = 'files of keys are read again at every poll';
  return [
    ...trust.signers.map(describeSigner),
    ...(fromFile ?? []).map((signer) => describeFileSigner(signer, file ?? 'a file')),
    ...unread,
    revokedKeysFile === null
      ? `No file revokes SSH keys; OpenPGP keys are revoked in their own files; ${reread}.`
      : `SSH keys in ${revokedKeysFile} are revoked, OpenPGP keys in their own files; ${reread}.`,
  ];
}

function describeSigner({ name, sshKey, gpgKeyFile, gpgFingerprint }: Trust['signers'][number]): string {
  const key = sshKey === undefined ? null : parseSshPublicKey(sshKey);
  if (key !== null && typeof key !== 'string') {
    return `Signer ${name}: SSH key ${sshFingerprint(key)} (${key.type}), from trust.signers.`;
  }
  return `Signer ${name}: OpenPGP key ${gpgFingerprint ?? ''} and its subkeys, from ${gpgKeyFile ?? ''}.`;
}

function describeFileSigner(
  { names, key, line, validAfter, validBefore }: AllowedSigner,
  file: string,
): string {
  const from = validAfter === null ? '' : `, valid from ${rfc3339(validAfter)}`;
  const to = validBefore === null ? '' : `, valid up to ${rfc3339(validBefore)}`;
  const who = names.join(', ');
  return `Signer ${who}: SSH key ${sshFingerprint(key)} (${key.type}), from ${file} line ${line}${from}${to}.`;
}

function describeWho({ trust, source }: Config): string[] {
  const lists = roles.map((role) => `${role}: ${named(trust.branches[role].signers)}`);
  return [
    `Who may sign ${lists.join('; ')}.`,
    ...source.remotes.flatMap((remote) => describeRemoteTrust(remote, trust)),
  ];
}

function describeRemoteTrust(remote: RemoteConfig, trust: Trust): string[] {
  const { name, trust: own } = remote;
  if (own === null) return [];
  if (own.mode === 'none') return [`From remote ${name} no commit has to be signed.`];
  const lists = roles
    .filter((role) => remote.branches[role] !== null)
    .map((role) => `${role}: ${named(signersFor(remote, role, trust))}`);
  return lists.length === 0 ? [] : [`Who may sign for remote ${name}: ${lists.join('; ')}.`];
}

/** The names that both lists allow; null for every signer. */
function signersFor(
  remote: RemoteConfig,
  role: (typeof roles)[number],
  trust: Trust,
): readonly string[] | null {
  const ofBranch = trust.branches[role].signers;
  const ofRemote = remote.trust?.signers ?? null;
  if (ofBranch === null || ofRemote === null) return ofBranch ?? ofRemote;
  return ofBranch.filter((name) => ofRemote.includes(name));
}

function named(signers: readonly string[] | null): string {
  if (signers === null) return 'every signer';
  return signers.length === 0 ? 'nobody' : signers.join(' or ');
}

function describeBase({ trust: { anchor } }: Config): string {
  return anchor === null
    ? 'History counts from the first accepted tip on, which is announced; what is below it is not verified.'
    : `History counts from commit ${anchor} on; what is below it is not verified, and what does not descend from it is refused.`;
}

function describeFloor({ trust: { floor } }: Config): string {
  const newest =
    floor === 'deployed' ? 'the newest main commit deployed here' : 'the newest main commit accepted here';
  return `The host never goes back behind ${newest}.`;
}

function describeQuorum({ trust: { quorum }, source }: Config): string {
  const offering = source.remotes.filter(({ branches }) => branches.main !== null).length;
  return quorum === 1
    ? 'One remote is enough to offer a commit.'
    : `A commit counts when at least ${quorum} of ${offering} remotes offer it.`;
}

function describeLimits({ trust: { clockSkew, maxRange, branches } }: Config): string {
  const replay = branches.testing.allowReplay ? 'may come back' : 'does not come back';
  return `A commit dated more than ${formatDuration(clockSkew)} ahead of this clock waits; more than ${maxRange} new commits at once are refused; a testing commit that was superseded ${replay}.`;
}

/** True where the commits of a remote are taken from anybody. */
export function needsNoSignature({ trust: own }: RemoteConfig, { mode }: Trust): boolean {
  return mode === 'none' || own?.mode === 'none';
}
