import { allowedLength, parseLength } from '../api/contract-duration.ts';
import { send, tell } from './command-api.ts';
import { UsageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** `abide suspend`: nothing is deployed until `resume`, or for the length of time `for`; survives restarts. */
export async function suspend(
  terminal: Terminal,
  { reason, for: length = null }: { readonly reason: string; readonly for?: string | null },
): Promise<number> {
  if (length !== null && parseLength(length) === null) {
    throw new UsageError(
      `--for ${length}: allowed is ${allowedLength}; without --for it lasts until abide resume`,
    );
  }
  const answer = await send(terminal.socket, 'suspend', { reason, for: length });
  return tell(terminal, answer, `suspended ${length ? `for ${length}` : 'until abide resume'}`);
}
