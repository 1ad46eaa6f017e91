import { createConnection } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorSchema } from '../../src/api/contract.ts';
import { Refused } from '../../src/api/refused.ts';
import { Problem } from '../../src/domain/problem.ts';
import { startFakeDaemon, type FakeDaemon } from './fake-daemon.ts';
import { post, send, sendBytes, type RawRequest } from './raw-request.ts';
import { sampleAudit } from './sample-audit.ts';
import { newCommit, sampleDeployment, sampleStatus } from './sample-status.ts';

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await startFakeDaemon({ timing: { headersMs: 300, requestMs: 600 } });
});
afterEach(() => daemon.close());

const json = (body: string): unknown => JSON.parse(body);
const codeOf = (body: string) => errorSchema.parse(json(body)).error.code;

const answered = { commit: sampleDeployment.commit, deployment: sampleDeployment.id };

describe('questions', () => {
  test('status is the daemon’s status', async () => {
    const answer = await send({ socket: daemon.socket });
    expect(answer.headers['content-type']).toBe('application/json');
    expect(json(answer.body)).toEqual(sampleStatus);
  });

  test('history is a list of deployments', async () => {
    const answer = await send({ socket: daemon.socket, path: '/v1/history' });
    expect(json(answer.body)).toEqual({
      apiVersion: 'abide/v1',
      kind: 'DeploymentList',
      deployments: [sampleDeployment],
    });
  });

  test('a deployment is found by its id, and 404 otherwise', async () => {
    const found = await send({ socket: daemon.socket, path: `/v1/deployments/${sampleDeployment.id}` });
    expect(json(found.body)).toEqual(sampleDeployment);
    const missing = await send({ socket: daemon.socket, path: '/v1/deployments/%2e%2e' });
    expect([missing.status, codeOf(missing.body)]).toEqual([404, 'not_found']);
  });

  test('events are a list for a client that takes JSON only', async () => {
    daemon.happen({});
    daemon.happen({});
    const all = await send({
      socket: daemon.socket,
      path: '/v1/events',
      headers: { Accept: 'application/json' },
    });
    expect(json(all.body)).toMatchObject({ kind: 'EventList', events: [{ id: 1 }, { id: 2 }] });
    const headers = { Accept: 'application/json', 'Last-Event-ID': '1' };
    const rest = await send({ socket: daemon.socket, path: '/v1/events', headers });
    expect(json(rest.body)).toMatchObject({ events: [{ id: 2 }] });
  });
});

describe('the audit log', () => {
  const ask = (query: string) => send({ socket: daemon.socket, path: `/v1/audit${query}` });

  test('is a list of records, oldest first, with what the chain is worth', async () => {
    expect(json((await ask('')).body)).toEqual({
      apiVersion: 'abide/v1',
      kind: 'AuditLog',
      chain: 'intact',
      records: sampleAudit,
    });
    expect(json((await ask('?limit=2')).body)).toMatchObject({ records: sampleAudit.slice(-2) });
  });

  test.each(['?limit=0', '?limit=1001', '?limit=-1', '?limit=x', '?limit=1&limit=2', '?last=5', '?limit='])(
    'does not answer %s',
    async (query) => {
      const answer = await ask(query);
      expect([answer.status, codeOf(answer.body)]).toEqual([400, 'bad_request']);
    },
  );
});

test.each([
  ['', null],
  ['?commit=4f2a9c1', '4f2a9c1'],
])('why%s asks the daemon', async (query, commit) => {
  const answer = await send({ socket: daemon.socket, path: `/v1/why${query}` });
  expect([answer.status, json(answer.body)]).toEqual([200, daemon.why]);
  expect(daemon.commands).toEqual([{ name: 'why', request: commit }]);
});

test.each(['?commit=main', '?commit=4f2', '?commit=--all', '?commit=4F2A9C1', '?commits=4f2a9c1'])(
  'why%s is refused',
  async (query) => {
    const answer = await send({ socket: daemon.socket, path: `/v1/why${query}` });
    expect([answer.status, codeOf(answer.body)]).toEqual([400, 'bad_request']);
    expect(daemon.commands).toEqual([]);
  },
);

describe('commands', () => {
  test.each([
    ['reconcile', { by: 'alice' }, { by: 'alice' }, { token: '2025-03-01T12:00:00.000Z' }],
    ['suspend', { reason: 'tea', for: '2h' }, { reason: 'tea', forMs: 7_200_000, by: null }, {}],
    ['resume', {}, { by: null }, {}],
    ['retry', {}, { commit: null, by: null }, { commits: [] }],
    [
      'accept',
      { commit: newCommit, reason: 'x' },
      { commit: newCommit, reason: 'x', by: null },
      { commit: newCommit },
    ],
    ['confirm', {}, { id: null, by: null }, answered],
    ['confirm', { id: newCommit, by: 'ada' }, { id: newCommit, by: 'ada' }, answered],
    [
      'rollback',
      { to: '20250301T', reason: 'no' },
      { to: '20250301T', reason: 'no', by: null },
      {
        from: sampleDeployment.commit,
        commit: sampleDeployment.previous.commit,
        toplevel: sampleDeployment.previous.toplevel,
      },
    ],
    ['reject', { id: '20250301T', reason: 'no' }, { id: '20250301T', reason: 'no', by: null }, answered],
  ])('%s reaches the daemon checked', async (name, body, request, said) => {
    const answer = await post(daemon.socket, `/v1/${name}`, body);
    expect([answer.status, json(answer.body)]).toEqual([200, said]);
    expect(daemon.commands).toEqual([{ name, request }]);
  });

  test('a command without a body is one without wishes', async () => {
    const answer = await send({ socket: daemon.socket, method: 'POST', path: '/v1/reconcile' });
    expect(answer.status).toBe(200);
    expect(daemon.commands).toEqual([{ name: 'reconcile', request: { by: null } }]);
  });

  test.each([
    ['a refusal', new Refused('already suspended'), 409, 'refused', 'already suspended'],
    ['a problem', new Problem('unknown_commit', 'no commit 123'), 409, 'unknown_commit', 'no commit 123'],
    [
      'a bug',
      new TypeError('secret of undefined'),
      500,
      'internal',
      'abide met an unexpected error; its log says more',
    ],
  ])('%s is said by code and message alone', async (_what, error, status, code, message) => {
    daemon.refusal = error;
    const answer = await post(daemon.socket, '/v1/resume', {});
    expect([answer.status, json(answer.body)]).toEqual([status, { error: { code, message } }]);
    expect(daemon.errors).toHaveLength(status === 500 ? 1 : 0);
  });
});

describe('bad requests', () => {
  const type = { 'Content-Type': 'application/json' };
  const asked: readonly (readonly [string, Omit<RawRequest, 'socket'>, number, string])[] = [
    ['an unknown path', { path: '/v2/status' }, 404, 'not_found'],
    ['a path with more', { path: '/v1/status/x' }, 404, 'not_found'],
    ['a path of bad escapes', { path: '/v1/%zz' }, 400, 'bad_request'],
    ['GET of a command', { path: '/v1/suspend' }, 405, 'method_not_allowed'],
    ['POST of a question', { method: 'POST', path: '/v1/status' }, 405, 'method_not_allowed'],
    ['DELETE', { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['GET with a body', { body: '{}', headers: { 'Content-Length': '2' } }, 400, 'bad_request'],
    ['no JSON', { method: 'POST', path: '/v1/resume', headers: type, body: '{"by":' }, 400, 'bad_request'],
    [
      'no UTF-8',
      { method: 'POST', path: '/v1/resume', headers: type, body: Buffer.from([0x22, 0xff, 0x22]) },
      400,
      'bad_request',
    ],
    ['a list', { method: 'POST', path: '/v1/resume', headers: type, body: '[]' }, 400, 'bad_request'],
    [
      'an unknown field',
      { method: 'POST', path: '/v1/resume', headers: type, body: '{"now":true}' },
      400,
      'bad_request',
    ],
    [
      'a form',
      { method: 'POST', path: '/v1/resume', headers: { 'Content-Type': 'text/plain' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    [
      'a compressed body',
      { method: 'POST', path: '/v1/resume', headers: { ...type, 'Content-Encoding': 'gzip' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    ['a plan of what is no commit', { path: '/v1/plan?commit=abc' }, 400, 'bad_request'],
    ['a rollback without a reason', { method: 'POST', path: '/v1/rollback' }, 400, 'bad_request'],
    ['a rejection without a reason', { method: 'POST', path: '/v1/reject' }, 400, 'bad_request'],
    [
      'a strange Last-Event-ID',
      { path: '/v1/events', headers: { 'Last-Event-ID': 'x' } },
      400,
      'bad_request',
    ],
  ];
  test.each(asked)('%s is told so', async (_what, request, status, code) => {
    const answer = await send({ socket: daemon.socket, ...request });
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code]);
    expect(daemon.commands).toEqual([]);
    expect(answer.body).not.toContain('.ts');
  });

  test('a wrong method is told the right one', async () => {
    const answer = await send({ socket: daemon.socket, path: '/v1/suspend' });
    expect(answer.headers['allow']).toBe('POST');
  });

  test('an unknown field is named', async () => {
    const answer = await post(daemon.socket, '/v1/suspend', { reason: 'x', forever: true });
    expect(answer.body).toContain('forever');
  });

  test.each([
    ['that says its size', { 'Content-Length': String(1024 * 1024) }],
    ['in pieces without a size', { 'Transfer-Encoding': 'chunked' }],
  ])('a body that is too large %s is refused, and the daemon lives on', async (_how, size) => {
    const headers = { 'Content-Type': 'application/json', ...size };
    const answer = await send({
      socket: daemon.socket,
      method: 'POST',
      path: '/v1/resume',
      headers,
      body: Buffer.alloc(1024 * 1024, 0x20),
    });
    expect([answer.status, codeOf(answer.body)]).toEqual([413, 'body_too_large']);
    expect((await send({ socket: daemon.socket })).status).toBe(200);
  });

  test('a body of just the limit is read', async () => {
    const body = '{}'.padEnd(64 * 1024, ' ');
    const headers = { 'Content-Type': 'application/json' };
    expect(
      (await send({ socket: daemon.socket, method: 'POST', path: '/v1/resume', headers, body })).status,
    ).toBe(200);
  });

  test.each([
    ['bytes of no protocol', Buffer.from([0, 1, 2, 3, 0xff, 10, 13, 10]), 'HTTP/1.1 400 '],
    ['a TLS greeting', Buffer.from([0x16, 3, 1, 0, 0x80]), 'HTTP/1.1 400 '],
    ['endless headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 'HTTP/1.1 431 '],
    [
      'two lengths',
      'POST /v1/resume HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n',
      'HTTP/1.1 400 ',
    ],
  ])('%s are answered and hung up on', async (_what, bytes, start) => {
    const answer = await sendBytes(daemon.socket, bytes);
    expect(answer.startsWith(start)).toBe(true);
    expect(errorSchema.safeParse(json(answer.split('\r\n\r\n')[1] ?? '')).success).toBe(true);
  });

  test.each([
    ['says nothing', ''],
    ['stops in its headers', 'GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'stops in its body',
      'POST /v1/resume HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    ],
  ])('a client that %s is hung up on in time', async (_what, bytes) => {
    await sendBytes(daemon.socket, bytes);
    expect(daemon.commands).toEqual([]);
    expect((await send({ socket: daemon.socket })).status).toBe(200);
  });

  test('a client that hangs up in its body is no error of the daemon', async () => {
    const connection = createConnection(daemon.socket);
    connection.write(
      'POST /v1/resume HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    await once(connection, 'connect');
    connection.destroy();
    expect((await send({ socket: daemon.socket })).status).toBe(200);
    expect(daemon.errors).toEqual([]);
  });
});

test('two hundred clients at once are all served', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => send({ socket: daemon.socket })));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('closing does not wait for clients that stay connected', async () => {
  const idle = createConnection(daemon.socket);
  await once(idle, 'connect');
  const gone = once(idle, 'close');
  await daemon.server.close();
  await gone;
});
