import { join } from 'node:path';
import { Problem } from '../domain/problem.ts';
import { transportOf, type RemoteAuth, type RemoteSource } from './remote-source.ts';

/** What every git environment is made of. */
export interface EnvironmentInput {
  /** The generated HOME; holds the generated configuration files. */
  readonly home: string;
  readonly path: string;
  readonly proxyEnvironment: Readonly<Record<string, string>>;
}

/** The complete environment of a git child that talks to nobody. */
export function localEnvironment({ home, path }: EnvironmentInput): Record<string, string> {
  return {
    PATH: path,
    HOME: home,
    TZ: 'UTC',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // Replace refs and grafts are two switches; the first does not turn off the second.
    GIT_GRAFT_FILE: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_ALLOW_PROTOCOL: '',
  };
}

/** The complete environment of a fetch from one remote: its protocol, its credentials, its key, and no other's. */
export function fetchEnvironment(input: EnvironmentInput, remote: RemoteSource): Record<string, string> {
  return {
    ...localEnvironment(input),
    ...input.proxyEnvironment,
    ...noPrompts,
    GIT_CONFIG_GLOBAL: join(input.home, `gitconfig-${remote.name}`),
    GIT_ALLOW_PROTOCOL: transportOf(remote),
    GIT_SSH_COMMAND: sshCommand([remote.auth]),
  };
}

/**
 * The complete environment for Nix's own use of git: reading the mirror, and fetching private inputs and submodules
 * with the remotes' credentials. Which protocols a submodule may use is in the generated configuration,
 * because GIT_ALLOW_PROTOCOL cannot tell Nix's fetch of the mirror from a submodule's.
 */
export function nixEnvironment(
  input: EnvironmentInput,
  remotes: readonly RemoteSource[],
): Record<string, string> {
  const { GIT_ALLOW_PROTOCOL: _, ...local } = localEnvironment(input);
  return {
    ...local,
    ...input.proxyEnvironment,
    ...noPrompts,
    GIT_CONFIG_GLOBAL: join(input.home, 'gitconfig.nix'),
    GIT_SSH_COMMAND: sshCommand(
      remotes.filter((remote) => transportOf(remote) === 'ssh').map(({ auth }) => auth),
    ),
  };
}

const noPrompts = { GIT_ASKPASS: 'false', SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'never' };

const defaultKnownHosts = '/etc/ssh/ssh_known_hosts';

function sshCommand(auths: readonly RemoteAuth[]): string {
  const keys = unique(auths.flatMap(({ sshKeyFile }) => (sshKeyFile === null ? [] : [sshKeyFile])));
  const known = unique(auths.map(({ knownHostsFile }) => knownHostsFile ?? defaultKnownHosts));
  const identities =
    keys.length === 0 ? ['-o', 'IdentityFile=none'] : keys.flatMap((key) => ['-i', plain(key)]);
  const hosts = known.length === 0 ? [defaultKnownHosts] : known.map(plain);
  return [
    'ssh',
    '-F',
    '/dev/null',
    ...identities,
    ...sshOptions,
    '-o',
    `'UserKnownHostsFile=${hosts.join(' ')}'`,
  ].join(' ');
}

const sshOptions = [
  'IdentitiesOnly=yes',
  'IdentityAgent=none',
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'GlobalKnownHostsFile=/dev/null',
  'ConnectTimeout=15',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=2',
  'PermitLocalCommand=no',
  'ForwardAgent=no',
  'ProxyCommand=none',
  'ControlPath=none',
].flatMap((option) => ['-o', option]);

// Git gives the command to a shell and ssh expands % and splits at white space, each with quoting of its own.
function plain(path: string): string {
  if (/^\/[A-Za-z0-9/._@:+,=-]*$/.test(path)) return path;
  throw new Problem(
    'credential_unreadable',
    `${JSON.stringify(path)} cannot be given to ssh: use an absolute path of letters, digits and / . _ @ : + , = -`,
    { retry: 'never' },
  );
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
