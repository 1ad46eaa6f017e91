import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Evaluation, OnProgress } from '../domain/evaluation.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import { buildProblem } from './build-problem.ts';
import { runNix, type NixDeps } from './nix-child.ts';
import { nixOptions } from './nix-options.ts';

/** What the configuration says of builds. */
export interface BuildSettings {
  readonly timeoutMs: number;
  /** substitute: nothing is built here, the toplevel comes from a cache or not yet. */
  readonly mode: 'local' | 'substitute';
  /** Nix settings by name. */
  readonly options: Readonly<Record<string, string>>;
}

/** All that one build is about. */
export interface RealiseWork {
  readonly evaluation: Evaluation;
  /** The gc root to make: a path. */
  readonly root: string;
  readonly build: BuildSettings;
  readonly onProgress: OnProgress;
}

/** Makes the toplevel exist in the store with a gc root; a path that is valid already is never built again. */
export async function realise(deps: NixDeps, work: RealiseWork, signal: AbortSignal): Promise<void> {
  const { root, build, onProgress } = work;
  await mkdir(dirname(root), { recursive: true });
  const args = [...target(work), '--add-root', root, ...options(build)];
  const command = {
    file: 'nix-store',
    phase: 'build',
    args,
    timeoutMs: build.timeoutMs,
    onProgress,
  } as const;
  const ended = await runNix(deps, command, signal);
  if (!succeeded(ended.finished)) throw await buildProblem(deps, { work, ended }, signal);
  await mustHold(work);
}

// The derivation of a toplevel prefers to be built locally, so that only its output can be asked of a cache.
function target({ evaluation, build }: RealiseWork): readonly string[] {
  return ['--realise', build.mode === 'local' ? evaluation.derivation : evaluation.toplevel];
}

function options({ mode, options }: BuildSettings): readonly string[] {
  const substitute = { 'max-jobs': '0', fallback: 'false', 'narinfo-cache-negative-ttl': '0' };
  // With keep-going the exit code would be a union of several.
  const fixed = { 'keep-going': 'false', ...(mode === 'substitute' ? substitute : {}) };
  return nixOptions({ ...options, ...fixed });
}

async function mustHold({ root, evaluation: { toplevel } }: RealiseWork): Promise<void> {
  const held = await realpath(root);
  if (held === (await realpath(toplevel))) return;
  throw new Problem('build_failed', `the build gave ${held} where the evaluation said ${toplevel}`, {
    retry: 'never',
  });
}
