import { answerText, type Answered } from './answer.ts';
import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide confirm`: a person's yes to what waits for it, by the id of a deployment or commit, or its first characters. */
export async function confirm(terminal: Terminal, { id }: { readonly id: string | null }): Promise<number> {
  const answer = (await send(terminal.socket, 'confirm', { id })) as Answered;
  return tell(terminal, answer, `${answerText(answer)} is confirmed`);
}
