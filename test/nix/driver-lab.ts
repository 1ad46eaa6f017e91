import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evaluation, Progress } from '../../src/domain/evaluation.ts';
import { toProblem, type Problem } from '../../src/domain/problem.ts';
import type { SystemDriver } from '../../src/nix/driver.ts';
import { createFlakeDriver, type FlakeDriverDeps } from '../../src/nix/flake-driver.ts';
import { run } from '../../src/process.ts';
import { createInfraRepository, type InfraRepository } from '../harness/imitation-host.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

type Changes = {
  readonly [Key in keyof FlakeDriverDeps]?: Partial<FlakeDriverDeps[Key]> | FlakeDriverDeps[Key];
};

/** A private store, a repository and drivers on them: one for each test file. */
export interface DriverLab {
  readonly dir: string;
  readonly store: NixStore;
  readonly repository: InfraRepository;
  readonly driver: (changes?: Changes) => SystemDriver;
  /** Commits the table of hosts and gives the commit. */
  readonly release: (hosts: string) => Promise<string>;
  readonly evaluate: (work: EvaluateWork) => Promise<Evaluation>;
  readonly nix: (file: string, ...args: string[]) => Promise<string>;
  readonly remove: () => Promise<void>;
}

interface EvaluateWork {
  readonly commit: string;
  readonly host?: string;
  readonly driver?: SystemDriver;
  readonly source?: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Keep what it gives for a whole file; `remove` ends it. */
export async function createDriverLab(): Promise<DriverLab> {
  const dir = await mkdtemp(join(tmpdir(), 'abide-nix-'));
  const store = await createNixStore(join(dir, 'n'));
  const repository = await createInfraRepository(join(dir, 'infra'));
  const driver = (changes: Changes = {}) => createFlakeDriver(depsOf(store, changes));
  return {
    dir,
    store,
    repository,
    driver,
    release: async (hosts) => {
      await repository.setHosts(hosts);
      return repository.commit('release');
    },
    evaluate: async ({ commit, host = 'alpha', source, onProgress = () => undefined, signal, ...more }) => {
      const chosen = more.driver ?? driver({ evaluate: { host } });
      const request = { commit, source: source ?? repository.source(commit), onProgress };
      return chosen.evaluate(request, signal ?? new AbortController().signal);
    },
    nix: async (file, ...args) => {
      const finished = await run({ file, args, env: store.env, timeoutMs: 30_000 });
      return finished.stdout.toString().trim();
    },
    remove: async () => {
      await store.remove();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The problem a promise rejects with; a promise that resolves is an error. */
export async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (error) {
    return toProblem(error);
  }
  throw new Error('expected a problem');
}

function depsOf(store: NixStore, changes: Changes): FlakeDriverDeps {
  return {
    run,
    environment: store.env,
    gitEnvironment: { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' },
    nixConfFile: null,
    ...changes,
    evaluate: {
      host: 'alpha',
      timeoutMs: 20_000,
      memoryBytes: null,
      allowImportFromDerivation: true,
      ...(changes.evaluate as object),
    },
    build: { timeoutMs: 20_000, mode: 'local', options: {}, ...(changes.build as object) },
  } as FlakeDriverDeps;
}
