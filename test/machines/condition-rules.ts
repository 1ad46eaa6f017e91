import { conditionReasons } from '../../src/domain/condition-reasons.ts';
import { deriveConditions } from '../../src/domain/conditions.ts';
import type { Facts } from '../../src/domain/facts.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { selectFor } from '../../src/domain/select-for.ts';
import type { Condition, ConditionType } from '../../src/domain/status.ts';
import { summarize } from '../../src/domain/summary.ts';
import { viewOf } from '../../src/daemon/view.ts';
import type { Snapshot, Transition } from './invariants.ts';

type Rule = [holds: boolean, sentence: string];

/** What Flux demands of conditions, and that nothing but a change takes Ready away: no look, poll or step of a no-op run. */
export function conditionsBrokenBy(transition: Transition): string[] {
  return rules(transition)
    .filter(([holds]) => !holds)
    .map(([, sentence]) => sentence);
}

/** What the world sees of a snapshot: the one word, and the status and reason of every condition. */
export function shownOf(snapshot: Snapshot): readonly string[] {
  return [
    summarize(view(snapshot)).summary,
    ...alone(snapshot).map(({ status, reason }) => `${status} ${reason}`),
  ];
}

function rules({ before, after }: Transition): Rule[] {
  const was = alone(before);
  const is = deriveConditions(view(after), was, ended);
  const desired = selectFor(after.context).desired?.commit ?? null;
  return [
    ...fluxRules(is),
    ...is.map(({ type, reason }): Rule => [
      conditionReasons[type].includes(reason),
      `${type} has the reason ${reason}, which is none of its own`,
    ]),
    [is.every(({ observedCommit }) => observedCommit === desired), 'conditions are of the desired commit'],
    [is.every((condition, index) => isInTime(condition, was[index])), 'times move with the status alone'],
    [
      statusOf(was, 'Ready') !== 'True' || statusOf(is, 'Ready') === 'True' || hasChanged(before, after),
      'Ready falls although nothing changed',
    ],
    [
      agrees(after, is),
      `the summary ${summarize(view(after)).summary} says something else than the conditions`,
    ],
  ];
}

function fluxRules(conditions: readonly Condition[]): Rule[] {
  const [ready, reconciling, stalled] = (['Ready', 'Reconciling', 'Stalled'] as const).map((type) =>
    statusOf(conditions, type),
  );
  return [
    [ready !== undefined, 'Ready is always there'],
    [
      ready !== 'True' || (reconciling === 'False' && stalled === 'False'),
      'Ready goes with nothing abnormal',
    ],
    [reconciling !== 'True' || stalled !== 'True', 'Reconciling and Stalled exclude one another'],
    [ready !== 'Unknown' || reconciling === 'True', 'Ready is Unknown only while something is being done'],
  ];
}

const began = '2026-01-01T00:00:00.000Z';
const ended = '2026-01-01T00:01:00.000Z';

/** Remembered, because a walk asks for the same again for every way out of a state. */
function view(snapshot: Snapshot): LoopView {
  return remembered(views, snapshot, viewNow);
}

/** The conditions of a daemon that has just come to be. */
function alone(snapshot: Snapshot): readonly Condition[] {
  return remembered(conditions, snapshot, () => deriveConditions(view(snapshot), [], began));
}

const views = new WeakMap<Snapshot, LoopView>();
const conditions = new WeakMap<Snapshot, readonly Condition[]>();

function remembered<Value>(
  known: WeakMap<Snapshot, Value>,
  snapshot: Snapshot,
  find: (snapshot: Snapshot) => Value,
): Value {
  const value = known.get(snapshot) ?? find(snapshot);
  known.set(snapshot, value);
  return value;
}

function viewNow(snapshot: Snapshot): LoopView {
  const { remotes } = snapshot.context.policy;
  return viewOf(snapshot, {
    host: 'web1',
    version: '0.1.0',
    mode: snapshot.context.policy.mode,
    remotes: remotes.map((remote) => ({ ...remote, url: '/any', signed: false })),
    progress: () => null,
    verifying: () => null,
    requested: () => null,
  });
}

function statusOf(conditions: readonly Condition[], wanted: ConditionType): Condition['status'] | undefined {
  return conditions.find(({ type }) => type === wanted)?.status;
}

function isInTime({ status, lastTransitionTime }: Condition, before: Condition | undefined): boolean {
  return lastTransitionTime === (before?.status === status ? began : ended);
}

/** What a host is like, what is wanted of it, and what happened to it; not where the loop stands with it. */
function hasChanged(before: Snapshot, after: Snapshot): boolean {
  return essence(before) !== essence(after);
}

function essence({ context }: Snapshot): string {
  const { desired } = selectFor(context);
  const { observed, waiting } = context;
  const seen = observed && { ...observed, at: 0 };
  return JSON.stringify([
    desired?.commit,
    desired?.operation,
    seen,
    waiting?.gate,
    essentials(context.facts),
  ]);
}

function essentials(facts: Facts): unknown {
  const { deployment, deployments, failure, quarantine, expected, suspended, hold, choice, goingBack } =
    facts;
  return [deployment, deployments[0]?.id, failure, quarantine, expected, suspended, hold, choice, goingBack];
}

/** A suspended host keeps the Ready that it had. */
function agrees(snapshot: Snapshot, conditions: readonly Condition[]): boolean {
  if (snapshot.context.facts.suspended) return true;
  const { summary } = summarize(view(snapshot));
  const isReady = statusOf(conditions, 'Ready') === 'True';
  const isStalled = statusOf(conditions, 'Stalled') === 'True';
  const isBusy = statusOf(conditions, 'Reconciling') === 'True';
  if (summary === 'InSync') return !isBusy && !isStalled;
  if (summary === 'Stalled') return isStalled;
  if (summary === 'Progressing') return isBusy;
  return !isReady;
}
