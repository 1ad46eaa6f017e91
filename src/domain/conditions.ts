import { choiceText } from './choice.ts';
import { failureReason } from './condition-reasons.ts';
import { failureText } from './failure-text.ts';
import type { Finding } from './finding.ts';
import {
  activated,
  built,
  healthy,
  inSyncCondition,
  rebootRequired,
  rollbackFailedText,
  rolledBackText,
  undoneText,
} from './host-conditions.ts';
import type { LoopView } from './loop-view.ts';
import { plainText } from './plain-text.ts';
import { notAfter } from './rfc3339.ts';
import { sourceReachable, sourceTrusted } from './source-conditions.ts';
import { rowText } from './rollbacks-in-a-row.ts';
import {
  currentFailure,
  currentQuarantine,
  currentRow,
  isBusy,
  standing,
  type Standing,
} from './standing.ts';
import { conditionTypes, type Condition, type ConditionType } from './status.ts';

/**
 * All conditions of one moment, in the order of `conditionTypes`. `previous` gives the times of those whose status stays,
 * and the status that Ready keeps while the loop is suspended, and SourceReachable until remotes were asked. Never are two of Ready, Reconciling and Stalled True.
 */
export function deriveConditions(
  view: LoopView,
  previous: readonly Condition[],
  nowIso: string,
): readonly Condition[] {
  const found = findings(view, previous);
  return conditionTypes.map((type) => {
    const before = previous.find((condition) => condition.type === type);
    const { status, reason, message } = found[type];
    return {
      type,
      status,
      reason,
      message: plainText(message),
      lastTransitionTime: before?.status === status ? notAfter(before.lastTransitionTime, nowIso) : nowIso,
      observedCommit: view.desired?.commit ?? null,
    };
  });
}

type Findings = Readonly<Record<ConditionType, Finding>>;

function findings(view: LoopView, previous: readonly Condition[]): Findings {
  const rest = {
    SourceReachable: untilAsked(sourceReachable(view), previous),
    SourceTrusted: sourceTrusted(view),
    Built: built(view),
    Activated: activated(view),
    Healthy: healthy(view),
    InSync: inSyncCondition(view),
    RebootRequired: rebootRequired(view),
  };
  return { ...top(view, previous, rest), ...rest };
}

type TopFindings = Pick<Findings, 'Ready' | 'Reconciling' | 'Stalled'>;
type RestFindings = Omit<Findings, 'Ready' | 'Reconciling' | 'Stalled'>;

function top(view: LoopView, previous: readonly Condition[], rest: RestFindings): TopFindings {
  const { suspended } = view.facts;
  const stands = standing(view);
  if (suspended && !isBusy(view) && stands !== 'lost') {
    return { Ready: keptReady(previous, suspended.reason), Reconciling: idle, Stalled: notStalled };
  }
  return topFindings[stands](view, rest);
}

const idle: Finding = { status: 'False', reason: 'Idle', message: 'nothing is being done' };
const notStalled: Finding = { status: 'False', reason: 'NotStalled', message: 'nothing has been given up' };

/** One row for each standing, so that the three can be seen never to contradict one another. */
const topFindings: Readonly<Record<Standing, (view: LoopView, rest: RestFindings) => TopFindings>> = {
  lost: ({ facts }) => stalled('StateLost', 'StateLost', facts.hold?.reason ?? 'state was lost'),
  unseen: () => ({
    ...reconciling('Progressing', 'Progressing', 'the host has not been looked at yet'),
    Ready: { status: 'Unknown', reason: 'Progressing', message: 'the host has not been looked at yet' },
  }),
  rollbackFailed: (view) => {
    const message = rollbackFailedText(view);
    if (isBusy(view)) return reconciling('RollbackFailed', 'ProgressingWithRetry', message);
    return stalled('RollbackFailed', 'RollbackFailed', message);
  },
  rollingBack: ({ facts }) => {
    const { message, reason } = facts.deployment ?? { message: null, reason: null };
    const failed = reason === 'HealthCheckFailed' ? 'HealthCheckFailed' : 'ActivationFailed';
    return reconciling(failed, 'ProgressingWithRetry', message ?? 'the activation failed');
  },
  held: ({ facts: { choice }, observed }) =>
    resting('Drifted', choice ? choiceText(choice, observed?.bootDefault ?? null) : 'a person chose so'),
  stalled: stalledTop,
  retrying: retryingTop,
  unsourced: unsourcedTop,
  waiting: ({ waiting }) => resting('Waiting', `${waiting?.gate}: ${waiting?.reason}`),
  staged: () => resting('RebootPending', 'the desired system starts at the next reboot'),
  progressing: ({ desired }) => {
    const message = desired ? 'the desired commit is on its way' : 'no remote has answered yet';
    return reconciling('Progressing', 'Progressing', message);
  },
  drifted: (_view, { InSync }) => resting('Drifted', InSync.message),
  inSync: (_view, { Healthy }) =>
    Healthy.status === 'False'
      ? resting('HealthCheckFailed', Healthy.message)
      : { Ready: ready, Reconciling: idle, Stalled: notStalled },
};

/** Reasons that trying again can never mend. */
const unmendable: ReadonlySet<string> = new Set(['NoSuchHost', 'NotSwitchable']);
const ready: Finding = { status: 'True', reason: 'Succeeded', message: 'the host runs the desired commit' };

function resting(reason: string, message: string): TopFindings {
  return { Ready: { status: 'False', reason, message }, Reconciling: idle, Stalled: notStalled };
}

function reconciling(
  readyReason: string,
  reason: 'Progressing' | 'ProgressingWithRetry',
  message: string,
): TopFindings {
  return {
    Ready: { status: 'False', reason: readyReason, message },
    Reconciling: { status: 'True', reason, message },
    Stalled: notStalled,
  };
}

function stalled(readyReason: string, reason: string, message: string): TopFindings {
  return {
    Ready: { status: 'False', reason: readyReason, message },
    Reconciling: idle,
    Stalled: { status: 'True', reason, message },
  };
}

function stalledTop(view: LoopView): TopFindings {
  const quarantine = currentQuarantine(view);
  const failure = currentFailure(view);
  const row = currentRow(view);
  if (row) return stalled('RollbacksInARow', 'RollbacksInARow', rowText(row));
  if (quarantine || !failure) {
    const { deployments } = view.facts;
    const message = quarantine ? undoneText(quarantine, deployments) : rolledBackText(deployments, null);
    return stalled('RolledBack', 'RolledBack', message);
  }
  const reason = failureReason(failure);
  return stalled(reason, unmendable.has(reason) ? reason : 'RetriesExceeded', failureText(failure));
}

function retryingTop(view: LoopView): TopFindings {
  const failure = currentFailure(view);
  if (failure) return reconciling(failureReason(failure), 'ProgressingWithRetry', failureText(failure));
  const message = 'the new system runs, but its profile or boot default could not be set yet';
  return reconciling('CommitFailed', 'ProgressingWithRetry', message);
}

function unsourcedTop(_view: LoopView, { SourceReachable, SourceTrusted }: RestFindings): TopFindings {
  if (SourceReachable.status === 'False') {
    return reconciling('SourceUnreachable', 'ProgressingWithRetry', SourceReachable.message);
  }
  if (SourceTrusted.status === 'False') {
    return reconciling('SourceUntrusted', 'ProgressingWithRetry', SourceTrusted.message);
  }
  const message = `no remote offers a commit that may run here: ${SourceTrusted.message}`;
  return reconciling('NoCandidate', 'ProgressingWithRetry', message);
}

/** A restart makes nobody unreachable: until the remotes were asked again, what they did before it counts. */
function untilAsked(found: Finding, previous: readonly Condition[]): Finding {
  const before = previous.find(({ type }) => type === 'SourceReachable');
  if (found.status !== 'Unknown' || !before) return found;
  return { status: before.status, reason: before.reason, message: before.message };
}

/** Suspending a host does not make it unready; what was still open is said to be suspended. */
function keptReady(previous: readonly Condition[], why: string): Finding {
  const before = previous.find(({ type }) => type === 'Ready');
  if (!before || before.status === 'Unknown' || before.reason === 'Progressing') {
    return { status: 'False', reason: 'Suspended', message: why };
  }
  return { status: before.status, reason: before.reason, message: before.message };
}
