import { createServer } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckSeen } from '../../../src/domain/check.ts';
import { commandCheck } from '../../../src/host/health/command.ts';
import { connectivityCheck } from '../../../src/host/health/connectivity.ts';
import type { Against, HealthCheck, Limit } from '../../../src/host/health/health-check.ts';
import { createHealth } from '../../../src/host/health/health.ts';
import { httpCheck } from '../../../src/host/health/http.ts';
import { inboundCheck } from '../../../src/host/health/inbound.ts';
import { tcpCheck } from '../../../src/host/health/tcp.ts';
import { run } from '../../../src/process.ts';

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const limit = (): Limit => ({ ms: 5000, signal: new AbortController().signal });
const health = (...checks: readonly HealthCheck[]) =>
  createHealth({ checks, uptime: () => performance.now() });
const order = { before: null, previous: null, toplevel: '/new', withinMs: 60_000 };
const never = new AbortController().signal;
const closed = 1;

test('an answer with the status passes; another, a redirect too, and none fail', async () => {
  const port = await listen(
    createServer((request, response) => {
      response.writeHead(request.url === '/moved' ? 302 : 200, { location: '/' });
      response.write('a body that never ends');
    }),
  );
  const ask = (path: string, status: number, at = port) =>
    httpCheck('web', 1000, { url: `http://127.0.0.1:${at}${path}`, status }).look(null, limit());
  expect(await ask('/', 200)).toMatchObject({ status: 'passing' });
  expect(await ask('/moved', 302)).toMatchObject({ status: 'passing' });
  expect((await ask('/moved', 200)).message).toContain('answered 302, and 200 is wanted');
  expect((await ask('/', 200, closed)).message).toContain('ECONNREFUSED');
});

test('a port that accepts passes', async () => {
  const port = await listen(createTcp());
  expect(await tcpCheck('db', 1000, { host: '127.0.0.1', port }).look(null, limit())).toMatchObject({
    status: 'passing',
  });
  expect(await tcpCheck('db', 1000, { host: '127.0.0.1', port: closed }).look(null, limit())).toMatchObject({
    status: 'failing',
  });
});

describe('a program', () => {
  const program = (...command: readonly string[]) =>
    commandCheck({ run, path: '/usr/bin:/bin' }, { name: 'app', timeoutMs: 1000, command });

  test('passes by exit 0 and else says its last line', async () => {
    expect(await program('true').look(null, limit())).toMatchObject({ status: 'passing' });
    expect(await program('sh', '-c', 'echo one; echo two >&2; exit 3').look(null, limit())).toEqual({
      status: 'failing',
      message: 'exit code 3: two',
    });
  });

  test('sees nothing of the daemon but PATH', async () => {
    const look = await program('sh', '-c', 'env | cut -d= -f1 | sort | tr "\\n" " "; exit 1').look(
      null,
      limit(),
    );
    expect(look.message).toMatch(/^exit code 1: HOME LANG PATH PWD/);
  });

  test('that is not there is a failure for good', async () => {
    expect(await program('no-such-program').look(null, limit())).toMatchObject({
      status: 'failing',
      definitive: true,
    });
  });
});

test('ports that listened must listen again; others do not count', async () => {
  const server = createTcp();
  const port = await listen(server);
  const check = inboundCheck([port, closed]);
  const before = await check.look(null, limit());
  expect(before).toMatchObject({ status: 'passing', well: [String(port)], unwell: [String(closed)] });
  const against: Against = {
    before: asSeen('inbound', before.well ?? []),
    previous: '/old',
    toplevel: '/new',
  };
  expect(await check.look(against, limit())).toMatchObject({ status: 'passing' });
  await new Promise((resolve) => server.close(resolve));
  expect(await check.look(against, limit())).toMatchObject({
    status: 'failing',
    message: `nothing listens on ${port} any more`,
  });
  expect(await inboundCheck([closed]).look(null, limit())).toMatchObject({ status: 'unknown' });
  expect(await inboundCheck([closed], '/nowhere').look(null, limit())).toMatchObject({ status: 'unknown' });
});

test('some remote that answered must answer again', async () => {
  const port = await listen(createTcp());
  const at = (remote: string, to: number) => ({ remote, host: '127.0.0.1', port: to });
  const up = connectivityCheck([at('a', port), at('b', closed)]);
  const against = (...well: string[]): Against => ({
    before: asSeen('connectivity', well),
    previous: null,
    toplevel: '/n',
  });
  expect(await up.look(null, limit())).toMatchObject({ status: 'passing', well: ['a'], unwell: ['b'] });
  expect(await up.look(against('a'), limit())).toMatchObject({ status: 'passing' });
  expect(await up.look(against('b'), limit())).toMatchObject({ status: 'failing' });
  expect(await up.look(against(), limit())).toMatchObject({ status: 'passing' });
  expect(await connectivityCheck([at('b', closed)]).look(null, limit())).toMatchObject({ status: 'failing' });
  expect(await connectivityCheck([]).look(null, limit())).toMatchObject({ status: 'unknown' });
});

describe('all checks together', () => {
  test('one that never returns holds nobody up, and is not begun twice', async () => {
    let begun = 0;
    const stuck: HealthCheck = {
      name: 'stuck',
      timeoutMs: 60_000,
      look: () => ((begun += 1), new Promise(() => undefined)),
    };
    const fine: HealthCheck = {
      name: 'fine',
      timeoutMs: 60_000,
      look: () => Promise.resolve({ status: 'passing', message: null }),
    };
    const { look } = health(stuck, fine);
    const first = await look({ ...order, withinMs: 50 }, never);
    expect(first.map(({ status, message }) => [status, message])).toEqual([
      ['failing', 'no answer within 0.05 s'],
      ['passing', null],
    ]);
    const [again] = await look({ ...order, withinMs: 50 }, never);
    expect([again?.message, begun]).toEqual(['the look before has not ended yet', 1]);
  });

  test('what a check throws is what it says, without control characters', async () => {
    const bad: HealthCheck = {
      name: 'bad',
      timeoutMs: 100,
      look: () => Promise.reject(new Error('\u001b[31mred\u001b[0m')),
    };
    expect(await health(bad).baseline()).toMatchObject([{ status: 'failing', message: 'red' }]);
  });

  test('a look that is no longer wanted ends with the signal', async () => {
    const stuck: HealthCheck = { name: 'stuck', timeoutMs: 60_000, look: () => new Promise(() => undefined) };
    const stop = new AbortController();
    const looking = health(stuck).look(order, stop.signal);
    stop.abort();
    await expect(looking).rejects.toThrow();
  });
});

function asSeen(name: string, well: readonly string[]): CheckSeen {
  return { name, status: 'passing', durationSeconds: 0, message: null, definitive: false, well, unwell: [] };
}
