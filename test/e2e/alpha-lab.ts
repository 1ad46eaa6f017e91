import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Facts } from '../../src/domain/facts.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { createDaemon, type Daemon } from '../harness/daemon.ts';
import {
  createImitationHost,
  createInfraRepository,
  type ImitationHost,
  type InfraRepository,
} from '../harness/imitation-host.ts';
import { createNixStore } from '../harness/nix-store.ts';
import { built } from './built.ts';

/** One host `alpha` with one watched local remote `infra`, and the built daemon on it. */
export interface Lab {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly host: ImitationHost;
  readonly infra: InfraRepository;
  readonly daemon: Daemon;
  /** Commits `{ alpha = { note = NOTE; MORE }; }` and gives the commit. */
  release(note: string, more?: string): Promise<string>;
  /** Releases and waits until the host runs it and all is in sync. */
  deploy(note: string, more?: string): Promise<string>;
  /** Pulls the plug, whatever runs, and boots the boot default, or what is chosen in the boot menu; the daemon comes back. */
  powerCycle(chosen?: string): Promise<void>;
  remove(): Promise<void>;
}

export interface LabOptions {
  readonly config?: Readonly<Record<string, unknown>> | ((dir: string) => Readonly<Record<string, unknown>>);
  readonly remotes?: (dir: string) => readonly unknown[];
  readonly env?: (dir: string, env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

/** Makes a lab whose daemon is not started yet. */
export async function createLab({ config = {}, remotes = () => [], env }: LabOptions = {}): Promise<Lab> {
  await built();
  const dir = await mkdtemp(join(tmpdir(), 'abide-e2e-'));
  const store = await createNixStore(join(dir, 'nix'));
  const host = await createImitationHost(join(dir, 'host'));
  const infra = await createInfraRepository(join(dir, 'infra'));
  const environment = env ? env(dir, store.env) : store.env;
  const given = typeof config === 'function' ? config(dir) : config;
  const { source = {}, ...others } = given as { source?: object };
  const daemon = await createDaemon({
    dir,
    env: environment,
    config: {
      host: 'alpha',
      source: { remotes: [{ name: 'infra', url: infra.dir, poll: '1s' }, ...remotes(dir)], ...source },
      trust: { mode: 'none' },
      drift: { interval: '1s' },
      system: { root: host.root },
      ...others,
    },
  });
  /** A test of many rollbacks means each by itself: after two in a row a person goes on, without lifting a quarantine. */
  const goOn = async () => {
    const journal = await readFile(join(dir, 'state/journal.json'), 'utf8').catch(() => '{}');
    const { facts } = JSON.parse(journal) as { readonly facts?: Partial<Facts> };
    if ((facts?.rollbackRow?.commits.length ?? 0) < 2 || facts?.suspended) return;
    await daemon.cli('suspend', '--reason', 'between two tests');
    await daemon.cli('resume');
  };
  const release = async (note: string, more = '') => {
    await goOn();
    await infra.setHosts(`{ alpha = { note = "${note}"; ${more} }; }\n`);
    return infra.commit(note);
  };
  return {
    dir,
    env: environment,
    host,
    infra,
    daemon,
    release,
    deploy: async (note, more) => {
      const commit = await release(note, more);
      await daemon.until(note, ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit);
      return commit;
    },
    powerCycle: async (chosen) => {
      await daemon.kill();
      for (const place of ['host/run/abide-deadman', 'state/deployments']) {
        for (const pid of processesWith(join(dir, place))) end(pid);
      }
      await host.boot(chosen);
      await daemon.start();
    },
    remove: async () => {
      await daemon.stop();
      // A dead-man is made to outlive everything, also its test.
      for (const pid of processesWith(join(host.root, 'run/abide-deadman'))) end(pid);
      await store.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** True once the deployment of a commit has ended and the loop stands. */
export const hasEnded =
  (commit: string) =>
  ({ deployment, lastDeployment, state }: HostStatus): boolean =>
    deployment === null &&
    lastDeployment?.commit === commit &&
    ['settled', 'stalled', 'backoff'].includes(state);

/** Processes whose command line has this text, as pids; this process is not among them. */
export function processesWith(text: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => pid !== process.pid && commandLine(pid).includes(text));
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
