import { follow } from '../api/client-events.ts';
import { DaemonUnreachable } from '../api/client.ts';
import type { HostStatus } from '../domain/status.ts';
import { send, tell } from './command-api.ts';
import { exitCodes } from './exit.ts';
import { createPaint } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { renderStatus, summaryTones } from './render-status.ts';
import type { Terminal } from './terminal.ts';
import { workText } from './trouble-rows.ts';

/** `abide reconcile`: looks again now; with `wait` until the look and all that followed from it have come to an end. */
export async function reconcile(terminal: Terminal, { wait }: { readonly wait: boolean }): Promise<number> {
  const answer = (await send(terminal.socket, 'reconcile', {})) as { readonly token: string };
  if (!wait) return tell(terminal, answer, 'abide looks again');
  return tellEnd(terminal, await waitForEnd(terminal, answer.token));
}

/** How a wait ends by a status, null while it goes on: the token was served, and the loop rests or waits. */
export function endOfWait(status: HostStatus, token: string): 'good' | 'bad' | null {
  const { summary, state, suspended, waiting, reconcile: tokens } = status;
  if (suspended) return 'bad';
  // Tokens sort as text; a later one was served in place of this one.
  if (tokens.handled === null || tokens.handled < token) return null;
  if (state === 'backoff' || state === 'stalled') return 'bad';
  if (state === 'gating' || state === 'probation') return waiting ? 'good' : null;
  if (state !== 'settled' || summary === 'Progressing') return null;
  return summary === 'InSync' || summary === 'Waiting' ? 'good' : 'bad';
}

async function waitForEnd({ socket, now, err }: Terminal, token: string): Promise<HostStatus> {
  let told = '';
  for await (const said of follow({ socket, since: null })) {
    if (said.type === 'event') continue;
    const status = plainData(said.status);
    if (endOfWait(status, token) !== null) return said.status;
    const text = progressText(status, now());
    if (text !== told) err(text);
    told = text;
  }
  throw new DaemonUnreachable(
    'the daemon was stopped or restarted while it was waited for; abide status tells where it stands',
  );
}

/** Without the elapsed time, which alone is no news. */
function progressText(status: HostStatus, now: number): string {
  const { progress } = status;
  const text = workText(
    progress ? { ...status, progress: { ...progress, since: new Date(now).toISOString() } } : status,
    now,
  );
  return (text ?? status.message).replace(', 0 ms so far', '');
}

function tellEnd(terminal: Terminal, end: HostStatus): number {
  const { json, color, width, now, out, err } = terminal;
  const { summary, message, waiting, suspended } = plainData(end);
  const why = suspended
    ? `: ${suspended.reason}`
    : waiting
      ? `: waiting for ${waiting.gate}: ${waiting.reason}`
      : '';
  const good = summary === 'InSync' || summary === 'Waiting';
  if (json) out(jsonText(end));
  else out(`${createPaint(color)(summaryTones[summary], summary)}  ${message}${why}`);
  if (good) return exitCodes.done;
  if (!json) err(renderStatus(end, { now: now(), color: false, width }));
  return exitCodes.failed;
}
