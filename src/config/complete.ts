import { localPathOf } from './remote-url.ts';
import type { Config, ParsedConfig, RemoteConfig } from './schema.ts';

/** Fills in the defaults that depend on the host's name or on other keys. */
export function completeConfig(parsed: ParsedConfig, hostName: string): Config {
  const host = parsed.host ?? hostName;
  const { dir, witness } = parsed.state;
  return {
    ...parsed,
    host,
    source: {
      ...parsed.source,
      remotes: parsed.source.remotes.map((remote) => completeRemote(remote, host)),
    },
    trust: { ...parsed.trust, mode: parsed.trust.mode ?? 'range' },
    state: { dir, witness: witness ?? (parsed.system.root === '/' ? '/nix/var/abide' : dir) },
  };
}

function completeRemote(remote: ParsedConfig['source']['remotes'][number], host: string): RemoteConfig {
  const { main, testing } = remote.branches;
  return {
    ...remote,
    watch: remote.watch === 'auto' ? localPathOf(remote.url) !== null : remote.watch,
    branches: { main, testing: testing && { ...testing, name: testing.name ?? `testing-${host}` } },
    auth: { ...remote.auth, knownHostsFile: remote.auth.knownHostsFile ?? '/etc/ssh/ssh_known_hosts' },
  };
}
