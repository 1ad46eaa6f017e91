import { shortId } from '../src/domain/commit.ts';
import { byHandText, holdBack, orderBack, wayByHand } from '../src/domain/go-back.ts';
import type { ReconcilerContext, ReconcilerEvent } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** A person goes back: from what is on probation by rejecting it, else by a deployment of its own. The loop is held. */
export function rollBackByHand(
  context: ReconcilerContext,
  { to, toplevel, reason, by }: Extract<ReconcilerEvent, { type: 'rollback' }>,
): Turn {
  const { facts, now } = context;
  const said = { reason, by, now: now() };
  const way = wayByHand(context, to);
  if (way.way === 'reject') {
    const { deployment } = way;
    const blamed = { ...deployment, reason: 'Rejected', message: byHandText(said) };
    const held = holdBack(facts, said);
    return tell({ ...held, deployment: blamed }, deployment.commit, byHandText(said));
  }
  if (way.way === 'none' || way.to.toplevel !== toplevel) return {};
  const where = `${byHandText(said)}; back to ${shortId(way.to.commit)}`;
  return tell(orderBack(facts, way, said), way.left.commit, where);
}

function tell(facts: ReconcilerContext['facts'], commit: string, text: string): Turn {
  const message = `${shortId(commit)} is ${text}; nothing is deployed until abide resume`;
  return {
    change: { facts },
    emit: [asEmitted({ type: 'rollback.asked', severity: 'warning', message, commit })],
  };
}
