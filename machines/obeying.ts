import { shortId } from '../src/domain/commit.ts';
import type { Facts } from '../src/domain/facts.ts';
import { openRow } from '../src/domain/rollbacks-in-a-row.ts';
import { selectFor } from '../src/domain/select-for.ts';
import { acceptCommit, liftTrouble } from '../src/domain/wishes.ts';
import { confirm, reject } from './answering.ts';
import { rollBackByHand } from './going-back.ts';
import type { ReconcilerContext, ReconcilerEvent } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** Carries out a person's wish. */
export function obey(context: ReconcilerContext, event: ReconcilerEvent): Turn {
  if (event.type === 'suspend') {
    const facts: Facts = { ...context.facts, suspended: event.suspension };
    const message = `suspended by ${event.suspension.by ?? 'somebody'}: ${event.suspension.reason}`;
    return { change: { facts }, emit: [asEmitted({ type: 'suspended', severity: 'warning', message })] };
  }
  if (event.type === 'resume') return resume(context, event.by);
  if (event.type === 'retry') return retry(context, event);
  if (event.type === 'accept') return accept(context, event);
  if (event.type === 'confirm') return confirm(context, event);
  if (event.type === 'reject') return reject(context, event);
  if (event.type === 'rollback') return rollBackByHand(context, event);
  return {};
}

/** Milliseconds until the suspension ends by itself. */
export function suspensionLeft({ facts, now }: ReconcilerContext): number {
  const until = facts.suspended?.until;
  return until ? Math.max(0, Date.parse(until) - now()) : Number.MAX_SAFE_INTEGER;
}

/** True when a suspension with an end has reached it. */
export function suspensionIsOver(context: ReconcilerContext): boolean {
  return suspensionLeft(context) === 0;
}

/** Ends a suspension whose time is over. */
export function endSuspension(context: ReconcilerContext): Turn {
  const emit = [asEmitted({ type: 'resumed', severity: 'info', message: 'the suspension came to its end' })];
  return { change: { facts: { ...context.facts, suspended: null } }, emit };
}

function resume(context: ReconcilerContext, by: string | null): Turn {
  const { suspended, choice } = context.facts;
  const isHeld = openRow(context) !== null;
  if (!suspended && !choice && !isHeld) return {};
  const emit = [asEmitted({ type: 'resumed', severity: 'info', message: `resumed by ${by ?? 'somebody'}` })];
  // An order that cannot be carried out is given up with the suspension; one that runs comes to its end.
  const { deployment, goingBack } = context.facts;
  const left = { choice: null, rollbackRow: null, goingBack: deployment ? goingBack : null };
  const facts = { ...context.facts, suspended: null, ...left };
  const isWanted = choice !== null && choice.commit === selectFor(context).desired?.commit;
  return { change: { facts, asked: isWanted || isHeld ? { by } : context.asked }, emit };
}

function retry(
  context: ReconcilerContext,
  { commit, by }: Extract<ReconcilerEvent, { type: 'retry' }>,
): Turn {
  const desired = selectFor(context).desired?.commit ?? null;
  const wanted = commit ?? desired ?? context.facts.spentTesting;
  if (!wanted) return {};
  const message = `${by ?? 'somebody'} asked to try ${shortId(wanted)} again`;
  return {
    change: { facts: liftTrouble(context.facts, wanted), asked: { by } },
    emit: [asEmitted({ type: 'retried', severity: 'info', message, commit: wanted })],
  };
}

function accept(context: ReconcilerContext, event: Extract<ReconcilerEvent, { type: 'accept' }>): Turn {
  const { floor, reason, by } = event;
  const { commit } = floor;
  const message = `${by ?? 'somebody'} accepted ${shortId(commit)} as the commit to go on from: ${reason}`;
  return {
    change: { facts: acceptCommit(context.facts, floor) },
    emit: [asEmitted({ type: 'accepted', severity: 'warning', message, commit })],
  };
}
