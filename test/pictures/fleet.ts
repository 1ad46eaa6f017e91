import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../e2e/built.ts';
import { createDaemon, type Daemon } from '../harness/daemon.ts';
import {
  createImitationHost,
  createInfraRepository,
  type ImitationHost,
  type InfraRepository,
} from '../harness/imitation-host.ts';
import { createNixStore } from '../harness/nix-store.ts';

/** A host with a store and a daemon of its own. */
export interface Member {
  readonly name: string;
  readonly host: ImitationHost;
  readonly daemon: Daemon;
  /** `host:port` of its metrics. */
  readonly address: string;
}

/** Hosts that follow one repository. */
export interface Fleet {
  readonly dir: string;
  readonly infra: InfraRepository;
  readonly members: readonly Member[];
  /** Commits a system for every host, with more Nix attributes where they are given, and gives the commit. */
  readonly release: (note: string, more?: Readonly<Record<string, string>>) => Promise<string>;
  remove(): Promise<void>;
}

/** Makes the hosts and starts their daemons. */
export async function createFleet(names: readonly string[]): Promise<Fleet> {
  await built();
  const dir = await mkdtemp(join(tmpdir(), 'abide-fleet-'));
  const infra = await createInfraRepository(join(dir, 'infra'));
  const stores = await Promise.all(names.map((name) => createNixStore(join(dir, name, 'nix'))));
  const release = async (note: string, more: Readonly<Record<string, string>> = {}) => {
    const hosts = names.map((name) => `  ${name} = { note = "${note}"; ${more[name] ?? ''} };`);
    await infra.setHosts(`{\n${hosts.join('\n')}\n}\n`);
    return infra.commit(note);
  };
  await release('first');
  const members = await Promise.all(
    names.map(async (name, index) => {
      const own = join(dir, name);
      const host = await createImitationHost(join(own, 'root'), name);
      const daemon = await createDaemon({
        dir: own,
        env: stores[index]?.env ?? {},
        config: {
          host: name,
          source: { remotes: [{ name: 'origin', url: infra.dir, poll: '1s' }] },
          trust: { mode: 'none' },
          drift: { interval: '1s' },
          system: { root: host.root },
          health: {
            settle: '1s',
            stableFor: '2s',
            deadline: '1m',
            inbound: { ports: [] },
            checks: [{ name: 'note', command: ['/bin/true'] }],
          },
        },
      });
      await daemon.start();
      const [, address = ''] = /"metrics":"([^"]+)"/.exec(daemon.log()) ?? [];
      return { name, host, daemon, address };
    }),
  );
  return {
    dir,
    infra,
    members,
    release,
    remove: async () => {
      await Promise.all(members.map(({ daemon }) => daemon.stop()));
      await Promise.all(stores.map((store) => store.remove()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
