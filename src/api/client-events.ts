import { StringDecoder } from 'node:string_decoder';
import type { HostEvent } from '../domain/event.ts';
import type { HostStatus } from '../domain/status.ts';
import { connect, explain, readAnswer, readHead } from './client.ts';

/** What a stream brings: the status at first and whenever it changed, events as they happen. */
export type Streamed =
  | { readonly type: 'status'; readonly status: HostStatus }
  | { readonly type: 'event'; readonly event: HostEvent };

/** Which socket, and after which event to begin; null: only new ones. */
export interface FollowOptions {
  readonly socket: string;
  readonly since: number | null;
}

// A server that runs sends a comment at least every 20 s.
const silenceMs = 60_000;

/**
 * Server-sent events until the daemon ends the stream, the caller stops reading or `signal` says so. Throws
 * DaemonUnreachable and ApiError.
 */
export async function* follow(
  { socket: path, since }: FollowOptions,
  signal?: AbortSignal,
): AsyncGenerator<Streamed> {
  const headers = since === null ? {} : { 'Last-Event-ID': String(since) };
  const socket = connect({
    socket: path,
    path: '/v1/events',
    headers: { Accept: 'text/event-stream', ...headers },
  });
  const stop = () => socket.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  socket.setTimeout(silenceMs, stop);
  try {
    const reader = createReader(path);
    for await (const chunk of socket as AsyncIterable<Buffer>) yield* reader.read(chunk);
    reader.end();
  } catch (error) {
    if (!signal?.aborted && !isHangUp(error)) throw explain(error, path);
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.destroy();
  }
}

/** Turns the bytes of a stream into what they say, however they are cut; `end` throws what an answer that is no stream says. */
function createReader(path: string) {
  const decoder = new StringDecoder('utf8');
  let head: Buffer | null = Buffer.alloc(0);
  let rest = '';
  return {
    read: (chunk: Buffer): Streamed[] => {
      if (head) {
        head = Buffer.concat([head, chunk]);
        const found = readHead(head, path);
        if (found?.status !== 200) return [];
        chunk = head.subarray(found.length);
        head = null;
      }
      const blocks = (rest + decoder.write(chunk)).split('\n\n');
      rest = blocks.pop() ?? '';
      return blocks.flatMap(parseBlock);
    },
    end: () => {
      if (head && head.length > 0) readAnswer(head, path);
    },
  };
}

function parseBlock(block: string): Streamed[] {
  const lines = block.split('\n');
  const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const type = field('event');
  const data = field('data');
  if (data === undefined) return [];
  if (type === 'status') return [{ type, status: JSON.parse(data) as HostStatus }];
  return type === 'event' ? [{ type, event: JSON.parse(data) as HostEvent }] : [];
}

function isHangUp(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
