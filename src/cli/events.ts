import { follow } from '../api/client-events.ts';
import { ask, DaemonUnreachable } from '../api/client.ts';
import type { HostEvent } from '../domain/event.ts';
import { exitCodes } from './exit.ts';
import { localTime } from './local-time.ts';
import { createPaint, type Paint } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { padText } from './text-width.ts';
import type { Terminal } from './terminal.ts';

/**
 * `abide events`: what happened, oldest first, one JSON object a line with --json; goes on with `follow`. Without it at
 * most the newest `limit`, null for all that are kept.
 */
export async function events(
  terminal: Terminal,
  options: { readonly follow: boolean; readonly limit: number | null },
): Promise<number> {
  const { socket, json, color, out } = terminal;
  const paint = createPaint(color);
  const print = (event: HostEvent) => out(json ? jsonText(event, 0) : renderEvent(event, paint));
  if (options.follow) return followEvents(terminal, print);
  const headers = { Accept: 'application/json' };
  const list = (await ask({ socket, path: '/v1/events', headers })) as {
    readonly events: readonly HostEvent[];
  };
  const { limit } = options;
  for (const event of limit === null ? list.events : list.events.slice(-limit)) print(event);
  return exitCodes.done;
}

/** An event in one line for people; times are the host's local time. */
function renderEvent(given: HostEvent, paint: Paint): string {
  const { time, severity, message } = plainData(given);
  const tone = severity === 'error' ? 'bad' : severity === 'warning' ? 'busy' : 'plain';
  return `${paint('quiet', localTime(time))}  ${paint(tone, padText(severity, 7))}  ${message}`;
}

async function followEvents({ socket }: Terminal, print: (event: HostEvent) => void): Promise<number> {
  for await (const said of follow({ socket, since: 0 })) if (said.type === 'event') print(said.event);
  throw new DaemonUnreachable('the daemon ended the stream of events: it was stopped or restarted');
}
