import { shortId } from '../src/domain/commit.ts';
import { openQuestion, withConsent } from '../src/domain/confirmation.ts';
import type { Quarantined } from '../src/domain/facts.ts';
import type { ReconcilerContext, ReconcilerEvent } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** A person's yes to what waits for it; nothing changes when nothing does. */
export function confirm(
  context: ReconcilerContext,
  { id, by }: Extract<ReconcilerEvent, { type: 'confirm' }>,
): Turn {
  const { facts, now } = context;
  const at = new Date(now()).toISOString();
  const question = openQuestion(context, id);
  if (question.about === 'gate') {
    const { commit } = question;
    const message = `${by ?? 'somebody'} consented to the activation of ${shortId(commit)}`;
    return {
      change: { facts: withConsent(facts, { commit, by, since: at }) },
      emit: [asEmitted({ type: 'confirmed', severity: 'info', message, commit })],
    };
  }
  if (question.about === 'nothing' || question.deployment.confirmation?.at !== null) return {};
  const { deployment } = question;
  const confirmation = { askedBy: question.deployment.confirmation.askedBy, by, at };
  const message = `${by ?? 'somebody'} confirmed ${shortId(deployment.commit)}`;
  const { commit } = deployment;
  return {
    change: { facts: { ...facts, deployment: { ...deployment, confirmation } } },
    emit: [asEmitted({ type: 'confirmed', severity: 'info', message, commit, deployment: deployment.id })],
  };
}

/** A person's no: a system on probation fails by it, and a commit at a gate is quarantined. */
export function reject(
  context: ReconcilerContext,
  { id, reason, by }: Extract<ReconcilerEvent, { type: 'reject' }>,
): Turn {
  const { facts, now } = context;
  const question = openQuestion(context, id);
  if (question.about === 'nothing') return {};
  const said = `rejected by ${by ?? 'somebody'}: ${reason}`;
  if (question.about === 'probation') {
    const { deployment } = question;
    const { commit } = deployment;
    const blamed = { ...deployment, reason: 'Rejected', message: said };
    const message = `${shortId(commit)} was ${said}`;
    return {
      change: { facts: { ...facts, deployment: blamed } },
      emit: [
        asEmitted({ type: 'rejected', severity: 'warning', message, commit, deployment: deployment.id }),
      ],
    };
  }
  const { commit, toplevel } = question;
  const entry: Quarantined = {
    commit,
    toplevel,
    reason: 'Rejected',
    since: new Date(now()).toISOString(),
    deployment: null,
    message: said,
  };
  const quarantine = [...facts.quarantine.filter((one) => one.commit !== commit), entry];
  const message = `${shortId(commit)} was ${said}`;
  return {
    change: { facts: { ...facts, failure: null, quarantine } },
    emit: [asEmitted({ type: 'rejected', severity: 'warning', message, commit })],
  };
}
