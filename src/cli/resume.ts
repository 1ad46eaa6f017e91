import { send, tell } from './command-api.ts';
import type { Terminal } from './terminal.ts';

/** `abide resume`: ends a suspension. */
export async function resume(terminal: Terminal): Promise<number> {
  return tell(terminal, await send(terminal.socket, 'resume', {}), 'resumed');
}
