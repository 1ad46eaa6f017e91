import { conditionReasons, failureReason, reasonName } from './condition-reasons.ts';
import type { Finding } from './finding.ts';
import { isWorse, tellChecks } from './check.ts';
import type { CheckResult, Deployment } from './deployment.ts';
import { findDrift } from './drift.ts';
import { because } from './staged.ts';
import { failureText } from './failure-text.ts';
import type { Quarantined } from './facts.ts';
import type { LoopView } from './loop-view.ts';
import { rebootNeed } from './reboot-need.ts';
import { rowText } from './rollbacks-in-a-row.ts';
import {
  currentFailure,
  currentQuarantine,
  currentRow,
  isChanging,
  isDesiredDeployed,
  stagedDeployment,
  unbuiltGates,
} from './standing.ts';

/** True when the desired commit's system is in the store. */
export function built(view: LoopView): Finding {
  const { desired, state, waiting } = view;
  if (!desired) return progressing('nothing is desired yet');
  if (isDesiredDeployed(view) || isChanging(view) || currentQuarantine(view)) return inStore;
  const failure = currentFailure(view);
  if (failure?.class === 'activate' || failure?.class === 'commit') return inStore;
  if (failure) return { status: 'False', reason: failureReason(failure), message: failureText(failure) };
  const row = currentRow(view);
  if (row) return { status: 'False', reason: 'Waiting', message: rowText(row) };
  if (waiting && unbuiltGates.has(waiting.gate)) {
    return { status: 'False', reason: 'Waiting', message: waiting.reason };
  }
  return state === 'gating' ? inStore : progressing('the system is being evaluated or built');
}
const inStore: Finding = {
  status: 'True',
  reason: 'Succeeded',
  message: 'the desired system is in the store',
};

/** True when the desired system is the running one. */
export function activated(view: LoopView): Finding {
  const { desired, observed, facts, waiting } = view;
  if (!desired || !observed) return progressing('desired or observed is not known yet');
  const quarantine = currentQuarantine(view);
  const failure = currentFailure(view);
  if (quarantine) return no(undoneReason(quarantine), undoneText(quarantine, facts.deployments));
  if (failure?.class === 'activate') return no('ActivationFailed', failureText(failure));
  const staged = stagedDeployment(view);
  if (staged) return no('RebootPending', `the desired system starts at the next reboot${because(staged)}`);
  if (isDesiredDeployed(view)) return stillRunning(view);
  if (isChanging(view)) return no('Progressing', 'the desired system is being activated');
  if (failure) return no('NotBuilt', failureText(failure));
  const row = currentRow(view);
  if (row) return no('RollbacksInARow', rowText(row));
  if (waiting) return no('WaitingForGate', waiting.reason);
  if (facts.suspended) return no('Suspended', facts.suspended.reason);
  return no('Progressing', 'the desired system does not run yet');
}

function undoneReason({ reason }: Quarantined): string {
  return conditionReasons.Activated.includes(reason) ? reason : 'ActivationFailed';
}

/** Why a commit was set aside: a person's word, or what its deployment says. */
export function undoneText({ message, deployment }: Quarantined, deployments: readonly Deployment[]): string {
  return message ?? rolledBackText(deployments, deployment);
}

/** What a rollback that failed means: one that runs is tried again until it is done. */
export function rollbackFailedText({ facts, rollbackFailures }: LoopView): string {
  const { deployment, deployments } = facts;
  const again = facts.unwell ? '; it is looked at again each minute' : '';
  if (!deployment) return `${deployments[0]?.message ?? 'the rollback failed; see abide history'}${again}`;
  const times = rollbackFailures === 1 ? 'once' : `${rollbackFailures} times`;
  return `the rollback to ${deployment.previous.toplevel ?? 'the system before'} failed ${times} and is tried again each minute; abide events says why`;
}

/** The message of the deployment that was rolled back. */
export function rolledBackText(deployments: readonly Deployment[], id: string | null): string {
  const message = deployments.find((deployment) => deployment.id === id)?.message;
  return message ?? 'the commit was rolled back here and is not tried again';
}

/** False only for checks that got worse; one that failed before the activation too is named and changes nothing. */
export function healthy(view: LoopView): Finding {
  const { facts, observed } = view;
  const quarantine = currentQuarantine(view);
  if (quarantine?.reason === 'HealthCheckFailed') {
    return no('HealthCheckFailed', rolledBackText(facts.deployments, quarantine.deployment));
  }
  if (view.state === 'probation') return progressing('the health checks are running');
  const checked = facts.deployments.find(({ toplevel }) => toplevel === observed?.current);
  if (!checked || checked.checks.length === 0) {
    return { status: 'Unknown', reason: 'NotChecked', message: 'no health check ran on this system' };
  }
  return judgeChecks(checked.checks);
}

/** True without drift of any kind, reboot reasons aside: those are RebootRequired's. */
export function inSyncCondition(view: LoopView): Finding {
  if (!view.observed) {
    return { status: 'Unknown', reason: 'NotObserved', message: 'the host has not been looked at yet' };
  }
  const drift = findDrift(view).filter(({ kind }) => kind !== 'boot');
  const message = drift.map(({ message }) => message).join('; ');
  if (drift.length === 0) {
    return { status: 'True', reason: 'NoDriftDetected', message: 'the host is as it is expected to be' };
  }
  return no(drift.every(({ kind }) => kind === 'commit') ? 'NotDeployed' : 'DriftDetected', message);
}

/** True when something of the running or the staged system comes into effect only after a reboot. */
export function rebootRequired(view: LoopView): Finding {
  if (!view.observed) {
    return { status: 'Unknown', reason: 'NotObserved', message: 'the host has not been looked at yet' };
  }
  const [first, ...others] = rebootNeed(view).reasons;
  if (!first && view.observed.rebootReasons === null) {
    return {
      status: 'Unknown',
      reason: 'NotObserved',
      message: 'nothing tells what the booted system is here',
    };
  }
  if (!first) return no('NotRequired', 'the booted system is the running one, as far as it matters');
  const parts = [first, ...others].join(', ');
  return { status: 'True', reason: reasonName(first), message: `a reboot brings into effect: ${parts}` };
}

function stillRunning(view: LoopView): Finding {
  const runtime = findDrift(view).find(({ kind }) => kind === 'runtime');
  if (runtime) return no('Drifted', runtime.message);
  return { status: 'True', reason: 'Succeeded', message: 'the desired system runs' };
}

function judgeChecks(checks: readonly CheckResult[]): Finding {
  const failing = checks.filter(({ status }) => status === 'failing');
  const worse = checks.filter(isWorse);
  if (worse.length > 0) return no('HealthCheckFailed', tellChecks(worse));
  const passing = checks.filter(({ status }) => status === 'passing').length;
  if (failing.length === 0 && passing === 0) {
    return { status: 'Unknown', reason: 'NotChecked', message: `no check can tell: ${tellChecks(checks)}` };
  }
  const passed = `${passing} ${passing === 1 ? 'check' : 'checks'} passed`;
  const message = failing.length > 0 ? `failing before and after: ${tellChecks(failing)}` : passed;
  return { status: 'True', reason: 'Succeeded', message };
}

function progressing(message: string): Finding {
  return { status: 'Unknown', reason: 'Progressing', message };
}

function no(reason: string, message: string): Finding {
  return { status: 'False', reason, message };
}
