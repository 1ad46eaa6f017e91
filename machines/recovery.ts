import type { CheckSeen } from '../src/domain/check.ts';
import { shortId } from '../src/domain/commit.ts';
import type { Deployment } from '../src/domain/deployment.ts';
import type { Facts } from '../src/domain/facts.ts';
import { announceLastResort, mayReboot, withLastResort } from '../src/domain/last-resort.ts';
import type { ProbeOrder } from '../src/domain/probe.ts';
import type { Problem } from '../src/domain/problem.ts';
import { afterLook, unwellText, worseAfterRollback } from '../src/domain/unwell.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** True while what runs after a rollback is unwell and nothing newer is deployed: then it is looked at again and again. */
export function isUnwell({ facts }: ReconcilerContext): boolean {
  return facts.deployment === null && unwellRecord(facts) !== null;
}

/** The next look at the unwell system; a bug when there is none. */
export function orderAgain(context: ReconcilerContext): ProbeOrder {
  const { unwell } = context.facts;
  return { deployment: undoneIn(context), before: unwell?.before ?? null, withinMs: lookMs };
}

const lookMs = 10_000;

/** A look at the unwell system: well again, the rollback was one like any other; else it is told, and goes on. */
export function lookedAgain(context: ReconcilerContext, after: readonly CheckSeen[]): Turn {
  const { facts, observed, now } = context;
  const { unwell } = facts;
  if (!unwell) return {};
  const deployment = undoneIn(context);
  const { id, commit } = deployment;
  const worse = worseAfterRollback({ deployment, before: unwell.before, after, observed });
  const next = afterLook(facts, worse, new Date(now()).toISOString());
  const change = { facts: next };
  if (worse.length === 0) {
    const message = `what runs since the rollback of ${shortId(commit)} is as well as it was before it`;
    return {
      change,
      emit: [asEmitted({ type: 'health.passing', severity: 'info', message, commit, deployment: id })],
    };
  }
  // As often as it counts; the conditions say it for as long as it lasts.
  if (next.unwell?.looks === unwell.looks) return {};
  const message = `after the rollback of ${shortId(commit)} ${unwellText(worse)}`;
  return {
    change,
    emit: [asEmitted({ type: 'health.failing', severity: 'error', message, commit, deployment: id })],
  };
}

/** True when nothing but a reboot is left to bring the host back. A suspended one with a system that runs has its person. */
export function isRebootDue(context: ReconcilerContext): boolean {
  const { facts, rollbackFailures } = context;
  if (facts.deployment) return mayReboot(context, facts.deployment, rollbackFailures);
  const undone = unwellRecord(facts);
  if (!undone || !facts.unwell || facts.suspended) return false;
  return mayReboot(context, undone, facts.unwell.looks);
}

/** The reboot is decided and told; there is no second one for this deployment. */
export function noteReboot(context: ReconcilerContext): Turn {
  const deployment = undoneIn(context);
  const facts = withLastResort(context.facts, deployment, new Date(context.now()).toISOString());
  return { change: { facts }, emit: [asEmitted(announceLastResort(deployment))] };
}

/** The host was not rebooted: all else goes on. */
export function rebootFailed(context: ReconcilerContext, problem: Problem): Turn {
  const { id, commit } = undoneIn(context);
  const message = `the reboot as the last resort failed: ${problem.message}`;
  return {
    emit: [asEmitted({ type: 'stalled', severity: 'error', message, commit, deployment: id })],
  };
}

/** The deployment that is being undone, or was and left an unwell system; a bug when there is none. */
export function undoneIn({ facts }: ReconcilerContext): Deployment {
  const undone = facts.deployment ?? unwellRecord(facts);
  if (!undone) throw new Error('bug: this state needs a deployment that was undone');
  return undone;
}

/** The rollback that left an unwell system; null where history does not have it any more. */
function unwellRecord({ deployments, unwell }: Facts): Deployment | null {
  return deployments.find(({ id }) => id === unwell?.deployment) ?? null;
}
