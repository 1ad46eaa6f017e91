import type { Evaluation } from './evaluation.ts';
import { inSync } from './in-sync.ts';
import type { Loop } from './loop.ts';
import { isProved, proofOf } from './proof.ts';
import { isHeldByRow } from './rollbacks-in-a-row.ts';
import { rememberEvaluation } from './remember-commit.ts';

/** Where an evaluated commit goes: nothing to do, held for another machine, refused, or to be built. */
export type AfterEvaluation = 'record' | 'gate' | 'stall' | 'build';

/** Decides with the evaluation's own facts, before anything is built; `now` is epoch milliseconds. */
export function afterEvaluation(loop: Loop, evaluation: Evaluation, now: number): AfterEvaluation {
  if (isForOtherMachine(loop, evaluation)) return 'gate';
  if (loop.facts.quarantine.some(({ toplevel }) => toplevel === evaluation.toplevel)) return 'stall';
  const facts = rememberEvaluation(loop.facts, evaluation);
  if (isHeldByRow({ ...loop, facts }, evaluation.commit, now)) return 'stall';
  return needsNothing(loop, evaluation) ? 'record' : 'build';
}

/** True when the configuration names a machine-id that is not this host's. */
export function isForOtherMachine({ observed }: Loop, { machineId }: Evaluation): boolean {
  return machineId !== null && machineId !== observed?.machineId;
}

/** True when the target's toplevel runs and has proved itself, so that at most profile or boot default are missing. */
export function needsOnlyCommit({ facts, observed, target, evaluation }: Loop): boolean {
  if (!observed || !target || !evaluation) return false;
  return observed.current === evaluation.toplevel && isProved(facts, observed);
}

/** What the next boot starts as well needs no proof of abide's, unless it failed here: there is nothing left to decide. */
function needsNothing({ facts, observed, target }: Loop, { toplevel }: Evaluation): boolean {
  if (!observed || !target || !inSync({ operation: target.operation, toplevel, observed })) return false;
  if (target.operation === 'boot' || isProved(facts, observed)) return true;
  const isBootedNext = inSync({ operation: 'switch', toplevel, observed });
  return isBootedNext && proofOf(facts, observed.bootId, toplevel) !== 'failed';
}
