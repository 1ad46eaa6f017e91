import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostEvent } from '../domain/event.ts';
import { Failure } from './failure.ts';
import type { ApiHandlers } from './handlers.ts';

/** How the streams of server-sent events behave. */
export interface StreamTiming {
  /** A comment is sent this often, so that both ends notice when the other has gone. */
  readonly heartbeatMs: number;
  /** Shortest time between two `status` events to one client. */
  readonly statusEveryMs: number;
}

/** The open streams of one server. */
export interface EventStreams {
  /** Answers a GET /v1/events by a stream that lasts until either end closes it. Throws Failure. */
  open(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all of them. */
  close(): void;
}

const mostStreams = 64;
// A client that is so far behind is cut off; it resumes by Last-Event-ID.
const mostUnsent = 1024 * 1024;

/** Server-sent events: first the status, then what Last-Event-ID missed, then events and changed status as they come. */
export function createEventStreams(handlers: ApiHandlers, timing: StreamTiming): EventStreams {
  const open = new Set<() => void>();
  return {
    open: (request, response) => {
      const since = lastEventId(request);
      if (open.size >= mostStreams) {
        throw new Failure(503, 'too_many_streams', `${mostStreams} clients follow events already`);
      }
      const end = startStream(response, since, { handlers, timing });
      open.add(end);
      response.once('close', () => {
        open.delete(end);
        end();
      });
    },
    close: () => {
      for (const end of open) end();
      open.clear();
    },
  };
}

/** The id after which a client wants to hear; null when it did not say. Throws Failure 400. */
export function lastEventId(request: IncomingMessage): number | null {
  const said = request.headers['last-event-id'];
  if (said === undefined) return null;
  if (typeof said === 'string' && /^\d{1,15}$/.test(said)) return Number(said);
  throw new Failure(400, 'bad_request', 'Last-Event-ID must be the id of an event: a whole number');
}

interface StreamParts {
  readonly handlers: ApiHandlers;
  readonly timing: StreamTiming;
}

function startStream(
  response: ServerResponse,
  since: number | null,
  { handlers, timing }: StreamParts,
): () => void {
  const write = (text: string) => {
    response.write(text);
    if (response.writableLength > mostUnsent) response.destroy();
  };
  const sendEvent = (event: HostEvent) => write(message('event', event, event.id));
  const sendStatus = () => write(message('status', handlers.status()));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  // Same turn for all of it, so that no event falls between what is kept and what comes.
  sendStatus();
  if (since !== null) for (const event of handlers.events.since(since)) sendEvent(event);
  const unsubscribe = handlers.events.subscribe(sendEvent);
  const throttled = throttle(sendStatus, timing.statusEveryMs, () => response.writableNeedDrain);
  const unwatch = handlers.onStatus(throttled.call);
  const heartbeat = setInterval(() => write(': still here\n\n'), timing.heartbeatMs);
  return () => {
    clearInterval(heartbeat);
    throttled.stop();
    unwatch();
    unsubscribe();
    if (!response.writableEnded) response.end();
  };
}

function message(type: string, data: unknown, id?: number): string {
  return `event: ${type}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Runs at most every `ms`, always once more after the last call; puts it off while the client does not read. */
function throttle(run: () => void, ms: number, isBusy: () => boolean) {
  let timer: NodeJS.Timeout | undefined;
  let last = Number.NEGATIVE_INFINITY;
  const fire = () => {
    timer = undefined;
    if (isBusy()) {
      timer = setTimeout(fire, ms);
      return;
    }
    last = performance.now();
    run();
  };
  return {
    call: () => {
      timer ??= setTimeout(fire, Math.max(0, last + ms - performance.now()));
    },
    stop: () => clearTimeout(timer),
  };
}
