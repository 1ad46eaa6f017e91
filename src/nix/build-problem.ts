import { Problem, type ProblemCode } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import { networkProblem, noSpaceProblem } from './environment-problem.ts';
import type { NixDeps, NixEnded } from './nix-child.ts';
import { lastLines } from './nix-log.ts';
import type { RealiseWork } from './realise.ts';
import { derivationIn, derivationName } from './store-path.ts';

/** A `nix-store --realise` that did not succeed. */
export interface FailedBuild {
  readonly work: RealiseWork;
  readonly ended: NixEnded;
}

const cacheLookMs = 60_000;

// The exit codes of nix-store --realise; 1 is anything else.
const codes: Readonly<Record<number, ProblemCode>> = {
  100: 'build_failed',
  101: 'build_timeout',
  102: 'build_hash_mismatch',
  104: 'build_failed',
};

/** Why, by exit code first. Throws only what `Run` throws. */
export async function buildProblem(
  deps: NixDeps,
  failed: FailedBuild,
  signal: AbortSignal,
): Promise<Problem> {
  const { work, ended } = failed;
  if (ended.finished.timedOut) return timedOut(failed);
  if (work.build.mode === 'substitute') return substitutionProblem(failed);
  const code = codes[ended.finished.exitCode ?? 1];
  return code === undefined
    ? otherProblem(deps, failed, signal)
    : builderProblem(deps, { ...failed, code }, signal);
}

function timedOut({ work: { build }, ended: { log } }: FailedBuild): Problem {
  const message = `the build took longer than ${build.timeoutMs / 1000} s; raise build.timeout or build elsewhere`;
  return new Problem('build_timeout', message, { log: log.lines() });
}

function substitutionProblem(failed: FailedBuild): Problem {
  const { work, ended } = failed;
  const missing = `no cache has ${work.evaluation.toplevel} with all it needs yet`;
  const message = `${missing}; push it to a substituter of this host (${firstError(failed)})`;
  const details = { retry: { afterMs: cacheLookMs }, log: ended.log.lines() };
  const environment = noSpaceProblem(ended.log) ?? networkProblem(ended.log, true);
  return environment ?? new Problem('not_in_cache', message, details);
}

async function builderProblem(
  deps: NixDeps,
  failed: FailedBuild & { code: ProblemCode },
  signal: AbortSignal,
): Promise<Problem> {
  const { log } = failed.ended;
  const error = firstError(failed);
  const derivation = derivationIn(error);
  const lines = derivation === null ? [] : await buildLog(deps, derivation, signal);
  const full = noSpaceProblem(log, lines.length > 0 ? lines : log.lines());
  if (full) return full;
  const last = [derivation === null ? null : derivationName(derivation), lines.at(-1)?.trim()];
  const where = last.filter((part) => part !== null && part !== undefined).join(': ');
  const message = where === '' ? error : `${error} (${where})`;
  return new Problem(failed.code, message, { log: lines.length > 0 ? lines : log.lines() });
}

async function otherProblem(deps: NixDeps, failed: FailedBuild, signal: AbortSignal): Promise<Problem> {
  const { log } = failed.ended;
  const { derivation } = failed.work.evaluation;
  const environment = noSpaceProblem(log) ?? networkProblem(log);
  if (environment) return environment;
  const details = { log: log.lines() };
  if (await isValid(deps, derivation, signal))
    return new Problem('build_failed', firstError(failed), details);
  const message = `${derivation} was collected as garbage before it was built; it has to be evaluated again`;
  return new Problem('derivation_missing', message, { retry: { afterMs: 0 }, ...details });
}

function firstError({ ended: { finished, log } }: FailedBuild): string {
  return log.firstError() ?? `nix-store ended with ${finished.signal ?? `exit code ${finished.exitCode}`}`;
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
