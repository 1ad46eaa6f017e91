import { once, setMaxListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { follow, type Streamed } from '../../src/api/client-events.ts';
import { ApiError, ask, DaemonUnreachable } from '../../src/api/client.ts';
import { Refused } from '../../src/api/refused.ts';
import { startFakeDaemon, type FakeDaemon } from './fake-daemon.ts';
import { sampleStatus } from './sample-status.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-client-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('asking', () => {
  let daemon: FakeDaemon;
  beforeEach(async () => {
    daemon = await startFakeDaemon();
  });
  afterEach(() => daemon.close());

  test('gives the answer’s value', async () => {
    expect(await ask({ socket: daemon.socket, path: '/v1/status' })).toEqual(sampleStatus);
  });

  test('gives a large answer whole, with characters of many bytes', async () => {
    daemon.setStatus({ message: '⚙'.repeat(1_000_000) });
    const status = (await ask({ socket: daemon.socket, path: '/v1/status' })) as { message: string };
    expect(status.message).toBe('⚙'.repeat(1_000_000));
  });

  test('throws the contract’s error', async () => {
    daemon.refusal = new Refused('already suspended');
    const asked = ask({ socket: daemon.socket, method: 'POST', path: '/v1/resume', body: {} });
    await expect(asked).rejects.toThrow(new ApiError(409, 'refused', 'already suspended'));
  });
});

describe('a daemon that cannot be reached', () => {
  test('is said not to run when there is no socket', async () => {
    const asked = ask({ socket: join(dir, 'none.sock'), path: '/v1/status' });
    await expect(asked).rejects.toThrow(DaemonUnreachable);
    await expect(ask({ socket: join(dir, 'none.sock'), path: '/' })).rejects.toThrow(
      /there is no .*none\.sock.*service/,
    );
  });

  test('is told from a file that is no socket', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(ask({ socket: join(dir, 'file'), path: '/' })).rejects.toThrow(DaemonUnreachable);
  });

  test.each([
    ['says nothing', (peer: Socket) => void peer.resume(), /did not answer within 0.3 s/],
    [
      'speaks another language',
      (peer: Socket) => void peer.write('220 mail.example.net ESMTP\r\n'),
      /is not abide/,
    ],
    ['hangs up at once', (peer: Socket) => void peer.end(), /in the middle of its answer/],
    [
      'hangs up in its answer',
      (peer: Socket) => void peer.end('HTTP/1.1 200 OK\r\n\r\n{"kind":'),
      /in the middle of its answer/,
    ],
  ])('is told from one that %s', async (_what, act, message) => {
    const server = createServer((peer) => {
      peer.on('error', () => undefined);
      act(peer);
    });
    const socket = join(dir, 's.sock');
    server.listen(socket);
    await once(server, 'listening');
    const asked = ask({ socket, path: '/v1/status', timeoutMs: 300 });
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toThrow(DaemonUnreachable);
    server.close();
  });
});

describe('following', () => {
  let daemon: FakeDaemon;
  beforeEach(async () => {
    daemon = await startFakeDaemon({ timing: { statusEveryMs: 50, heartbeatMs: 20 } });
  });
  afterEach(() => daemon.close());

  const take = async (count: number, since: number | null, onFirst?: () => void): Promise<Streamed[]> => {
    const said: Streamed[] = [];
    for await (const one of follow({ socket: daemon.socket, since })) {
      said.push(one);
      if (said.length === 1) onFirst?.();
      if (said.length === count) break;
    }
    return said;
  };
  const ids = (said: readonly Streamed[]) =>
    said.map((one) => (one.type === 'event' ? one.event.id : one.type));

  test('begins with the whole status', async () => {
    expect(await take(1, null)).toEqual([{ type: 'status', status: sampleStatus }]);
  });

  test('brings what happens from then on, and nothing older', async () => {
    daemon.happen({});
    const said = await take(3, null, () => {
      daemon.happen({});
      daemon.happen({ message: 'line\none ⚙' });
    });
    expect(ids(said)).toEqual(['status', 2, 3]);
    expect(said[2]).toMatchObject({ event: { message: 'line\none ⚙' } });
  });

  test('resumes after the event that was seen last', async () => {
    for (let count = 0; count < 5; count += 1) daemon.happen({});
    expect(ids(await take(4, 2))).toEqual(['status', 3, 4, 5]);
    expect(ids(await take(1, 99))).toEqual(['status']);
  });

  test('brings a changed status, the last of a burst always', async () => {
    const said = await take(3, null, () => {
      for (let count = 1; count <= 100; count += 1) daemon.setStatus({ message: `change ${count}` });
      setTimeout(() => daemon.setStatus({ message: 'later' }), 120);
    });
    expect(said.map((one) => (one.type === 'status' ? one.status.message : ''))).toEqual([
      sampleStatus.message,
      'change 100',
      'later',
    ]);
  });

  test('leaves no listener behind when the client goes', async () => {
    await take(1, null);
    await expect.poll(() => daemon.listenerCount()).toBe(0);
  });

  test('ends when the server closes', async () => {
    const said = await take(10, null, () => void daemon.server.close());
    expect(ids(said)).toEqual(['status']);
  });

  test('serves many clients at once and refuses the one too many', async () => {
    const stop = new AbortController();
    setMaxListeners(100, stop.signal);
    const streams = Array.from({ length: 64 }, () =>
      follow({ socket: daemon.socket, since: null }, stop.signal),
    );
    const firsts = await Promise.all(streams.map((stream) => stream.next()));
    expect(firsts.every(({ value }) => (value as Streamed).type === 'status')).toBe(true);
    await expect(follow({ socket: daemon.socket, since: null }).next()).rejects.toThrow(
      /follow events already/,
    );
    const seconds = streams.map((stream) => stream.next());
    daemon.happen({});
    expect((await Promise.all(seconds)).every(({ value }) => (value as Streamed).type === 'event')).toBe(
      true,
    );
    stop.abort();
    await expect.poll(() => daemon.listenerCount()).toBe(0);
  });

  test('a client that never reads is cut off, and the others are not disturbed', async () => {
    const { createConnection } = await import('node:net');
    const lazy = createConnection(daemon.socket);
    lazy.pause();
    lazy.on('error', () => undefined);
    lazy.write('GET /v1/events HTTP/1.0\r\n\r\n');
    await expect.poll(() => daemon.listenerCount()).toBe(2);
    const message = 'x'.repeat(100_000);
    await expect
      .poll(() => {
        daemon.happen({ message });
        return daemon.listenerCount();
      })
      .toBe(0);
    lazy.destroy();
    expect(ids(await take(1, null))).toEqual(['status']);
  });
});
