import { ownChecks } from '../domain/check.ts';
import type { ConfigIssue } from './config-error.ts';
import { formatDuration } from './duration.ts';
import { issueAt } from './issue-at.ts';
import { isMap } from './json-schema.ts';
import { findPlaces, valueOf } from './key-path.ts';
import type { Place } from './key-path.ts';
import { transportOf } from './remote-url.ts';
import { findTrustContradictions } from './trust-combination.ts';
import { findSharedNames } from './unique-names.ts';

/** Values that are allowed alone and impossible together; `config` need not be valid, so that all errors come at once. */
export function findContradictions(config: unknown): readonly ConfigIssue[] {
  return [
    ...findPlaces(config, 'source.attribute').flatMap((place) => checkAttribute(place, config)),
    ...findPlaces(config, 'source.remotes').flatMap(checkRemotes),
    ...findPlaces(config, 'source.remotes[]').flatMap(checkRemote),
    ...findTrustContradictions(config),
    ...findPlaces(config, 'rollback.lastResort').flatMap((place) => checkLastResort(place, config)),
    ...findHealthContradictions(config),
    ...findPlaces(config, 'build.options').flatMap(checkOptions),
  ];
}

/** Those of them that lie in `health` alone. */
export function findHealthContradictions(config: unknown): readonly ConfigIssue[] {
  return [
    ...findPlaces(config, 'health').flatMap(checkProbation),
    ...findPlaces(config, 'health.checks').flatMap(findSharedNames),
    ...findPlaces(config, 'health.checks[]').flatMap(checkHealthCheck),
  ];
}

function checkAttribute({ path, value }: Place, config: unknown): ConfigIssue[] {
  const driver = valueOf(config, 'driver');
  if (value === null || driver === 'nixos') return [];
  return [issueAt(path, value, `allowed with driver nixos only, and the driver is ${String(driver)}`)];
}

/** Only a host that this machine's systemd runs can be rebooted. */
function checkLastResort({ path, value }: Place, config: unknown): ConfigIssue[] {
  if (value !== 'reboot') return [];
  const [root, activator] = [valueOf(config, 'system.root'), valueOf(config, 'system.activator')];
  if ((root ?? '/') !== '/') {
    return [issueAt(path, value, `allowed is none where system.root is not /, and it is ${String(root)}`)];
  }
  return activator === 'direct'
    ? [issueAt(path, value, 'allowed is none with system.activator direct; auto or systemd may reboot')]
    : [];
}

function checkRemotes(place: Place): ConfigIssue[] {
  const remotes = Array.isArray(place.value) ? place.value : [];
  const hasMain = remotes.some((remote) => valueOf(remote, 'branches.main') !== null);
  const withoutMain =
    remotes.length > 0 && !hasMain
      ? [
          issueAt(
            place.path,
            undefined,
            'at least one remote must have a main branch; every branches.main is null',
          ),
        ]
      : [];
  return [...findSharedNames(place), ...withoutMain];
}

function checkRemote({ path, value }: Place): ConfigIssue[] {
  const url = valueOf(value, 'url');
  const transport = typeof url === 'string' ? transportOf(url) : null;
  const at = (key: string, message: string) =>
    findPlaces(value, key).map((place) => issueAt([...path, ...place.path], place.value, message));
  const set = (key: string) => valueOf(value, key) !== null && valueOf(value, key) !== undefined;
  const isHttp = transport === 'http' || transport === 'https';
  return [
    ...(transport === 'http' && valueOf(value, 'insecure') !== true
      ? at('url', 'http needs insecure: true; allowed without it are https, ssh, file and absolute paths')
      : []),
    ...(transport !== null && transport !== 'local' && valueOf(value, 'watch') === true
      ? at('watch', 'only a repository on this machine can be watched; allowed here is auto or false')
      : []),
    ...(transport !== null && !isHttp && set('auth.tokenFile')
      ? at('auth.tokenFile', 'a token is for https; leave it out for this URL')
      : []),
    ...(transport !== null && transport !== 'ssh' && set('auth.sshKeyFile')
      ? at('auth.sshKeyFile', 'an SSH key is for ssh; leave it out for this URL')
      : []),
    ...(set('branches.main') &&
    valueOf(value, 'branches.main.name') === valueOf(value, 'branches.testing.name')
      ? at('branches.testing.name', 'allowed is another name than that of main')
      : []),
  ];
}

function checkHealthCheck({ path, value }: Place): ConfigIssue[] {
  if (!isMap(value)) return [];
  const kinds = ['http', 'tcp', 'command', 'unit'].filter((key) => value[key] !== undefined);
  const isOwn = (ownChecks as readonly unknown[]).includes(value['name']);
  return [
    ...(isOwn
      ? [issueAt([...path, 'name'], value['name'], `allowed is another name than ${ownChecks.join(', ')}`)]
      : []),
    ...(kinds.length === 1
      ? []
      : [issueAt(path, undefined, 'allowed is just one of http, tcp, command, unit')]),
  ];
}

function checkProbation({ path, value }: Place): ConfigIssue[] {
  const [settle, stableFor, deadline] = ['settle', 'stableFor', 'deadline'].map((key) => valueOf(value, key));
  if (typeof settle !== 'number' || typeof stableFor !== 'number' || typeof deadline !== 'number') return [];
  if (settle + stableFor < deadline) return [];
  const least = formatDuration(settle + stableFor);
  return [
    issueAt(
      [...path, 'deadline'],
      formatDuration(deadline),
      `allowed is more than settle and stableFor together (${least}), or no system could ever pass`,
    ),
  ];
}

function checkOptions({ path, value }: Place): ConfigIssue[] {
  // Options go on the command line, which every user of the machine can read.
  return ['access-tokens', 'netrc-file']
    .filter((key) => isMap(value) && Object.hasOwn(value, key))
    .map((key) =>
      issueAt([...path, key], undefined, 'credentials belong in the file of evaluate.nixConfFile'),
    );
}
