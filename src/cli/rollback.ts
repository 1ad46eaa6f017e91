import { shortId } from '../domain/commit.ts';
import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide rollback`: goes back to the system before, or to a deployment; the loop is held until `resume`. */
export async function rollback(
  terminal: Terminal,
  { to, reason }: { readonly to: string | null; readonly reason: string },
): Promise<number> {
  const answer = (await send(terminal.socket, 'rollback', { to, reason })) as {
    readonly from: string;
    readonly commit: string | null;
  };
  const where = answer.commit ? shortId(answer.commit) : 'the system before';
  const sentence = `going back from ${shortId(answer.from)} to ${where}, on probation like any deployment; nothing else is deployed until abide resume`;
  return tell(terminal, answer, sentence);
}
