import { createConnection, type Socket } from 'node:net';

/** Nobody serves the socket, or not to this user; the message says what to do. Exit code 3. */
export class DaemonUnreachable extends Error {
  override readonly name = 'DaemonUnreachable';
}

/** The daemon answered, and the answer is an error of the contract: its HTTP status, code and message. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** One request over the socket. */
export interface ApiRequest {
  readonly socket: string;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** From the connection to the end of the answer, default 10 s. */
  readonly timeoutMs?: number;
}

const mostBytes = 64 * 1024 * 1024;

/**
 * The answer's JSON, unchecked: the socket's owner is trusted. Throws DaemonUnreachable and ApiError. Written on
 * node:net because `abide status` starts noticeably faster without node:http.
 */
export async function ask(request: ApiRequest): Promise<unknown> {
  const { timeoutMs = 10_000, socket: path } = request;
  const socket = connect(request);
  const timer = setTimeout(() => socket.destroy(timedOut(path, timeoutMs)), timeoutMs);
  try {
    const chunks = await chunksOf(socket, path);
    return readAnswer(Buffer.concat(chunks), path);
  } catch (error) {
    throw explain(error, path);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Everything until the other end closes; by events, which start faster than the iterator of a stream. */
function chunksOf(socket: Socket, path: string): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) throw new DaemonUnreachable(`${path} answers without end; it is not abide`);
      if (chunks.push(chunk) === 1) readHead(chunk, path);
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        reject(error);
      }
    });
    socket.once('error', reject).once('close', () => resolve(chunks));
  });
}

/** A connection with the request written to it. HTTP/1.0, so that the answer is unchunked and ends with the connection. */
export function connect({
  socket: path,
  method = 'GET',
  path: target,
  body,
  headers = {},
}: ApiRequest): Socket {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const fields = {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(method === 'POST' ? { 'Content-Length': String(Buffer.byteLength(payload)) } : {}),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = createConnection(path);
  socket.write(`${method} ${target} HTTP/1.0\r\n${lines.join('')}\r\n${payload}`);
  return socket;
}

/** Status and length of the head of an answer, null while it is incomplete. Throws DaemonUnreachable for anything else. */
export function readHead(
  bytes: Buffer,
  path: string,
): { readonly status: number; readonly length: number } | null {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  if (!'HTTP/1.'.startsWith(head.slice(0, 7))) throw notAbide(path);
  if (end < 0) return null;
  const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
  if (status === undefined) throw notAbide(path);
  return { status: Number(status), length: end + 4 };
}

/** The value of a whole answer. Throws ApiError for one that is not 2xx. */
export function readAnswer(bytes: Buffer, path: string): unknown {
  const head = readHead(bytes, path);
  if (!head)
    throw new DaemonUnreachable(`the daemon hung up in the middle of its answer (${path}); try again`);
  const value = parse(bytes.toString('utf8', head.length), path);
  if (head.status < 300) return value;
  const { code = 'unexpected', message = `HTTP status ${head.status}` } =
    (value as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  throw new ApiError(head.status, code, message);
}

/** A failed connection in words that say what to do; other errors stay as they are. */
export function explain(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  return new DaemonUnreachable(reason(code, path), { cause: error });
}

function reason(code: string, path: string): string {
  if (code === 'ENOENT')
    return `the daemon does not run here: there is no ${path}. Is the service started (systemctl status abide)?`;
  if (code === 'ECONNREFUSED')
    return `the daemon does not run: nobody serves ${path}. Start the service (systemctl start abide)`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `you may not use ${path}. Use sudo, or become a member of the socket's group (ls -l ${path})`;
  }
  if (code === 'ENOTSOCK' || code === 'ENOTDIR' || code === 'EINVAL')
    return `${path} is not a socket; check --socket`;
  return `the daemon cannot be reached at ${path}: ${code}`;
}

function timedOut(path: string, ms: number): DaemonUnreachable {
  return new DaemonUnreachable(
    `the daemon did not answer within ${ms / 1000} s at ${path}; its log may say why (journalctl -u abide)`,
  );
}

function notAbide(path: string): DaemonUnreachable {
  return new DaemonUnreachable(`what serves ${path} is not abide; check --socket`);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DaemonUnreachable(`the daemon hung up in the middle of its answer (${path}); try again`);
  }
}
