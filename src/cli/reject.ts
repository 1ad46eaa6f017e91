import { answerText, type Answered } from './answer.ts';
import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide reject`: a person's no; a system on probation is rolled back at once, and its commit is not tried again. */
export async function reject(
  terminal: Terminal,
  { id, reason }: { readonly id: string | null; readonly reason: string },
): Promise<number> {
  const answer = (await send(terminal.socket, 'reject', { id, reason })) as Answered;
  const next = answer.deployment ? 'it is rolled back now' : 'it is not activated';
  return tell(terminal, answer, `${answerText(answer)} is rejected: ${next}`);
}
