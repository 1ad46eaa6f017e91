import { hasFallenBack } from './boot-once.ts';
import { isTrialDue } from './boot-trial.ts';
import { wasCutOffBefore } from './cut-off.ts';
import { hasWayBack } from './after-switch.ts';
import { choiceAgainst } from './choice.ts';
import { isTrial, type Deployment, type DeploymentStep, type Trigger } from './deployment.ts';
import { isStaged } from './staged.ts';
import { findDrift } from './drift.ts';
import type { DriftKind } from './facts.ts';
import type { Desired } from './desired.ts';
import type { GoingBack } from './facts.ts';
import { isGoingBack, targetBack } from './go-back.ts';
import type { Loop } from './loop.ts';
import { maxSupersessions } from './policy.ts';
import { isHeldByRow, rowLeft } from './rollbacks-in-a-row.ts';
import { selectFor } from './select-for.ts';
import type { Target } from './target.ts';
import { failureLeft } from './time-left.ts';

/** The next safe thing for a loop that does nothing. */
export type Decision =
  | { readonly do: 'resume'; readonly step: DeploymentStep }
  | { readonly do: 'interrupt' | 'restore' | 'undo' | 'prove' | 'fellBack' }
  | { readonly do: 'work' | 'goBack'; readonly target: Target }
  | { readonly do: 'backoff' | 'stall'; readonly target: Target }
  | { readonly do: 'rest' };

/**
 * Decides from facts and observation alone, never from an event: what a crash left in the journal comes first, then what
 * a person asked for, then the desired commit and its history here. `now` is epoch milliseconds.
 */
export function decide(loop: Loop, now: number): Decision {
  const { facts } = loop;
  if (facts.deployment?.step) return resume(facts.deployment, facts.deployment.step, loop);
  if (hasFallenBack(loop)) return { do: 'fellBack' };
  if (facts.goingBack) return goBack(facts.goingBack, loop, now);
  if (isTrialDue(loop, now)) return { do: 'prove' };
  if (!mayWork(loop)) return { do: 'rest' };
  const { desired } = selectFor(loop);
  if (!desired) return { do: 'rest' };
  if (!loop.asked && choiceAgainst(facts, desired.commit)) return { do: 'rest' };
  const trouble = troubleWith(desired, loop, now);
  if (trouble) return { do: trouble, target: { ...desired, trigger: 'retry', by: null } };
  const trigger = causeFor(desired, loop, now);
  if (!trigger) return { do: 'rest' };
  return {
    do: 'work',
    target: { ...desired, trigger, by: trigger === 'operator' ? (loop.asked?.by ?? null) : null },
  };
}

/** False while a person suspended the loop, or while lost state makes every deployment a guess. */
export function mayWork({ facts, observed }: Loop): boolean {
  return observed !== null && facts.suspended === null && facts.hold === null;
}

/** True when what the pipeline works on is no longer wanted; never so once the target is pinned. */
export function isSuperseded(loop: Loop): boolean {
  if (loop.facts.goingBack) return !isGoingBack(loop);
  if (!mayWork(loop) || !loop.target) return true;
  if (isPinned(loop)) return false;
  const { desired } = selectFor(loop);
  return desired?.commit !== loop.target.commit || desired.operation !== loop.target.operation;
}

/**
 * True when a newer commit than the running deployment's waits for its turn; the wish to stop is no reason to hurry. Services
 * that still come up after a boot are no reason to give it up.
 */
export function isOvertaken(loop: Loop): boolean {
  if (loop.target && isTrial(loop.target)) return false;
  return mayWork(loop) && isSuperseded(loop) && selectFor(loop).desired !== null;
}

/** True after too many supersessions in a row: the running target then comes to its end first. */
function isPinned(loop: Loop): boolean {
  return loop.supersessions >= maxSupersessions;
}

/** True when the deployed commit and operation are the desired ones. */
function isDeployed(desired: Desired, { facts }: Loop): boolean {
  const { expected } = facts;
  return (
    expected?.committed === true &&
    expected.commit === desired.commit &&
    expected.operation === desired.operation
  );
}

/** An order is carried out also while the loop is suspended, and without a word from any remote. */
function goBack(order: GoingBack, { facts, observed }: Loop, now: number): Decision {
  if (!observed || facts.hold) return { do: 'rest' };
  const { failure } = facts;
  const isTooSoon = failure?.commit === order.commit && failureLeft(failure, now) > 0;
  return { do: isTooSoon ? 'backoff' : 'goBack', target: targetBack(order) };
}

/**
 * In the same boot the deployment goes on where it was; a preflight only beside the system that it began with, and what was
 * not begun to change anything for is begun anew. A reboot leaves it at what the boot default was: the new system, and then
 * the rest of the commit is done; any other, and then what had begun to move is put back and the deployment is over. A
 * rollback goes on in any case, because it is what quarantines the commit.
 */
function resume(deployment: Deployment, step: DeploymentStep, loop: Loop): Decision {
  if (isTrial(deployment)) return resumeTrial(deployment, step, loop);
  if (step === 'prepare' || step === 'arm') return { do: 'interrupt' };
  const { observed, facts } = loop;
  // Its check may still run and hold the lock, so it is followed to its end.
  if (step === 'preflight' && observed?.current !== deployment.previous.toplevel) return { do: 'interrupt' };
  if (observed?.bootId === deployment.bootId || step === 'rollback') return { do: 'resume', step };
  if (!proved.has(step)) return { do: 'interrupt' };
  if ((isStaged(deployment) && !facts.choice) || observed?.current === deployment.toplevel)
    return { do: 'resume', step };
  // Also at `passed`: a daemon that goes on with a commit begins there anew, with the profile moved by the one before.
  return { do: 'restore' };
}

/** Steps of a system that has passed its probation, or that none is possible for. */
const proved: ReadonlySet<DeploymentStep> = new Set<DeploymentStep>(['passed', 'profile', 'loader']);

const tried: ReadonlySet<DeploymentStep> = new Set<DeploymentStep>(['prepare', 'arm', 'probation']);

/**
 * A reboot cuts a trial off. The first time the next boot begins another one; when that was cut off too, the system is not
 * given a third: one that takes its host down again and again never lets a check fail.
 */
function resumeTrial(deployment: Deployment, step: DeploymentStep, { facts, observed }: Loop): Decision {
  if (observed?.bootId === deployment.bootId || !tried.has(step)) return { do: 'resume', step };
  const again = observed?.current === deployment.toplevel && wasCutOffBefore(facts, deployment);
  return { do: again && hasWayBack({ facts: { deployment } }) ? 'undo' : 'interrupt' };
}

function troubleWith(desired: Desired, loop: Loop, now: number): 'backoff' | 'stall' | null {
  const { facts, asked } = loop;
  if (facts.quarantine.some(({ commit }) => commit === desired.commit)) return 'stall';
  const { failure } = facts;
  if (isHeldByRow(loop, desired.commit, now)) return 'stall';
  if (failure?.commit !== desired.commit || asked) return null;
  if (failureLeft(failure, now) === 0) return null;
  return failure.stalled ? 'stall' : 'backoff';
}

/**
 * Milliseconds until the target is tried again by itself; infinite for a quarantined one, whatever failed before. A loop
 * that stands on one commit must not be woken by the trouble of another.
 */
export function retryIn(loop: Loop, now: number): number {
  const { target } = loop;
  const { failure, quarantine, rollbackRow } = loop.facts;
  if (!target || quarantine.some(({ commit }) => commit === target.commit)) return Number.POSITIVE_INFINITY;
  if (rollbackRow && isHeldByRow(loop, target.commit, now)) return rowLeft(rollbackRow, now);
  if (failure?.commit !== target.commit) return Number.POSITIVE_INFINITY;
  return failureLeft(failure, now);
}

function causeFor(desired: Desired, loop: Loop, now: number): Trigger | null {
  const { facts, asked } = loop;
  if (facts.spentTesting === desired.commit && desired.operation === 'test' && !asked) return null;
  if (facts.failure?.commit === desired.commit) return asked ? 'operator' : 'retry';
  if (!isDeployed(desired, loop)) return asked ? 'operator' : 'commit';
  if (asked) return 'operator';
  return driftIsDue(loop, desired, now) ? 'drift' : null;
}

/** What was corrected has its begin until the next look, so that only what holds now counts. */
function driftIsDue({ policy, facts, observed }: Loop, desired: Desired, now: number): boolean {
  if (policy.drift.policy !== 'correct') return false;
  return findDrift({ facts, observed, desired }).some(({ kind }) => {
    const since = facts.driftSince[kind];
    return correctable.has(kind) && since !== undefined && Date.parse(since) + policy.drift.graceMs <= now;
  });
}

/** What a deployment mends: an activation takes no unit's mask away, and a reboot is nobody's but a person's. */
const correctable: ReadonlySet<DriftKind> = new Set<DriftKind>([
  'runtime',
  'profile',
  'manual',
  'bootloader',
]);
