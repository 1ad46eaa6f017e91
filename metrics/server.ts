import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Log } from '../src/domain/log.ts';

/** Whether a probe holds, and one sentence why. */
export interface Probe {
  readonly ok: boolean;
  readonly message: string;
}

/** What the listener serves. */
export interface MetricsServerDeps {
  /** As the configuration gives it; port 0 is any free one, an IPv6 host stands without brackets. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly scrape: () => Promise<string>;
  /** Default: the Prometheus text format 0.0.4. */
  readonly contentType?: string;
  /** The loop ticked lately. */
  readonly healthy: () => Probe;
  /** Observed once, and the journal is loaded. */
  readonly ready: () => Probe;
  readonly log: Log;
  /** Delay before the first new try to bind, in milliseconds; doubled up to a minute. Default 1000. */
  readonly retryMs?: number;
}

/** The listener for metrics and health. */
export interface MetricsServer {
  /** `host:port` once it is bound, null while it is not. */
  readonly address: () => string | null;
  /** Resolves with the bound address; stays open while the address is taken. */
  readonly bound: Promise<string>;
  /** Ends open connections and waits for none. */
  readonly close: () => Promise<void>;
}

/**
 * Serves GET `/metrics`, `/healthz` and `/readyz` to whoever reaches the address. An address that cannot be bound is tried
 * again for ever and never ends the process: a host without metrics must still be reconciled.
 */
export function createMetricsServer(deps: MetricsServerDeps): MetricsServer {
  const { promise: bound, resolve } = withResolvers<string>();
  const server = createServer((request, response) => {
    answer(request, response, deps).catch((error: unknown) => fail(response, error, deps.log));
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  const stopTrying = keepBinding(server, deps, resolve);
  return {
    address: () => addressOf(server),
    bound,
    close: () => {
      stopTrying();
      return closeServer(server);
    },
  };
}

const longestRetryMs = 60_000;
const textFormat = 'text/plain; version=0.0.4; charset=utf-8';
const compress = promisify(gzip);

/** The returned function ends the trying. */
function keepBinding(
  server: Server,
  deps: MetricsServerDeps,
  onBound: (address: string) => void,
): () => void {
  const { retryMs = 1000, log } = deps;
  const { host, port } = deps.listen;
  const listen = addressText(host, port);
  let delayMs = retryMs;
  let timer: NodeJS.Timeout | undefined;
  const bind = () => {
    if (!server.listening) server.listen({ host, port, exclusive: true });
  };
  server.on('error', (err: NodeJS.ErrnoException) => {
    // Only the first failure is news; the address may be taken for days.
    const tell = delayMs === retryMs ? log.warn : log.debug;
    tell({ listen, reason: err.code ?? err.message }, `metrics cannot listen on ${listen}; trying again`);
    timer = setTimeout(bind, delayMs).unref();
    delayMs = Math.min(delayMs * 2, longestRetryMs);
  });
  server.on('listening', () => {
    delayMs = retryMs;
    onBound(addressOf(server) ?? listen);
  });
  bind();
  return () => clearTimeout(timer);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deps: MetricsServerDeps,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return send(response, 405, 'only GET is served here\n');
  }
  const [path] = (request.url ?? '').split('?');
  if (path === '/metrics') return sendMetricsOnceReady(request, response, deps);
  if (path === '/healthz') return sendProbe(response, deps.healthy());
  if (path === '/readyz') return sendProbe(response, deps.ready());
  send(response, 404, 'there are /metrics, /healthz and /readyz\n');
}

/** Before the first look a scrape could only say that nothing is known, and alerts would take that for an end of the trouble. */
async function sendMetricsOnceReady(
  request: IncomingMessage,
  response: ServerResponse,
  deps: MetricsServerDeps,
): Promise<void> {
  const ready = deps.ready();
  return ready.ok ? sendMetrics(request, response, deps) : sendProbe(response, ready);
}

async function sendMetrics(
  request: IncomingMessage,
  response: ServerResponse,
  { scrape, contentType = textFormat }: MetricsServerDeps,
): Promise<void> {
  const text = await scrape();
  response.setHeader('Vary', 'Accept-Encoding');
  if (!acceptsGzip(request)) return send(response, 200, text, contentType);
  response.setHeader('Content-Encoding', 'gzip');
  send(response, 200, await compress(text), contentType);
}

function acceptsGzip({ headers }: IncomingMessage): boolean {
  const accepted = (headers['accept-encoding'] ?? '').split(',');
  return accepted.some((one) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(one));
}

function sendProbe(response: ServerResponse, { ok, message }: Probe): void {
  send(response, ok ? 200 : 503, `${message}\n`);
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  type = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(body);
}

function fail(response: ServerResponse, err: unknown, log: Log): void {
  log.error({ err }, 'metrics could not be collected');
  if (response.headersSent) response.destroy();
  else send(response, 500, 'metrics could not be collected; see the log of abide\n');
}

function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function addressOf(server: Server): string | null {
  const address = server.address();
  if (address === null || typeof address === 'string') return null;
  return addressText(address.address, address.port);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
