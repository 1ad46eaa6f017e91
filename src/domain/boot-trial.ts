import { bootProvenBeside, isBootProven, withBootProven } from './boot-proven.ts';
import { unchecked } from './check.ts';
import { noRollbackOf } from './commit-asks.ts';
import type { CommitId } from './commit.ts';
import { deploymentId, endDeployment, type Ending } from './deploy.ts';
import { justBegun, type Deployment } from './deployment.ts';
import type { Expected, Facts } from './facts.ts';
import type { Loop } from './loop.ts';
import type { Observed } from './observed.ts';
import type { Problem } from './problem.ts';
import { quarantineDeployment } from './quarantine.ts';
import { commitsOf } from './remember-commit.ts';
import { failureLeft } from './time-left.ts';

/**
 * True when the host came up in a system that was deployed here and never proved that it boots. A trial that could not be
 * begun waits for its time like any failure; a suspended loop goes on with it, because the deployment it ends had begun.
 */
export function isTrialDue({ facts, observed, policy }: Loop, now: number): boolean {
  const { bootToProve, expected, hold, failure } = facts;
  if (bootToProve === null || hold !== null || policy.mode !== 'enforce') return false;
  const slots = [observed?.booted, observed?.current, expected?.current];
  const runs = slots.every((slot) => slot === bootToProve);
  const mayBegin =
    failure?.commit !== expected?.commit || failure === null || failureLeft(failure, now) === 0;
  const isRefused = facts.quarantine.some(({ toplevel }) => toplevel === bootToProve);
  return runs && mayBegin && !isRefused && !isBootProven(facts, bootToProve);
}

/** The facts once the trial of the booted system begins; the way back is the newest other system that proved it boots. */
export function beginTrial({ facts, observed, policy }: Loop, now: number): Facts {
  const { expected, bootToProve: toplevel, bootOnce } = facts;
  if (!expected || !observed || toplevel === null) return facts;
  const { firstBoot } = expected;
  const before = firstBoot?.checks ?? null;
  const asking = firstBoot?.noRollback ?? null;
  const fallback = bootOnce?.toplevel === toplevel ? bootOnce.fallback : null;
  // The loader goes back only where the system's own commits allow it; what forbids going further back is older then.
  const toFallback = asking !== null && fallback !== null;
  const back = toFallback ? fallback : (bootProvenBeside(facts, toplevel) ?? fallback);
  const deployment: Deployment = {
    ...bootedBefore(facts, { toplevel, expected, back, observed }),
    id: deploymentId(expected.commit, facts, now),
    startedAt: new Date(now).toISOString(),
    checks: unchecked(before ?? []),
    noRollback: noRollbackOf(policy, toFallback ? null : asking),
    confirmation: firstBoot?.askedBy ? { askedBy: firstBoot.askedBy, by: null, at: null } : null,
    abide: firstBoot?.newAbide ? 'changed' : 'unchanged',
  };
  const probation = { deployment: deployment.id, rules: null, before, clock: null };
  // What a rollback before the reboot left unwell is judged anew.
  return { ...facts, deployment, probation, unwell: null };
}

/** The deployment that stands for what became of a booted system, but for its id and its time. */
export function bootedBefore(
  facts: Facts,
  from: {
    readonly toplevel: string;
    readonly expected: Expected;
    readonly back: string | null;
    readonly observed: Observed;
  },
): Omit<Deployment, 'id' | 'startedAt'> {
  const { toplevel, expected, back, observed } = from;
  const deployed = facts.deployments.find((past) => past.toplevel === toplevel);
  const record = facts.commits.find(({ commit }) => commit === expected.commit);
  return {
    commit: expected.commit,
    subject: record?.subject ?? deployed?.subject ?? null,
    remote: deployed?.remote ?? null,
    branch: expected.branch,
    toplevel,
    operation: expected.operation,
    trigger: 'boot',
    by: null,
    ...justBegun,
    phases: [],
    previous: {
      toplevel: back,
      commit: commitsOf(facts, back).at(-1) ?? null,
      profile: observed.profile && back,
      bootDefault: observed.bootDefault && back,
      specialisation: null,
    },
    bootId: observed.bootId,
    confirmation: null,
    goesBackFrom: null,
    noRollback: null,
    abide: 'unchanged',
  };
}

/** The facts after a trial that was passed: the system is boot-proven; where the host stands is what it was. */
export function passTrial(loop: Loop, ending: Ending, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const { toplevel } = deployment;
  const ended = endDeployment(loop.facts, ending, loop.policy.keepDeployments, now);
  const isDefault = ended.bootOnce?.toplevel === toplevel;
  const proven = withProof(ended, toplevel, now);
  const { expected } = proven;
  return {
    ...proven,
    expected: isDefault && expected ? { ...expected, bootDefault: toplevel } : expected,
    bootOnce: null,
    loaderTold: null,
    failure: ended.failure?.commit === deployment.commit ? null : ended.failure,
  };
}

/** The facts after a trial that was passed when only the boot loader could not be told to keep the system. */
export function leaveTrialUncommitted(loop: Loop, problem: Problem, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const { message, log } = problem;
  const ending: Ending = { outcome: 'uncommitted', reason: 'ActivationFailed', message, log };
  const ended = endDeployment(loop.facts, ending, loop.policy.keepDeployments, now);
  const proven = withProof(ended, deployment.toplevel, now);
  const since = new Date(now).toISOString();
  return { ...proven, expected: proven.expected && { ...proven.expected, committed: false, since } };
}

/** A system that has proved that it boots has no first boot any more, and what forbade to go back from it is past. */
function withProof(facts: Facts, toplevel: string, now: number): Facts {
  const past = (expected: Expected | null) =>
    expected?.current === toplevel ? { ...expected, firstBoot: undefined } : expected;
  return {
    ...facts,
    bootToProve: null,
    bootProven: withBootProven(facts.bootProven, toplevel, new Date(now).toISOString()),
    expected: past(facts.expected),
    committedMain: past(facts.committedMain),
  };
}

/** The facts after a trial that was undone; `undone` has its deployment ended already. */
export function afterUndoneTrial(undone: Facts, deployment: Deployment, now: number): Facts {
  const expected = expectedAfter(deployment, now);
  return { ...undone, bootToProve: null, bootOnce: null, expected, committedMain: expected };
}

/** The facts after a trial that failed with nothing to go back to: the host stays as it is. */
export function condemnTrial(loop: Loop, ending: Ending, now: number): Facts {
  return { ...quarantineDeployment(loop, ending, now), bootToProve: null };
}

/** After the way back of a trial the older system is what was deployed; null where nobody knows of which commit it is. */
function expectedAfter({ previous, branch }: Deployment, now: number): Expected | null {
  const commit: CommitId | null = previous.commit;
  if (commit === null) return null;
  const { toplevel: current, profile, bootDefault } = previous;
  const since = new Date(now).toISOString();
  return { commit, branch, operation: 'switch', current, profile, bootDefault, committed: true, since };
}
