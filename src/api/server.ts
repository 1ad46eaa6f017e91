import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { hasBody, readBody } from './body.ts';
import { querySchemas, requestSchemas, type RouteName } from './contract.ts';
import { createEventStreams, lastEventId, type EventStreams, type StreamTiming } from './event-stream.ts';
import { errorBody, Failure, sendFailure, sendJson, toFailure } from './failure.ts';
import type { ApiHandlers } from './handlers.ts';
import type { Log } from '../domain/log.ts';
import { readQuery } from './query.ts';
import { findRoute } from './route.ts';
import { bindSocket } from './socket-file.ts';

/** Times of the server, in milliseconds; tests shorten them. */
export interface ApiTiming extends StreamTiming {
  readonly headersMs: number;
  readonly requestMs: number;
}

/** What the server is made of; `handlers` is all it knows of the daemon. */
export interface ApiServerOptions {
  /** Path of the Unix socket. */
  readonly socket: string;
  /** Who besides the daemon's user may use it; a group that does not exist is a warning. */
  readonly group: string;
  readonly handlers: ApiHandlers;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly timing?: Partial<ApiTiming>;
}

/** The control API; `listen` may be tried again after it threw. */
export interface ApiServer {
  /** Resolves when clients are served. Throws Problem `socket_in_use` or `socket_unusable`. */
  listen(): Promise<void>;
  /** Ends every stream and connection and removes the socket. */
  close(): Promise<void>;
}

const defaultTiming: ApiTiming = {
  heartbeatMs: 20_000,
  statusEveryMs: 250,
  headersMs: 10_000,
  requestMs: 20_000,
};
const closeGraceMs = 500;

/** The control API of the contract: HTTP with JSON on a Unix socket, whose mode and group are the whole permission. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { socket: path, group, handlers, log } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const streams = createEventStreams(handlers, timing);
  const actions = createActions(handlers, streams);
  let server: Server | undefined;
  return {
    listen: async () => {
      const next = createHttpServer(timing, (request, response) =>
        serve({ request, response, actions, log }),
      );
      await bindSocket(next, { path, group, log });
      server = next;
    },
    close: async () => {
      const last = server;
      server = undefined;
      streams.close();
      if (last) await closeServer(last);
    },
  };
}

type Action = (request: IncomingMessage, response: ServerResponse, id: string) => unknown;

/** Each route's doing; what it returns is the answer's JSON, and nothing when it answered itself. */
function createActions(handlers: ApiHandlers, streams: EventStreams): Readonly<Record<RouteName, Action>> {
  const command =
    <K extends keyof typeof requestSchemas>(
      name: K,
      run: (body: ReturnType<(typeof requestSchemas)[K]['parse']>) => unknown,
    ) =>
    async (request: IncomingMessage, response: ServerResponse) => {
      const body = await readBody(request, response, requestSchemas[name]);
      return (await run(body as ReturnType<(typeof requestSchemas)[K]['parse']>)) ?? {};
    };
  return {
    status: () => handlers.status(),
    history: () => ({ apiVersion: 'abide/v1', kind: 'DeploymentList', deployments: handlers.history() }),
    deployment: (_request, _response, id) => findDeployment(handlers, id),
    events: (request, response) => {
      if (!wantsList(request)) return streams.open(request, response);
      const events = handlers.events.since(lastEventId(request) ?? 0);
      return { apiVersion: 'abide/v1', kind: 'EventList', events };
    },
    audit: async ({ url }) => {
      const { limit } = readQuery(url, querySchemas.audit);
      return { apiVersion: 'abide/v1', kind: 'AuditLog', ...(await handlers.audit(limit)) };
    },
    plan: ({ url }, response) => {
      const { commit } = readQuery(url, querySchemas.plan);
      const hungUp = new AbortController();
      response.once('close', () => hungUp.abort());
      return handlers.plan(commit, hungUp.signal);
    },
    planProgress: () => ({ progress: handlers.planProgress() }),
    why: ({ url }) => handlers.why(readQuery(url, querySchemas.why).commit),
    reconcile: command('reconcile', (body) => handlers.reconcile(body)),
    suspend: command('suspend', (body) => handlers.suspend(body)),
    resume: command('resume', (body) => handlers.resume(body)),
    retry: command('retry', (body) => handlers.retry(body)),
    accept: command('accept', (body) => handlers.accept(body)),
    confirm: command('confirm', (body) => handlers.confirm(body)),
    reject: command('reject', (body) => handlers.reject(body)),
    rollback: command('rollback', (body) => handlers.rollback(body)),
    unsupported: ({ url }) => {
      const path = (url ?? '').split('?')[0];
      throw new Failure(501, 'not_supported', `${path} is not supported yet by this version of abide`);
    },
  };
}

function findDeployment(handlers: ApiHandlers, id: string): unknown {
  const deployment = handlers.deployment(id);
  if (deployment) return deployment;
  throw new Failure(404, 'not_found', `no deployment has the id ${JSON.stringify(id.slice(0, 100))}`);
}

function wantsList({ headers }: IncomingMessage): boolean {
  const accept = headers.accept ?? '';
  return accept.includes('application/json') && !accept.includes('text/event-stream');
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly actions: Readonly<Record<RouteName, Action>>;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

async function serve({ request, response, actions, log }: Exchange): Promise<void> {
  try {
    const { name, id } = findRoute(request.method ?? '', request.url ?? '');
    if (request.method === 'GET' && hasBody(request)) {
      throw new Failure(400, 'bad_request', 'GET takes no body');
    }
    const answer = await actions[name](request, response, id);
    if (answer !== undefined) sendJson(response, 200, answer);
  } catch (error) {
    // A client that hung up gets no answer, and its hanging up is not news.
    if (request.errored) response.destroy();
    else sendFailure(response, toFailure(error, log));
  }
}

function createHttpServer(
  timing: ApiTiming,
  serveOne: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Server {
  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: timing.headersMs,
    requestTimeout: timing.requestMs,
    connectionsCheckingInterval: Math.min(1000, timing.headersMs),
    keepAliveTimeout: 5000,
  });
  server.maxConnections = 512;
  const onRequest = (request: IncomingMessage, response: ServerResponse) => void serveOne(request, response);
  server.on('request', onRequest);
  server.on('checkContinue', onRequest);
  server.on('clientError', answerGarbage);
  return server;
}

const garbage: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers_too_large',
    'the headers are too large',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'the request took too long to arrive'],
};

function answerGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, code, message] = garbage[error.code ?? ''] ?? [
    '400 Bad Request',
    'bad_request',
    'this is not HTTP',
  ];
  const body = `${JSON.stringify(errorBody({ code, message }))}\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
