import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createDeflate } from 'node:zlib';

/** A Git server on 127.0.0.1. */
export interface GitServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Authorization headers of all requests that had one. */
  readonly authorizations: string[];
  readonly requests: string[];
  /** Bytes of request and answer bodies. */
  readonly bytes: () => number;
  close(): Promise<void>;
}

export interface HonestOptions {
  /** Every request needs this user and password. */
  readonly login?: () => string;
  /** Answers wait for it. */
  /** Answers a web page while true. */
  readonly page?: () => boolean;
  /** Knows nothing of protocol version 2. */
  readonly oldProtocol?: boolean;
  readonly before?: (request: IncomingMessage) => Promise<void>;
}

/** Serves every repository below `root` with the real git-http-backend. */
export function honestServer(
  root: string,
  { login, before, page, oldProtocol }: HonestOptions = {},
): Promise<GitServer> {
  return serve((request, response, count) => {
    void (async () => {
      if (login && request.headers.authorization !== `Basic ${Buffer.from(login()).toString('base64')}`) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
        return;
      }
      if (page?.()) {
        response.end('<html>welcome</html>');
        return;
      }
      if (oldProtocol) delete request.headers['git-protocol'];
      await before?.(request);
      backend(root, request, response, count);
    })();
  });
}

/** Answers every request as the listener says. */
export function hostileServer(listener: RequestListener): Promise<GitServer> {
  return serve((request, response) => listener(request, response));
}

/** A listener that serves one branch main and a pack that never ends. */
export function endlessPack(): RequestListener {
  return (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-advertisement' });
      response.end(
        `${packet('# service=git-upload-pack\n')}0000${packet(`${'1'.repeat(40)} refs/heads/main\0ofs-delta\n`)}0000`,
      );
      return;
    }
    response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-result' });
    response.write(packet('NAK\n'));
    response.write(Buffer.concat([Buffer.from('PACK'), Buffer.from([0, 0, 0, 2, 0, 0, 0, 1]), blobHeader]));
    const deflate = createDeflate({ level: 0 });
    deflate.pipe(response);
    const chunk = randomBytes(1 << 20);
    const more = () => {
      while (!response.destroyed && deflate.write(chunk));
      if (!response.destroyed) deflate.once('drain', more);
    };
    more();
  };
}

/** One pkt-line. */
export function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

// A blob of 2^39 bytes: four bits of its size in the first byte, seven in each of the others.
const blobHeader = Buffer.from([0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, count: (bytes: number) => void) => void,
): Promise<GitServer> {
  const authorizations: string[] = [];
  const requests: string[] = [];
  let bytes = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization) authorizations.push(request.headers.authorization);
    response.on('error', () => undefined);
    handle(request, response, (length) => {
      bytes += length;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    authorizations,
    requests,
    bytes: () => bytes,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function backend(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  count: (bytes: number) => void,
): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn(join(execPath(), 'git-http-backend'), {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      HOME: '/nonexistent',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.on('data', (chunk: Buffer) => count(chunk.length));
  request.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    const headers = output
      .subarray(0, end)
      .toString()
      .split('\r\n')
      .map((line) => line.split(': ') as [string, string]);
    const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
    const body = output.subarray(end + 4);
    count(body.length);
    response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status'))).end(body);
  });
}

function execPath(): string {
  return execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim();
}
