import { createConnection } from 'node:net';
import { request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface RawRequest {
  readonly socket: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One request by Node's own client, so that the server is not tested by our client alone. */
export function send({
  socket,
  method = 'GET',
  path = '/v1/status',
  headers = {},
  body,
}: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent: false, socketPath: socket, method, path, headers: { ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** POST of JSON. */
export function post(socket: string, path: string, value: unknown): Promise<RawAnswer> {
  const headers = { 'Content-Type': 'application/json' };
  return send({ socket, method: 'POST', path, headers, body: JSON.stringify(value) });
}

/** Writes bytes as they are and gives all that came back until the server hung up. */
export function sendBytes(socket: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    let answer = '';
    connection.on('data', (chunk) => (answer += chunk.toString()));
    connection.on('error', () => resolve(answer));
    connection.on('close', () => resolve(answer));
    connection.write(bytes);
  });
}
