import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostStatus } from '../../src/domain/status.ts';
import { createDaemon, type Daemon } from '../harness/daemon.ts';
import {
  createImitationHost,
  createInfraRepository,
  type ImitationHost,
  type InfraRepository,
} from '../harness/imitation-host.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

/** What measurements stand on: a private store, an imitation host and one repository. */
export interface Bed {
  readonly dir: string;
  readonly store: NixStore;
  readonly host: ImitationHost;
  readonly repository: InfraRepository;
  remove(): Promise<void>;
}

/** Makes a bed whose repository has one commit that the host `demo` can run. */
export async function createBed(): Promise<Bed> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-bench-'));
  const store = await createNixStore(join(dir, 'nix'));
  const host = await createImitationHost(join(dir, 'host'), 'demo');
  const repository = await createInfraRepository(join(dir, 'infra'));
  await commitNote(repository, 'first');
  const remove = async () => {
    await store.remove();
    await rm(dir, { recursive: true, force: true });
  };
  return { dir, store, host, repository, remove };
}

/** A daemon of this bed's host that pulls from the remotes given. */
export function createBedDaemon(
  { dir, store, host }: Bed,
  remotes: readonly unknown[],
  more: { readonly path?: string; readonly config?: object } = {},
): Promise<Daemon> {
  const env = more.path === undefined ? store.env : { ...store.env, PATH: more.path };
  const config = {
    host: 'demo',
    source: { remotes },
    trust: { mode: 'none' },
    system: { root: host.root },
    ...more.config,
  };
  return createDaemon({ dir, env, config });
}

/** Commits another system for host `demo`. */
export async function commitNote(repository: InfraRepository, note: string): Promise<string> {
  await repository.setHosts(`{ demo = { note = "${note}"; }; }\n`);
  return repository.commit(note);
}

/**
 * Makes the commit without moving main; `publish` then does what git does to a ref and gives the time of it in epoch
 * milliseconds, so that git's own work for a commit is in no figure.
 */
export async function prepareCommit(repository: InfraRepository, note: string) {
  const before = await repository.git('rev-parse', 'HEAD');
  const commit = await commitNote(repository, note);
  await repository.git('update-ref', 'refs/heads/main', before);
  return { commit, publish: () => publish(repository, commit) };
}

function publish({ dir }: InfraRepository, commit: string): number {
  const ref = join(dir, '.git/refs/heads/main');
  writeFileSync(`${ref}.lock`, `${commit}\n`);
  const at = performance.timeOrigin + performance.now();
  renameSync(`${ref}.lock`, ref);
  return at;
}

/** Waits until the daemon has nothing left to do for this commit. */
export function settledOn(daemon: Daemon, commit: string): Promise<HostStatus> {
  return daemon.until(
    `rest on ${commit}`,
    ({ summary, desired, lastDeployment, state }) =>
      summary === 'InSync' &&
      state === 'settled' &&
      desired?.commit === commit &&
      lastDeployment?.commit === commit,
    60_000,
  );
}
