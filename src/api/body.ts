import type { IncomingMessage, ServerResponse } from 'node:http';
import type * as z from 'zod';
import { Failure } from './failure.ts';

const limit = 64 * 1024;
// Read on for so long, because a client that still writes does not see the answer to a body that is too large.
const drainMs = 1000;

/** The request's JSON body, checked; nothing at all counts as `{}`. Throws Failure with 400, 413 or 415. */
export async function readBody<T extends z.ZodType>(
  request: IncomingMessage,
  response: ServerResponse,
  schema: T,
): Promise<z.output<T>> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) return await refuseLarge(request);
  if (hasBody(request)) checkType(request);
  if (request.headers.expect !== undefined) response.writeContinue();
  return check(parse(await read(request)), schema);
}

/** True when the request comes with a body, by its headers. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function checkType({ headers }: IncomingMessage): void {
  const type = (headers['content-type'] ?? '').toLowerCase();
  if (!/^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/.test(type)) {
    throw new Failure(415, 'unsupported_media_type', 'the body must be application/json');
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new Failure(415, 'unsupported_media_type', 'the body must not be compressed');
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) break;
    chunks.push(chunk);
  }
  if (size > limit) return await refuseLarge(request);
  return Buffer.concat(chunks);
}

async function refuseLarge(request: IncomingMessage): Promise<never> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, drainMs);
    request.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    request.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
    request.resume();
  });
  throw new Failure(413, 'body_too_large', `the body has more than ${limit} bytes`);
}

function parse(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Failure(400, 'bad_request', 'the body is not JSON in UTF-8');
  }
}

/** A value as the schema has it. Throws Failure 400 that names what is wrong. */
export function check<T extends z.ZodType>(value: unknown, schema: T): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => (path.length > 0 ? `${path.join('.')}: ` : '') + message,
  );
  throw new Failure(400, 'bad_request', issues.join('; ').slice(0, 1000));
}
