import { unchecked } from './check.ts';
import { shortId, type CommitId } from './commit.ts';
import { noRollbackOf, runningCommit } from './commit-asks.ts';
import { askedFor } from './confirmation.ts';
import {
  justBegun,
  type Deployment,
  type DeploymentOutcome,
  type DeploymentStep,
  type PhaseTiming,
} from './deployment.ts';
import type { Evaluation } from './evaluation.ts';
import type { Expected, Facts, Floor } from './facts.ts';
import { firstBootOf } from './first-boot.ts';
import { hookAfter, mostPending } from './hook.ts';
import { isGoingBack } from './go-back.ts';
import { baselineInPlace, previousInPlace } from './in-place.ts';
import type { Loop } from './loop.ts';
import type { Observed } from './observed.ts';
import type { OwnFate } from './own-unit.ts';
import type { Policy } from './policy.ts';
import type { Problem } from './problem.ts';
import { isProved } from './proof.ts';
import { floorAt } from './remember-commit.ts';
import { isStaged } from './staged.ts';
import type { Target } from './target.ts';

/** The facts once a deployment of the loop's target begins; `now` is epoch milliseconds. */
export function beginDeployment(loop: Loop, phases: readonly PhaseTiming[], now: number): Facts {
  const { facts, target, evaluation, observed, inspection } = loop;
  if (!target || !evaluation || !observed) return facts;
  const abide = inspection?.abide ?? 'unchanged';
  const deployment = newDeployment({
    policy: loop.policy,
    facts,
    target,
    evaluation,
    observed,
    phases,
    abide,
    now,
  });
  const rules = inspection?.probation ?? null;
  const { toplevel, inPlace, previous } = deployment;
  const before = inPlace ? baselineInPlace(facts, toplevel, previous.toplevel) : null;
  const probation = { deployment: deployment.id, rules, before, clock: null };
  const begun = { ...deployment, checks: unchecked(before ?? []) };
  return { ...facts, deployment: begun, probation, choice: null, unwell: null };
}

/** The facts with the running deployment at `step`; the daemon journals them before it takes the step. */
export function atStep(facts: Facts, step: DeploymentStep): Facts {
  return facts.deployment ? { ...facts, deployment: { ...facts.deployment, step } } : facts;
}

/** How a deployment ended. */
export interface Ending {
  readonly outcome: DeploymentOutcome;
  readonly reason: string | null;
  readonly message: string | null;
  readonly log?: readonly string[];
}

/** The facts with the running deployment moved to history, which keeps the newest `keep`, and with the hook that its end is owed. */
export function endDeployment(facts: Facts, ending: Ending, keep: number, now: number): Facts {
  if (!facts.deployment) return facts;
  const ended: Deployment = {
    ...facts.deployment,
    outcome: ending.outcome,
    reason: ending.reason,
    message: ending.message,
    log: ending.log ?? facts.deployment.log,
    step: null,
    endedAt: new Date(now).toISOString(),
  };
  const deployments = [ended, ...facts.deployments].slice(0, keep);
  const hook = hookAfter(ended);
  const pendingHooks = hook ? [...facts.pendingHooks, hook].slice(-mostPending) : facts.pendingHooks;
  const unproved = unprovedAfter(facts, ended);
  return { ...facts, deployment: null, probation: null, deployments, pendingHooks, unproved };
}

/** A system that was not proved may run on, and is to be judged by what was before it, whenever that is. */
function unprovedAfter({ probation }: Facts, { id, toplevel, outcome }: Deployment): Facts['unproved'] {
  const checks = probation?.deployment === id ? probation.before : null;
  return checks === null || outcome === 'committed' ? null : { toplevel, checks };
}

/** The facts after the running deployment was committed or staged: expected moves, and with main the floor rises. */
export function commitDeployment(loop: Loop, ending: Ending, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const expected = expectedAfter(deployment, loop, now);
  const ended = endDeployment(loop.facts, ending, loop.policy.keepDeployments, now);
  const settled = settleOn(loop, ended, expected);
  // Going back by hand lowers no floor: what was left is not tried again, but nothing older comes by itself either.
  return deployment.goesBackFrom === null
    ? settled
    : { ...settled, goingBack: null, floor: loop.facts.floor };
}

/** The facts when the healthy system keeps running although profile or boot loader could not be set. */
export function leaveUncommitted(loop: Loop, problem: Problem, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const { message, log } = problem;
  const { commit, branch, operation, toplevel, previous } = deployment;
  const ending: Ending = { outcome: 'uncommitted', reason: 'ActivationFailed', message, log };
  return {
    ...endDeployment(loop.facts, ending, loop.policy.keepDeployments, now),
    expected: {
      commit,
      branch,
      operation,
      current: isStaged(deployment) ? previous.toplevel : toplevel,
      profile: previous.profile,
      bootDefault: previous.bootDefault,
      committed: false,
      since: new Date(now).toISOString(),
      firstBoot: firstBootOf(loop.facts, deployment, isStaged(deployment)),
    },
  };
}

/** The facts when the target needs no change on the host: recorded as deployed without a deployment. */
export function recordWithoutChange(loop: Loop, now: number): Facts {
  const { facts, target, evaluation, observed } = loop;
  if (!target || !evaluation || !observed) return facts;
  const expected: Expected = {
    commit: target.commit,
    branch: target.role,
    operation: target.operation,
    current: target.operation === 'boot' ? observed.current : evaluation.toplevel,
    profile: observed.profile?.toplevel ?? null,
    bootDefault: observed.bootDefault,
    committed: true,
    since: new Date(now).toISOString(),
    firstBoot: facts.expected?.firstBoot,
  };
  // Whoever asked for the commit that they had chosen against has what they asked for.
  const choice = facts.choice?.commit === target.commit ? null : facts.choice;
  return settleOn(loop, { ...facts, choice }, expected);
}

function newDeployment(from: {
  policy: Policy;
  facts: Facts;
  target: Target;
  evaluation: Evaluation;
  observed: Observed;
  phases: readonly PhaseTiming[];
  abide: OwnFate;
  now: number;
}): Deployment {
  const { policy, facts, target, evaluation, observed, phases, abide, now } = from;
  const { asks } = evaluation;
  const inPlace = observed.current === evaluation.toplevel && !isProved(facts, observed);
  const goesBackFrom = isGoingBack({ facts, target }) ? (facts.goingBack?.from ?? null) : null;
  return {
    id: deploymentId(target.commit, facts, now),
    commit: target.commit,
    subject: facts.commits.find(({ commit }) => commit === target.commit)?.subject ?? null,
    remote: target.remote,
    branch: target.role,
    toplevel: evaluation.toplevel,
    operation: target.operation,
    trigger: target.trigger,
    by: target.by,
    ...justBegun,
    startedAt: new Date(now).toISOString(),
    phases,
    previous: inPlace ? previousInPlace(facts, observed, evaluation.toplevel) : previousOf(facts, observed),
    inPlace,
    abide,
    bootId: observed.bootId,
    confirmation: goesBackFrom === null ? askedFor(policy, asks?.confirm ?? null) : null,
    goesBackFrom,
    noRollback: noRollbackOf(policy, asks?.noRollback ?? null),
  };
}

function previousOf(facts: Facts, observed: Observed): Deployment['previous'] {
  const { current, currentRevision, profile, bootDefault, specialisation } = observed;
  return {
    toplevel: current,
    commit: (current === facts.expected?.current ? runningCommit(facts) : null) ?? currentRevision,
    profile: profile?.toplevel ?? null,
    bootDefault,
    specialisation,
  };
}

/** A new deployment's id; `now` is epoch milliseconds. */
export function deploymentId(commit: CommitId, { deployments }: Facts, now: number): string {
  const stem = `${new Date(now).toISOString().replace(/[-:.]/g, '')}-${shortId(commit)}`;
  const taken = deployments.filter(({ id }) => id.startsWith(stem)).length;
  return taken === 0 ? stem : `${stem}-${taken + 1}`;
}

function expectedAfter(deployment: Deployment, { observed, facts }: Loop, now: number): Expected {
  const { commit, branch, operation, toplevel, previous } = deployment;
  const moved = operation !== 'test';
  const { bootOnce } = facts;
  const defaultAfter = bootOnce?.toplevel === toplevel ? bootOnce.fallback : toplevel;
  return {
    commit,
    branch,
    operation,
    current: isStaged(deployment) ? (observed?.current ?? previous.toplevel) : toplevel,
    profile: moved ? toplevel : previous.profile,
    bootDefault: moved ? defaultAfter : previous.bootDefault,
    committed: true,
    since: new Date(now).toISOString(),
    firstBoot: firstBootOf(facts, deployment, isStaged(deployment)),
  };
}

function settleOn({ observed, policy }: Loop, facts: Facts, expected: Expected): Facts {
  const main = expected.branch === 'main';
  return {
    ...facts,
    expected,
    failure: null,
    rollbackRow: null,
    bootId: observed?.bootId ?? facts.bootId,
    spentTesting: facts.spentTesting === expected.commit ? null : facts.spentTesting,
    committedMain: main && expected.operation !== 'test' ? expected : facts.committedMain,
    floor: main ? raised(facts, expected.commit, policy) : facts.floor,
  };
}

/** A floor that rises with what is seen may be above what was being deployed meanwhile. */
function raised(facts: Facts, commit: CommitId, { trust }: Policy): Floor {
  const stands = facts.floor !== null && (trust.floorSeen || facts.floor.commit === commit);
  return stands ? facts.floor : floorAt(facts, commit);
}
