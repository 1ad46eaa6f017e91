import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { networkProblem, noSpaceProblem } from './environment-problem.ts';
import type { FlakeRequest } from './evaluate-flake.ts';
import type { NixDeps, NixEnded } from './nix-child.ts';
import type { NixLog } from './nix-log.ts';
import { unlockedInputs } from './unlocked-inputs.ts';

/** An evaluation that did not succeed. */
export interface FailedEvaluation {
  readonly request: FlakeRequest;
  readonly ended: NixEnded;
}

/** Why: a limit, an unlocked input, the environment, or else the commit itself. Throws only what `Run` throws. */
export async function evaluationProblem(
  deps: NixDeps,
  failed: FailedEvaluation,
  signal: AbortSignal,
): Promise<Problem> {
  const { finished, log } = failed.ended;
  const known = limitProblem(failed);
  if (known) return known;
  const unlocked = await unlockedInputs(deps, failed.request, signal);
  if (unlocked.length > 0 || speaksOfLockFile(log.firstError())) return unlockedInput(failed, unlocked);
  const message = log.firstError() ?? `nix ended with ${finished.signal ?? `exit code ${finished.exitCode}`}`;
  const failure = new Problem('evaluation_failed', message, { log: log.lines() });
  return noSpaceProblem(log) ?? networkProblem(log) ?? failure;
}

function limitProblem({ request, ended: { finished, log } }: FailedEvaluation): Problem | null {
  const details = { log: log.lines() };
  if (finished.timedOut) {
    const message = `evaluation took longer than ${request.timeoutMs / 1000} s; raise evaluate.timeout or mend the configuration`;
    return new Problem('evaluation_timeout', message, details);
  }
  if (!ranOutOfMemory(log) && finished.signal !== 'SIGKILL') return null;
  const ownLimit = finished.signal !== 'SIGKILL' && request.memoryBytes !== null;
  const limit = ownLimit ? `evaluate.memory (${request.memoryBytes} bytes) allows` : 'this machine has';
  return new Problem(
    'evaluation_memory',
    `error: out of memory: evaluation needs more than ${limit}`,
    details,
  );
}

// An error of the evaluation itself is reported; this one Nix only prints, and the collector, C++ and git say it raw.
function ranOutOfMemory(log: NixLog): boolean {
  return [log.crash() ?? '', ...log.rawLines()].some((line) => /out of memory|std::bad_alloc/i.test(line));
}

// Names are all there, but one was locked for another URL: only the text tells.
function speaksOfLockFile(error: string | null): boolean {
  return error !== null && /\block file\b/.test(error) && /--no-(update|write)-lock-file/.test(error);
}

function unlockedInput({ ended: { log } }: FailedEvaluation, names: readonly string[]): Problem {
  const which =
    names.length === 0
      ? 'an input'
      : `${names.length === 1 ? 'input' : 'inputs'} ${plainText(names.join(', '))}`;
  const message = `flake.lock does not lock ${which} as flake.nix says; run "nix flake lock" and commit flake.lock`;
  const first = log.firstError();
  return new Problem('unlocked_input', first === null ? message : `${first}: ${message}`, {
    retry: 'never',
    log: log.lines(),
  });
}
