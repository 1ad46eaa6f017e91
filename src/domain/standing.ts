import { choiceAgainst } from './choice.ts';
import { confirmationGate } from './confirmation.ts';
import type { Deployment } from './deployment.ts';
import { findDrift } from './drift.ts';
import type { Failure, Quarantined } from './facts.ts';
import type { LoopView } from './loop-view.ts';
import { openRow, type RollbackRow } from './rollbacks-in-a-row.ts';
import type { LoopState } from './status.ts';

/** Every way a host can stand, in order of precedence; conditions and summary are both read from it. */
export const standings = [
  'lost',
  'unseen',
  'rollbackFailed',
  'rollingBack',
  'held',
  'stalled',
  'retrying',
  'unsourced',
  'waiting',
  'staged',
  'progressing',
  'drifted',
  'inSync',
] as const;
export type Standing = (typeof standings)[number];

/** Where the host stands, suspension aside: the first that holds. */
export function standing(view: LoopView): Standing {
  if (view.facts.hold) return 'lost';
  if (!view.observed) return 'unseen';
  return trouble(view) ?? delay(view) ?? (isDrifted(view) ? 'drifted' : 'inSync');
}

/** The desired commit's failure while it still says something: not once a retry has come further than it. */
export function currentFailure({ facts: { failure }, desired, state }: LoopView): Failure | null {
  if (!failure || failure.commit !== desired?.commit) return null;
  return reachIn(state) > reachOf(failure) ? null : failure;
}

/** The quarantine that keeps the desired commit from running. */
export function currentQuarantine({ facts, desired }: LoopView): Quarantined | null {
  return facts.quarantine.find(({ commit }) => commit === desired?.commit) ?? null;
}

/** The row of rollbacks that keeps the desired commit from being tried; null where something else does, or nothing. */
export function currentRow(view: LoopView): RollbackRow | null {
  if (
    view.state !== 'stalled' ||
    currentQuarantine(view) ||
    view.facts.failure?.commit === view.desired?.commit
  )
    return null;
  return openRow(view);
}

/** True when the desired commit was brought here with the desired operation, whatever happened to the host since. */
export function isDesiredDeployed({ facts: { expected }, desired }: LoopView): boolean {
  return desired !== null && expected?.commit === desired.commit && expected.operation === desired.operation;
}

/** True when the desired system is the next to boot and does not run yet. */
export function isStaged(view: LoopView): boolean {
  return stagedDeployment(view) !== null;
}

/** The deployment that waits for the next boot; null when none does. */
export function stagedDeployment(view: LoopView): Deployment | null {
  const { facts, observed, desired } = view;
  const last = facts.deployments.find(({ commit }) => commit === desired?.commit);
  if (last?.outcome !== 'staged' || !isDesiredDeployed(view)) return null;
  return observed?.current !== null && observed?.current !== last.toplevel ? last : null;
}

/** True while the loop works towards the desired commit; looking again at what is deployed and undisturbed is no work. */
export function isBusy(view: LoopView): boolean {
  if (!workStates.has(view.state)) return false;
  if (view.facts.deployment || changeStates.has(view.state)) return true;
  return !isDesiredDeployed(view) || isDrifted(view);
}

/** True when a branch of the loop changes the host and may not be interrupted. */
export function isChanging({ state }: LoopView): boolean {
  return changeStates.has(state);
}

const changeStates: ReadonlySet<LoopState> = new Set<LoopState>([
  'activating',
  'probation',
  'committing',
  'rollingBack',
]);

const workStates: ReadonlySet<LoopState> = new Set<LoopState>([
  'evaluating',
  'building',
  'gating',
  ...changeStates,
]);

/** Gates that shut before the system is built. */
export const unbuiltGates: ReadonlySet<string> = new Set(['cache', 'machine-id']);

/** How far a state has come on the way from commit to running system. */
const reach = {
  evaluating: 1,
  building: 2,
  gating: 3,
  activating: 4,
  probation: 5,
  committing: 6,
} as const satisfies Partial<Record<LoopState, number>>;

function reachIn(state: LoopState): number {
  return state in reach ? reach[state as keyof typeof reach] : 0;
}

function reachOf({ class: kind }: Failure): number {
  return { evaluate: 1, build: 2, environment: 2, unexpected: 2, activate: 4, commit: 6 }[kind];
}

function trouble(view: LoopView): Standing | null {
  const { facts, state } = view;
  if (!facts.deployment && facts.deployments[0]?.outcome === 'rollback_failed') return 'rollbackFailed';
  if (state === 'rollingBack') return view.rollbackFailures > 0 ? 'rollbackFailed' : 'rollingBack';
  const atWork = workStates.has(state);
  if (!atWork && choiceAgainst(facts, view.desired?.commit ?? null)) return 'held';
  const failure = currentFailure(view);
  if (state === 'stalled' || (!atWork && (failure?.stalled || currentQuarantine(view)))) return 'stalled';
  // Another commit may be desired by now; then it is no longer worth a word that the one before could not be committed.
  if (failure || (view.uncommitted && isDesiredDeployed(view))) return 'retrying';
  return isUnsourced(view) ? 'unsourced' : null;
}

/** Every remote was heard, and none offers a commit that may run here. */
function isUnsourced({ desired, everSelected, remotes }: LoopView): boolean {
  return !desired && !everSelected && remotes.every(({ health }) => health.up !== null);
}

function delay(view: LoopView): Standing | null {
  if (isWaiting(view)) return 'waiting';
  if (isBusy(view)) return 'progressing';
  if (isStaged(view)) return 'staged';
  const { desired, everSelected } = view;
  const isComing = desired ? !isDesiredDeployed(view) : !everSelected;
  return isComing ? 'progressing' : null;
}

/**
 * A gate that is shut before what is deployed and undisturbed, which a person asked to look at again, keeps nothing back. Once
 * such a look has failed, the host is not ready until one succeeds.
 */
function isWaiting(view: LoopView): boolean {
  const { waiting, facts, desired } = view;
  if (!waiting) return false;
  if (isChanging(view)) return waiting.gate === confirmationGate;
  if (!isDesiredDeployed(view) || isDrifted(view)) return true;
  const got = unbuiltGates.has(waiting.gate) ? reach.building : reach.gating;
  return facts.failure?.commit === desired?.commit && facts.failure !== null && reachOf(facts.failure) >= got;
}

/** Reboot reasons are no drift for people: RebootRequired shows them. */
function isDrifted(view: LoopView): boolean {
  return findDrift(view).some(({ kind }) => kind !== 'boot');
}
