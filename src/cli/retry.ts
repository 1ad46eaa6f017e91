import { shortId } from '../domain/commit.ts';
import { checkCommit } from './check-commit.ts';
import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide retry`: lifts the quarantine or stall of a commit, without one of whatever is in trouble. */
export async function retry(
  terminal: Terminal,
  { commit }: { readonly commit: string | null },
): Promise<number> {
  const wanted = commit === null ? null : checkCommit(commit);
  const answer = (await send(terminal.socket, 'retry', { commit: wanted })) as {
    readonly commits?: readonly string[];
  };
  const lifted = answer.commits?.map(shortId).join(', ');
  return tell(terminal, answer, lifted ? `${lifted} is tried again` : 'tried again');
}
