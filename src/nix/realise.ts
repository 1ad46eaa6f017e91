import { mkdir, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Evaluation, OnProgress } from '../domain/evaluation.ts';
import { Problem, type ProblemCode } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import { environmentProblem } from './environment-problem.ts';
import { runNix, type NixDeps, type NixEnded } from './nix-child.ts';
import { lastLines } from './nix-log.ts';
import { nixOptions } from './nix-options.ts';
import { derivationName, derivationsIn } from './store-path.ts';

export interface BuildSettings {
  readonly timeoutMs: number;
  /** substitute: nothing is built here, the toplevel comes from a cache or not yet. */
  readonly mode: 'local' | 'substitute';
  /** Nix settings by name. */
  readonly options: Readonly<Record<string, string>>;
}

export interface RealiseWork {
  readonly evaluation: Evaluation;
  /** The gc root to make: a path. */
  readonly root: string;
  readonly build: BuildSettings;
  readonly onProgress: OnProgress;
}

const cacheLookMs = 60_000;

/** Makes the toplevel exist in the store with a gc root; a path that is valid already is never built again. */
export async function realise(deps: NixDeps, work: RealiseWork, signal: AbortSignal): Promise<void> {
  const { root, build, onProgress } = work;
  await mkdir(dirname(root), { recursive: true });
  const args = [...target(work), '--add-root', root, ...options(build)];
  const command = {
    file: 'nix-store',
    args,
    timeoutMs: build.timeoutMs,
    phase: 'build',
    onProgress,
  } as const;
  const ended = await runNix(deps, command, signal);
  if (!succeeded(ended.finished)) throw await problemOf(deps, { work, ended }, signal);
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

interface Failed {
  readonly work: RealiseWork;
  readonly ended: NixEnded;
}

// The exit codes of nix-store --realise; 1 is anything else.
const codes: Readonly<Record<number, ProblemCode>> = {
  100: 'build_failed',
  101: 'build_timeout',
  102: 'build_hash_mismatch',
  104: 'build_failed',
};

async function problemOf(deps: NixDeps, failed: Failed, signal: AbortSignal): Promise<Problem> {
  const { work, ended } = failed;
  const { finished, log } = ended;
  if (finished.timedOut) return timedOut(failed);
  const first =
    log.firstError() ?? `nix-store ended with ${finished.signal ?? `exit code ${finished.exitCode}`}`;
  const known = codes[finished.exitCode ?? 1];
  if (known === undefined || work.build.mode === 'substitute')
    return otherProblem(deps, failed, { first, signal });
  const derivation = failedDerivation(first);
  const lines = derivation === null ? [] : await buildLog(deps, derivation, signal);
  const details = { log: lines.length > 0 ? lines : log.lines() };
  const last = lines.at(-1)?.trim();
  const name =
    derivation === null ? '' : ` (${derivationName(derivation)}${last === undefined ? '' : `: ${last}`})`;
  return environmentProblem(log, lines) ?? new Problem(known, first + name, details);
}

function timedOut({ work: { build }, ended: { log } }: Failed): Problem {
  const message = `the build took longer than ${build.timeoutMs / 1000} s; raise build.timeout or build elsewhere`;
  return new Problem('build_timeout', message, { log: log.lines() });
}

async function otherProblem(
  deps: NixDeps,
  { work, ended: { log } }: Failed,
  { first, signal }: { first: string; signal: AbortSignal },
): Promise<Problem> {
  const { build, evaluation } = work;
  const details = { log: log.lines() };
  const environment = environmentProblem(log);
  if (environment) return environment;
  if (build.mode === 'substitute') {
    const message = `no cache has ${evaluation.toplevel} with all it needs yet; push it to a substituter of this host`;
    return new Problem('not_in_cache', message, { retry: { afterMs: cacheLookMs }, ...details });
  }
  if (await isValid(deps, evaluation.derivation, signal)) return new Problem('build_failed', first, details);
  const message = `${evaluation.derivation} was collected as garbage before it was built; it has to be evaluated again`;
  return new Problem('derivation_missing', message, { retry: { afterMs: 0 }, ...details });
}

function failedDerivation(error: string): string | null {
  return derivationsIn(error)[0] ?? null;
}

async function buildLog(deps: NixDeps, derivation: string, signal: AbortSignal): Promise<readonly string[]> {
  const finished = await ask(deps, ['--read-log', derivation], signal);
  return finished && succeeded(finished) ? lastLines(finished.stdout.toString()) : [];
}

async function isValid(deps: NixDeps, path: string, signal: AbortSignal): Promise<boolean> {
  const finished = await ask(deps, ['--check-validity', path], signal);
  return finished !== null && succeeded(finished);
}

// A log of gigabytes must not be the reason that its failure is not told.
async function ask({ run, environment }: NixDeps, args: readonly string[], signal: AbortSignal) {
  try {
    return await run({ file: 'nix-store', args, env: environment, timeoutMs: 30_000 }, signal);
  } catch (error) {
    if (error instanceof Problem && error.code === 'output_too_large') return null;
    throw error;
  }
}
