import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostStatus } from '../../src/domain/status.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { createDaemon, type Daemon } from '../harness/daemon.ts';
import {
  createImitationHost,
  createInfraRepository,
  type ImitationHost,
  type InfraRepository,
} from '../harness/imitation-host.ts';
import { createNixStore } from '../harness/nix-store.ts';
import { endProcessesOf } from './processes.ts';

/** A host, a repository that is its watched remote `desk`, and a daemon that is not started yet. */
export interface Lab {
  readonly dir: string;
  readonly desk: InfraRepository;
  readonly host: ImitationHost;
  readonly daemon: Daemon;
  readonly env: Readonly<Record<string, string>>;
  /** Commits a host `alpha` with the note, which is also the subject, and these fields of the fixture. */
  readonly commit: (note: string, fields?: string) => Promise<string>;
  /** Waits until the host runs this commit and all is as desired. */
  readonly inSync: (commit: string, timeoutMs?: number) => Promise<HostStatus>;
  /** What the activated system left in `etc/note`. */
  readonly note: () => Promise<string>;
  /** Another daemon on the same directory, with this in its environment or its configuration. */
  readonly variant: (other: Variant) => Promise<Daemon>;
  /** Holds every switch-to-configuration at a point of it, until the returned function is called. */
  readonly hold: (point: HoldPoint) => Promise<() => Promise<void>>;
  /** Actions that switch-to-configuration was called with since the lab began, oldest first. */
  readonly calls: () => string[];
  readonly journal: () => { readonly facts: Facts };
  readonly profile: () => Promise<string | null>;
}

/** Before anything is done, or when all is done and only the exit is left. */
export type HoldPoint = `${'before' | 'after'}-${'test' | 'boot' | 'check'}` | 'nix-env';

export interface Variant {
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Config;
}

type Config = Readonly<Record<string, unknown>>;

const labs: { readonly dir: string; readonly remove: () => Promise<void> }[] = [];

/** Makes a lab; `config` says what differs from the usual configuration, and may need to know where things are. */
export async function createLab(config: (at: { dir: string; desk: string }) => Config = () => ({})) {
  const dir = await mkdtemp(join(tmpdir(), 'abide-e2e-'));
  const store = await createNixStore(join(dir, 'nix'));
  const host = await createImitationHost(join(dir, 'host'));
  const desk = await createInfraRepository(join(dir, 'desk'));
  await makeHoldable(desk);
  const env = { ...store.env, PATH: `${await makePrograms(dir)}:${store.env['PATH']}` };
  const usual = {
    host: 'alpha',
    source: { remotes: [remoteAt('desk', desk.dir)] },
    trust: { mode: 'none' },
    drift: { interval: '1s' },
    system: { root: host.root },
    ...config({ dir, desk: desk.dir }),
  };
  const daemon = await createDaemon({ dir, env, config: usual });
  const daemons = [daemon];
  labs.push({
    dir,
    remove: async () => {
      await Promise.all(daemons.map((one) => one.kill()));
      await endProcessesOf(dir);
      await store.remove();
      await rm(dir, { recursive: true, force: true });
    },
  });
  const lab: Lab = {
    dir,
    desk,
    host,
    daemon,
    env,
    commit: async (note, fields = '') => {
      await desk.setHosts(`{ alpha = { note = "${note}"; ${fields} }; }\n`);
      return desk.commit(note);
    },
    inSync: (commit, timeoutMs) =>
      daemon.until(
        `commit ${commit} in sync`,
        ({ summary, desired, reconcile: _ }) => summary === 'InSync' && desired?.commit === commit,
        timeoutMs,
      ),
    note: () => readFile(join(host.root, 'etc/note'), 'utf8').catch(() => ''),
    variant: async (other) => {
      const made = await createDaemon({
        dir,
        env: { ...env, ...other.env },
        config: { ...usual, ...other.config },
      });
      daemons.push(made);
      return made;
    },
    hold: async (point) => {
      const file = join(dir, 'hold', point);
      await writeFile(file, '');
      return () => rm(file, { force: true });
    },
    calls: () => readLines(join(dir, 'calls')),
    journal: () => JSON.parse(readFileSync(join(dir, 'state', 'journal.json'), 'utf8')) as { facts: Facts },
    profile: async () => {
      const link = await readlink(host.profile).catch(() => null);
      return link === null ? null : readlink(join(host.profile, '..', link));
    },
  };
  return lab;
}

/** A remote on this machine as the labs configure it: watched, and polled every second. */
export function remoteAt(name: string, url: string, more: Config = {}): Config {
  return { name, url, poll: '1s', ...more };
}

/** Ends and removes every lab of this file; for `afterEach` or `afterAll`. */
export async function removeLabs(): Promise<void> {
  await Promise.all(labs.splice(0).map((lab) => lab.remove()));
}

/** switch-to-configuration of every system of this repository notes its calls, and stops where a file says so. */
async function makeHoldable(desk: InfraRepository): Promise<void> {
  const lab = join(desk.dir, '..');
  const builder = await readFile(join(desk.dir, 'mk-toplevel.sh'), 'utf8');
  const wait = (when: string) => String.raw`while [ -e "${lab}/hold/${when}-\$action" ]; do sleep 0.02; done`;
  const lines = [
    String.raw`export NIXOS_ACTION="\$action"`,
    String.raw`echo "\$action" >> "${lab}/calls"`,
    wait('before'),
  ];
  const changed = builder
    .replace(lines[0] ?? '', lines.join('\n'))
    .replace(/^exit \\\$rc$/m, (line) => `${wait('after')}\n${line}`)
    .replace(/^\[ "\\\$action" = boot \] && exit 0$/m, (line) => `${wait('after')}\n${line}`);
  await desk.write('mk-toplevel.sh', changed);
  await mkdir(join(lab, 'hold'), { recursive: true });
  await desk.setHosts('{ alpha = { note = "first"; }; }\n');
  await desk.commit('first');
}

/** A nix-env that waits while it is held; everything else is the machine's own. */
async function makePrograms(dir: string): Promise<string> {
  const programs = join(dir, 'bin');
  await mkdir(programs);
  const real = (process.env['PATH'] ?? '').split(':').find((at) => existsSync(join(at, 'nix-env')));
  if (real === undefined) throw new Error('nix-env is not on PATH');
  const script = `#!/bin/sh\nwhile [ -e '${dir}/hold/nix-env' ]; do sleep 0.02; done\nexec ${real}/nix-env "$@"\n`;
  await writeFile(join(programs, 'nix-env'), script, { mode: 0o755 });
  return programs;
}

function readLines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
