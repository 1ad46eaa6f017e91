import { choiceAgainst, choiceText } from './choice.ts';
import { shortId, type CommitId } from './commit.ts';
import { findDrift } from './drift.ts';
import { failureText } from './failure-text.ts';
import type { Failure } from './facts.ts';
import type { LoopView } from './loop-view.ts';
import { rfc3339 } from './rfc3339.ts';
import { rowText } from './rollbacks-in-a-row.ts';
import { currentRow, isBusy, isChanging, isDesiredDeployed } from './standing.ts';
import type { WhyReason } from './why-answer.ts';

/** What of this host itself keeps a commit from running, whoever offers it. */
export function hostReasons(view: LoopView, commit: CommitId): readonly WhyReason[] {
  const isDesired = view.desired?.commit === commit;
  return [
    ...held(view),
    ...chosen(view, commit),
    ...quarantined(view, commit),
    ...spent(view, commit),
    ...(isDesired ? inARow(view, commit) : []),
    ...failed(view, commit),
    ...(isDesired ? [...otherDeployment(view, commit), ...waiting(view), ...drifted(view)] : []),
  ];
}

function held({ facts, host, observed }: LoopView): WhyReason[] {
  const { hold, suspended } = facts;
  const reasons: WhyReason[] = [];
  if (hold) {
    const next = 'abide accept COMMIT --reason TEXT, with the commit that was deployed here last';
    reasons.push({ decision: 'state', message: `${host} deploys nothing: ${hold.reason}`, next });
  }
  if (suspended) {
    const { by, reason, until } = suspended;
    const end = until === null ? '' : `, until ${until}`;
    const message = `${host} is suspended by ${by ?? 'somebody'}${end}: ${reason}`;
    reasons.push({ decision: 'suspension', message, next: 'abide resume' });
  }
  if (!observed) {
    const message = `${host} could not be looked at yet, and nothing is changed on a host that is not known`;
    reasons.push({ decision: 'state', message, next: null });
  }
  return reasons;
}

function chosen({ facts, observed }: LoopView, commit: CommitId): WhyReason[] {
  const choice = choiceAgainst(facts, commit);
  if (!choice) return [];
  const message = choiceText(choice, observed?.bootDefault ?? null);
  return [{ decision: 'drift', message, next: `push another commit, or abide retry ${shortId(commit)}` }];
}

function quarantined({ facts }: LoopView, commit: CommitId): WhyReason[] {
  const entry = facts.quarantine.find((one) => one.commit === commit);
  if (!entry) return [];
  const deployment = facts.deployments.find(({ id }) => id === entry.deployment);
  const said = entry.message ?? deployment?.message;
  const why = said ? `: ${said}` : '';
  return [
    {
      decision: 'quarantine',
      message: `it was rolled back here at ${entry.since} (${entry.reason})${why}`,
      next: `push a commit that mends it, or try it once more: abide retry ${shortId(commit)}`,
    },
  ];
}

function inARow(view: LoopView, commit: CommitId): WhyReason[] {
  const row = currentRow(view);
  if (!row) return [];
  const next = `see to this host, then abide retry ${shortId(commit)}; it is tried by itself at ${rfc3339(row.until)}`;
  return [{ decision: 'rollbacks', message: `it is not tried yet: ${rowText(row)}`, next }];
}

function spent({ facts }: LoopView, commit: CommitId): WhyReason[] {
  if (facts.spentTesting !== commit) return [];
  return [
    {
      decision: 'spent',
      message: 'it was tested here until a reboot ended it, and a test is not repeated by itself',
      next: `push another commit to testing, or try it once more: abide retry ${shortId(commit)}`,
    },
  ];
}

function failed({ facts, uncommitted }: LoopView, commit: CommitId): WhyReason[] {
  const { failure } = facts;
  if (failure?.commit !== commit) return [];
  if (uncommitted) {
    const message = `it runs, but its profile or boot default could not be set: ${failureText(failure)}`;
    return [{ decision: 'failure', message, next: `it is tried again at ${rfc3339(failure.until)}` }];
  }
  return [{ decision: 'failure', message: failedText(failure), next: afterFailure(failure) }];
}

function failedText(failure: Failure): string {
  const { class: kind, attempt, attempts } = failure;
  const count = attempts === null ? '' : ` (attempt ${attempt} of ${attempts})`;
  return `it failed in ${kind}${count}: ${failureText(failure)}`;
}

function afterFailure({ stalled, until, commit, class: kind }: Failure): string {
  const retry = `abide retry ${shortId(commit)}`;
  if (!stalled) return `it is tried again at ${rfc3339(until)}; at once by ${retry}`;
  const mend = kind === 'environment' ? 'see to this host' : 'push a commit that mends it';
  return `${mend}, or try it again: ${retry}; it is looked at again at ${rfc3339(until)}`;
}

function otherDeployment(view: LoopView, commit: CommitId): WhyReason[] {
  const { deployment } = view.facts;
  if (!deployment || deployment.commit === commit || !isChanging(view)) return [];
  const message = `the deployment of ${shortId(deployment.commit)} changes the host and comes to its end first`;
  return [{ decision: 'deployment', message, next: null }];
}

function waiting({ waiting, facts, state }: LoopView): WhyReason[] {
  if (!waiting || state !== 'gating' || facts.suspended) return [];
  const { gate, reason, nextCheck } = waiting;
  const again = nextCheck === null ? null : `it is looked at again at ${rfc3339(nextCheck)}`;
  const next = [afterGate[gate], again].filter((part) => typeof part === 'string').join('; ');
  return [
    { decision: 'gate', message: `it waits at the gate ${gate}: ${reason}`, next: next === '' ? null : next },
  ];
}

/** Only another commit, a person or drift.policy brings back what was deployed once. */
function drifted(view: LoopView): WhyReason[] {
  if (!isDesiredDeployed(view) || isBusy(view)) return [];
  const found = findDrift(view).filter(({ kind }) => kind === 'manual' || kind === 'runtime');
  const drift = found.find(({ kind }) => kind === 'manual') ?? found[0];
  if (!drift) return [];
  const next = `deploy it once more: abide retry ${shortId(view.desired?.commit ?? '')}; drift.policy: correct does so by itself`;
  return [{ decision: 'drift', message: `it was deployed here, and then ${drift.message}`, next }];
}

const afterGate: Readonly<Record<string, string>> = {
  mode: 'set mode: enforce in the configuration and restart abide to have it activated',
  'machine-id': 'correct services.abide.machineId in the commit, or the branches that this host follows',
  cache: 'let a builder fill the cache, or set build.mode: local',
  lock: 'nothing: the other switch has to end first',
  removal:
    'push a commit that keeps an abide that works, and changes it apart from what must not be undone, or consent: abide confirm; activate.allowRemovingAbide: true in the configuration consents to every one',
  reboot: 'reboot this host, or push another commit',
};
