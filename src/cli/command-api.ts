import { ask } from '../api/client.ts';
import { claimedUser } from './claimed-user.ts';
import { exitCodes } from './exit.ts';
import { jsonText } from './plain-data.ts';
import type { Terminal } from './terminal.ts';

/** Sends a command with the claimed user; a command may take a while, because it is journalled first. */
export async function send(socket: string, name: string, fields: object): Promise<unknown> {
  return ask({
    socket,
    method: 'POST',
    path: `/v1/${name}`,
    body: { ...fields, by: claimedUser() },
    timeoutMs: 60_000,
  });
}

/** Says what a command did: the daemon's answer with --json, else the sentence. */
export function tell({ json, out }: Terminal, answer: unknown, sentence: string): number {
  out(json ? jsonText(answer) : sentence);
  return exitCodes.done;
}
