import { isTrial } from './deployment.ts';
import { descends, type Ancestry } from './ancestry.ts';
import { abideCheck, type CheckSeen } from './check.ts';
import type { CommitId } from './commit.ts';
import type { Facts } from './facts.ts';
import type { Judgement } from './judgement.ts';
import type { ProbationRules } from './probation.ts';

/** The process that asks whether it is the one to decide. */
export interface Self {
  /** True where somebody starts abide again when it ends. */
  readonly supervised: boolean;
  /** Its start by the boot's own clock, in milliseconds. */
  readonly startedAt: number;
}

/**
 * True when another process has to decide the deployment on probation: abide itself changed, and this process was there
 * before the switch ended, so it is not what the new system starts. Without a supervisor nobody else would come.
 */
export function mustHandOver(
  { deployment, probation }: Pick<Facts, 'deployment' | 'probation'>,
  self: Self,
): boolean {
  // After a boot what runs is what the new system starts.
  if (deployment?.abide !== 'changed' || !self.supervised || isTrial(deployment)) return false;
  return !isSuccessor(probation, self);
}

/** True when the process was started after the switch ended, by the new system. */
function isSuccessor(probation: Facts['probation'], { startedAt }: Self): boolean {
  const clock = probation?.clock ?? null;
  return clock !== null && startedAt > clock.activatedAt;
}

/** A service manager waits before it starts abide again, and then a remote has to answer; in milliseconds. */
const leastDeadlineMs = 60_000;

/** The facts with a probation long enough for another abide to take over: a shorter deadline could never be changed again. */
export function withTimeToHandOver(facts: Facts, rules: ProbationRules, self: Self): Facts {
  const { deployment, probation } = facts;
  if (deployment?.abide !== 'changed' || !self.supervised || !probation) return facts;
  const asked = probation.rules ?? rules;
  if (asked.deadlineMs >= leastDeadlineMs) return facts;
  return { ...facts, probation: { ...probation, rules: { ...asked, deadlineMs: leastDeadlineMs } } };
}

/** What a new abide has to show before it commits the system that started it. */
export interface OwnProof {
  /** Why this process is not the new system's abide; null when nothing says so. */
  readonly mismatch: string | null;
  /** True once the control socket listens. */
  readonly isServing: boolean;
  /** True once a remote answered since the start. */
  readonly hasReached: boolean;
  /** True when its own policy takes the commit, or one that descends from it. */
  readonly isTrusted: boolean;
}

/** The proof as one more health check, so that it is shown and timed like any other. */
export function ownCheckOf({ mismatch, isServing, hasReached, isTrusted }: OwnProof): CheckSeen {
  const missing = [
    ...(isServing ? [] : ['its control socket does not listen']),
    ...(hasReached ? [] : ['no remote has answered since it started']),
    ...(isTrusted ? [] : ['by its own policy the commit is not trusted']),
  ];
  const message = mismatch ?? (missing.length === 0 ? null : missing.join(', '));
  return {
    name: abideCheck,
    status: message === null ? 'passing' : 'failing',
    durationSeconds: 0,
    message,
    definitive: mismatch !== null,
    well: [],
    unwell: [],
  };
}

/** True when some branch's candidate is the commit, or has it in its history. */
export function isTrustedBy(
  { judgements, ancestry }: { readonly judgements: readonly Judgement[]; readonly ancestry: Ancestry },
  commit: CommitId,
): boolean {
  return judgements.some(
    ({ candidate }) => candidate !== null && (candidate === commit || descends(ancestry, candidate, commit)),
  );
}

/**
 * What the end of a deployment means for this process: `renew`, because the system before has another abide, which is to go
 * on, after a first boot whichever it is, because nobody compared the two; `leave` for good, because the system that was committed has none.
 */
export function ownEnd(before: Facts, after: Facts, self: Self): 'stay' | 'renew' | 'leave' {
  const [ended] = after.deployments;
  if (!before.deployment || after.deployment || ended?.id !== before.deployment.id) return 'stay';
  if (ended.outcome === 'committed' && removesAbide(after.deployments)) return 'leave';
  const undone = ended.outcome === 'rolled_back' || ended.outcome === 'rollback_failed';
  const isOther = isTrial(ended)
    ? ended.reason !== 'BootFailed'
    : ended.abide === 'changed' && isSuccessor(before.probation, self);
  return undone && isOther && self.supervised ? 'renew' : 'stay';
}

/** A boot loader that fails leaves the removal uncommitted; what commits it later finds the abide gone that it removes. */
function removesAbide([ended, ...earlier]: Facts['deployments']): boolean {
  if (ended?.abide !== 'unchanged') return ended?.abide === 'removed';
  const [tried, ...before] = earlier;
  return (
    tried?.outcome === 'uncommitted' && tried.toplevel === ended.toplevel && removesAbide([tried, ...before])
  );
}
