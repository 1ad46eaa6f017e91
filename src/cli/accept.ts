import { checkCommit } from './check-commit.ts';
import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide accept`: goes on from a commit after rewritten history or lost state; it must itself be trusted. */
export async function accept(
  terminal: Terminal,
  { commit, reason }: { readonly commit: string; readonly reason: string },
): Promise<number> {
  const answer = await send(terminal.socket, 'accept', { commit: checkCommit(commit), reason });
  const accepted = (answer as { readonly commit?: string }).commit ?? commit;
  return tell(terminal, answer, `${accepted} is accepted: the floor is there from here on`);
}
