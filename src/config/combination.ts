import type { ConfigIssue } from './config-error.ts';
import { isMap } from './json-schema.ts';
import { findPlaces, formatPath } from './key-path.ts';
import type { KeyPath } from './key-path.ts';
import { transportOf } from './remote-url.ts';
import { showValue } from './show-value.ts';

/** Values that are allowed alone and impossible together; `config` need not be valid, so that all errors come at once. */
export function findContradictions(config: unknown): readonly ConfigIssue[] {
  return [
    ...findPlaces(config, 'source.attribute').flatMap((place) => checkAttribute(place, config)),
    ...findPlaces(config, 'source.remotes').flatMap(checkRemotes),
    ...findPlaces(config, 'source.remotes[]').flatMap((place) => checkRemote(place, config)),
    ...findPlaces(config, 'trust').flatMap((place) => checkTrust(place, config)),
    ...findPlaces(config, 'trust.signers[]').flatMap(checkSigner),
    ...findPlaces(config, 'trust.signers').flatMap((place) => checkUnique(place, 'name')),
    ...findPlaces(config, 'health.checks[]').flatMap(checkHealthCheck),
    ...findPlaces(config, 'build.options').flatMap(checkOptions),
  ];
}

interface Place {
  readonly path: KeyPath;
  readonly value: unknown;
}

function issue(path: KeyPath, value: unknown, message: string): ConfigIssue {
  return { path, found: value === undefined ? null : showValue(value, path), message };
}

function checkAttribute({ path, value }: Place, config: unknown): ConfigIssue[] {
  const driver = first(config, 'driver');
  if (value === null || driver === 'nixos') return [];
  return [issue(path, value, `allowed with driver nixos only, and the driver is ${String(driver)}`)];
}

function checkRemotes(place: Place): ConfigIssue[] {
  const remotes = Array.isArray(place.value) ? place.value : [];
  const hasMain = remotes.some((remote) => first(remote, 'branches.main') !== null);
  const withoutMain =
    remotes.length > 0 && !hasMain
      ? [
          issue(
            place.path,
            undefined,
            'at least one remote must have a main branch; every branches.main is null',
          ),
        ]
      : [];
  return [...checkUnique(place, 'name'), ...withoutMain];
}

function checkUnique({ path, value }: Place, key: string): ConfigIssue[] {
  const names = findPlaces(value, `[].${key}`).filter(({ value: name }) => typeof name === 'string');
  return names
    .filter(({ value: name }, index) => names.findIndex((other) => other.value === name) < index)
    .map((place) =>
      issue([...path, ...place.path], place.value, 'allowed is a name that no other entry has'),
    );
}

function checkRemote({ path, value }: Place, config: unknown): ConfigIssue[] {
  const url = first(value, 'url');
  const transport = typeof url === 'string' ? transportOf(url) : null;
  const at = (key: string, message: string) =>
    findPlaces(value, key).map((place) => issue([...path, ...place.path], place.value, message));
  const set = (key: string) => first(value, key) !== null && first(value, key) !== undefined;
  const isHttp = transport === 'http' || transport === 'https';
  return [
    ...(transport === 'http' && first(value, 'insecure') !== true
      ? at('url', 'http needs insecure: true; allowed without it are https, ssh, file and absolute paths')
      : []),
    ...(transport !== null && transport !== 'local' && first(value, 'watch') === true
      ? at('watch', 'only a repository on this machine can be watched; allowed here is auto or false')
      : []),
    ...(transport !== null && !isHttp && set('auth.tokenFile')
      ? at('auth.tokenFile', 'a token is for https; leave it out for this URL')
      : []),
    ...(transport !== null && transport !== 'ssh' && set('auth.sshKeyFile')
      ? at('auth.sshKeyFile', 'an SSH key is for ssh; leave it out for this URL')
      : []),
    ...(set('branches.main') && first(value, 'branches.main.name') === first(value, 'branches.testing.name')
      ? at('branches.testing.name', 'allowed is another name than that of main')
      : []),
    ...findPlaces(value, 'trust').flatMap((place) =>
      checkRemoteTrust({ path: [...path, ...place.path], value: place.value }, config),
    ),
  ];
}

function checkRemoteTrust({ path, value }: Place, config: unknown): ConfigIssue[] {
  if (!isMap(value)) return [];
  if ((value['signers'] === undefined) === (value['mode'] === undefined)) {
    return [issue(path, undefined, 'allowed is one of signers or mode')];
  }
  return value['signers'] === undefined
    ? []
    : unknownSigners({ path: [...path, 'signers'], value: value['signers'] }, config);
}

function checkTrust({ path, value }: Place, config: unknown): ConfigIssue[] {
  if (!isMap(value)) return [];
  const hasSigners = Array.isArray(value['signers']) && value['signers'].length > 0;
  const hasKeys = hasSigners || typeof value['allowedSignersFile'] === 'string';
  const lists = ['branches.main.signers', 'branches.testing.signers'].flatMap((key) =>
    findPlaces(value, key).flatMap((place) =>
      unknownSigners({ path: [...path, ...place.path], value: place.value }, config),
    ),
  );
  return [...checkMode(path, value, hasKeys), ...checkQuorum(path, value, config), ...lists];
}

function checkMode(path: KeyPath, trust: Record<string, unknown>, hasKeys: boolean): ConfigIssue[] {
  const mode = trust['mode'];
  if (mode === 'none' && hasKeys) {
    return [
      issue(
        [...path, 'mode'],
        mode,
        'mode none and keys contradict each other; allowed with keys is range or tip',
      ),
    ];
  }
  if (mode !== 'none' && !hasKeys && (mode === undefined || typeof mode === 'string')) {
    const message = 'say what you trust: give signers or allowedSignersFile, or write mode: none';
    return [issue([...path, 'mode'], mode, mode === undefined ? `missing; ${message}` : message)];
  }
  return [];
}

function checkQuorum(path: KeyPath, trust: Record<string, unknown>, config: unknown): ConfigIssue[] {
  const quorum = trust['quorum'];
  const remotes = first(config, 'source.remotes');
  if (typeof quorum !== 'number' || !Array.isArray(remotes) || quorum <= Math.max(1, remotes.length))
    return [];
  return [issue([...path, 'quorum'], quorum, `allowed is at most the number of remotes, ${remotes.length}`)];
}

function unknownSigners({ path, value }: Place, config: unknown): ConfigIssue[] {
  // Names of an allowed-signers file are not known before it is read.
  if (!Array.isArray(value) || typeof first(config, 'trust.allowedSignersFile') === 'string') return [];
  const known = findPlaces(config, 'trust.signers[].name').map((place) => place.value);
  const allowed = known.length === 0 ? 'there are none' : known.map(String).join(', ');
  return value.flatMap((name: unknown, index) =>
    known.includes(name)
      ? []
      : [issue([...path, index], name, `allowed are the names under trust.signers: ${allowed}`)],
  );
}

function checkSigner({ path, value }: Place): ConfigIssue[] {
  if (!isMap(value)) return [];
  const isSsh = value['sshKey'] !== undefined;
  const gpgKeys = ['gpgKeyFile', 'gpgFingerprint'].filter((key) => value[key] !== undefined);
  if (isSsh ? gpgKeys.length === 0 : gpgKeys.length === 2) return [];
  return [
    issue(path, undefined, `${formatPath(path)} needs either sshKey, or gpgKeyFile and gpgFingerprint`),
  ];
}

function checkHealthCheck({ path, value }: Place): ConfigIssue[] {
  if (!isMap(value)) return [];
  const kinds = ['http', 'tcp', 'command', 'unit'].filter((key) => value[key] !== undefined);
  return kinds.length === 1
    ? []
    : [issue(path, undefined, 'allowed is just one of http, tcp, command, unit')];
}

function checkOptions({ path, value }: Place): ConfigIssue[] {
  // Options go on the command line, which every user of the machine can read.
  return ['access-tokens', 'netrc-file']
    .filter((key) => isMap(value) && Object.hasOwn(value, key))
    .map((key) => issue([...path, key], undefined, 'credentials belong in the file of evaluate.nixConfFile'));
}

function first(root: unknown, key: string): unknown {
  return findPlaces(root, key)[0]?.value;
}
