import { createServer, type AddressInfo } from 'node:net';
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { createMetricsServer, type MetricsServer, type MetricsServerDeps } from '../../metrics/server.ts';
import type { Log } from '../../src/domain/log.ts';

const open: { close: () => Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function start(change: Partial<MetricsServerDeps> = {}) {
  const lines: string[] = [];
  const write = (level: string) => (_fields: unknown, message: string) => lines.push(`${level} ${message}`);
  const log = Object.fromEntries(
    ['debug', 'info', 'warn', 'error'].map((level) => [level, write(level)]),
  ) as unknown as Log;
  const server: MetricsServer = createMetricsServer({
    listen: { host: '127.0.0.1', port: 0 },
    scrape: () => Promise.resolve('abide_build_info 1\n'),
    healthy: () => ({ ok: true, message: 'the loop ticks' }),
    ready: () => ({ ok: true, message: 'the host is observed' }),
    log,
    retryMs: 20,
    ...change,
  });
  open.push(server);
  return { server, lines };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

const unready = () => ({ ok: false, message: 'the host was not observed yet' });

describe('the metrics listener', () => {
  test('tells nothing before the host was looked at: an alert would take that for the end of the trouble', async () => {
    const { server } = start({ ready: unready, scrape: () => Promise.reject(new Error('never')) });
    const { status, body } = await get(`http://${await server.bound}/metrics`);
    expect([status, body.toString()]).toEqual([503, 'the host was not observed yet\n']);
  });

  test.each([
    ['Prometheus 2', 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'],
    [
      'Prometheus 3',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.4',
    ],
    ['a scraper of protobuf alone', 'application/vnd.google.protobuf;encoding=delimited'],
  ])('tells %s in format 0.0.4 and says so', async (_who, accept) => {
    const address = await start().server.bound;
    const { status, headers } = await get(`http://${address}/metrics`, { accept });
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  });

  test('serves the scrape in format 0.0.4', async () => {
    const address = await start().server.bound;
    const { status, headers, body } = await get(`http://${address}/metrics`);
    expect([status, headers['content-type'], body.toString()]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'abide_build_info 1\n',
    ]);
  });

  test('compresses only when asked', async () => {
    const address = await start().server.bound;
    const asked = await get(`http://${address}/metrics`, { 'Accept-Encoding': 'deflate, gzip;q=0.5' });
    expect(asked.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(asked.body).toString()).toBe('abide_build_info 1\n');
    const refused = await get(`http://${address}/metrics`, { 'Accept-Encoding': 'gzip;q=0' });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  test('answers the probes with 200 or 503 and a sentence', async () => {
    const address = await start({ ready: unready }).server.bound;
    const health = await get(`http://${address}/healthz`);
    expect([health.status, health.body.toString()]).toEqual([200, 'the loop ticks\n']);
    const ready = await get(`http://${address}/readyz`);
    expect([ready.status, ready.body.toString()]).toEqual([503, 'the host was not observed yet\n']);
  });

  test('serves nothing else, and nothing but GET', async () => {
    const address = await start().server.bound;
    expect((await get(`http://${address}/`)).status).toBe(404);
    expect((await get(`http://${address}/v1/status`)).status).toBe(404);
    const posted = await get(`http://${address}/metrics`, {}, 'POST');
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD']);
    const head = await get(`http://${address}/metrics`, {}, 'HEAD');
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });

  test('answers 500 without details when the scrape fails, and logs why', async () => {
    const { server, lines } = start({ scrape: () => Promise.reject(new Error('secret detail')) });
    const { status, body } = await get(`http://${await server.bound}/metrics`);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain('secret detail');
    expect(lines).toContain('error metrics could not be collected');
  });

  test('listens on IPv6 too', async () => {
    const address = await start({ listen: { host: '::1', port: 0 } }).server.bound;
    expect(address).toMatch(/^\[::1\]:\d+$/);
    expect((await get(`http://${address}/healthz`)).status).toBe(200);
  });
});

describe('an address that is taken', () => {
  test('is told once, tried again, and bound when it is free', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { server, lines } = start({ listen: { host: '127.0.0.1', port } });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.address()).toBeNull();
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      `warn metrics cannot listen on 127.0.0.1:${port}; trying again`,
    ]);
    await new Promise((resolve) => other.close(resolve));
    expect(await server.bound).toBe(`127.0.0.1:${port}`);
    expect((await get(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  test('is no longer tried after close', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { server } = start({ listen: { host: '127.0.0.1', port } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
    await new Promise((resolve) => other.close(resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(server.address()).toBeNull();
  });

  test('and an address that does not exist here never ends the process', async () => {
    const { server, lines } = start({ listen: { host: '192.0.2.1', port: 9642 } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.address()).toBeNull();
    expect(lines[0]).toContain('warn metrics cannot listen');
  });
});
