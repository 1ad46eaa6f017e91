import type { ActorRefFrom } from 'xstate';
import type { reconcilerMachine } from '../../machines/reconciler.ts';
import type { Answered, ConfirmRequest, RejectRequest } from '../api/handlers.ts';
import { Refused } from '../api/refused.ts';
import { openQuestion, type Question } from '../domain/confirmation.ts';
import type { Auditor } from './auditor.ts';
import type { Keeper } from './keeper.ts';
import { mustBeOnDisk } from './must-be-on-disk.ts';

/** What answers act on. */
export interface AnswerParts {
  readonly actor: ActorRefFrom<typeof reconcilerMachine>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly keeper: Pick<Keeper, 'problem'>;
}

/** A person's yes. Throws Refused when nothing waits for one. */
export function confirm(parts: AnswerParts, { id, by }: ConfirmRequest): Answered {
  const question = questionOf(parts, id);
  if (question.about === 'probation') mustAwaitWord(question.deployment);
  const answered = answeredOf(question);
  parts.auditor.record({ kind: 'confirm', ...answered, actor: by });
  parts.actor.send({ type: 'confirm', id, by });
  mustBeOnDisk(parts);
  return answered;
}

/** A person's no. Throws Refused when there is nothing that could be rejected. */
export function reject(parts: AnswerParts, { id, reason, by }: RejectRequest): Answered {
  const question = questionOf(parts, id);
  const answered = answeredOf(question);
  parts.auditor.record({ kind: 'reject', ...answered, reason, actor: by });
  parts.actor.send({ type: 'reject', id, reason, by });
  mustBeOnDisk(parts);
  return answered;
}

type Answerable = Exclude<Question, { about: 'nothing' }>;

function questionOf({ actor }: AnswerParts, id: string | null): Answerable {
  const question = openQuestion(actor.getSnapshot().context, id);
  if (question.about === 'nothing') throw new Refused(question.message);
  return question;
}

function mustAwaitWord({ id, confirmation }: Extract<Question, { about: 'probation' }>['deployment']): void {
  if (confirmation === null) {
    throw new Refused(`deployment ${id} waits for nobody: it is kept when its health checks have held`);
  }
  if (confirmation.at !== null) {
    throw new Refused(
      `deployment ${id} was confirmed by ${confirmation.by ?? 'somebody'} at ${confirmation.at}`,
    );
  }
}

function answeredOf(question: Answerable): Answered {
  if (question.about === 'gate') return { commit: question.commit, deployment: null };
  return { commit: question.deployment.commit, deployment: question.deployment.id };
}
