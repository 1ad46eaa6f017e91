import { backoffMs } from './backoff.ts';
import type { Facts, Failure, FailureClass } from './facts.ts';
import { stalledRetryMs, type Policy } from './policy.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { CommitId } from './commit.ts';

/** What went wrong, with the means to say when to try again; `now` is epoch milliseconds, `random` gives numbers in [0, 1). */
export interface Mishap {
  readonly commit: CommitId;
  readonly phase: 'evaluate' | 'build' | 'activate' | 'commit';
  readonly problem: Problem;
  readonly policy: Policy;
  readonly now: number;
  readonly random: () => number;
}

/**
 * The facts after a failure of the desired commit: an attempt of its class is used up, except by what the environment did,
 * and the last attempt stalls it. Delays: `backoffMs`; a stall is looked at again after `stalledRetryMs`.
 */
export function fail(facts: Facts, mishap: Mishap): Facts {
  const { commit, problem, now, random } = mishap;
  const before = facts.failure?.commit === commit ? facts.failure : null;
  const kind = classOf(mishap);
  const attempt = (before?.class === kind ? before.attempt : 0) + (counts(kind) ? 1 : 0);
  const attempts = attemptsFor(kind, mishap.policy);
  const stalled = problem.retry === 'never' || (attempts !== null && attempt >= attempts);
  const row = (before?.row ?? 0) + 1;
  const failure: Failure = {
    commit,
    class: kind,
    code: problem.code,
    message: problem.message,
    log: problem.log,
    attempt,
    attempts,
    since: before?.since ?? new Date(now).toISOString(),
    row,
    until: now + (stalled ? stalledRetryMs : delayMs(problem, kind, row, random)),
    stalled,
  };
  return { ...facts, failure };
}

const environmentCodes: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'no_space',
  'no_room',
  'network',
  'tool_missing',
  'process_failed',
  'journal_unwritable',
  'credential_unreadable',
  'derivation_missing',
  'evaluation_memory',
  'mirror_broken',
]);

function classOf({ phase, problem }: Mishap): FailureClass {
  if (environmentCodes.has(problem.code)) return 'environment';
  return problem.code === 'unexpected' ? 'unexpected' : phase;
}

function counts(kind: FailureClass): boolean {
  return kind !== 'environment';
}

function attemptsFor(kind: FailureClass, { attempts }: Policy): number | null {
  if (kind === 'evaluate') return attempts.evaluate;
  return kind === 'environment' || kind === 'commit' ? null : attempts.build;
}

function delayMs({ retry }: Problem, kind: FailureClass, row: number, random: () => number): number {
  return typeof retry === 'object' ? Math.max(1000, retry.afterMs) : backoffMs({ class: kind, row, random });
}
