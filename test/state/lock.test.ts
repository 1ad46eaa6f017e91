import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from '../../src/state/lock.ts';

let dir = '';
const children: ChildProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const take = (pid = process.pid, place = dir) => takeLock({ dir: place, pid });
const refusal = (pid: number | string) => ({
  code: 'already_running',
  retry: 'never',
  message: expect.stringContaining(`pid ${pid},`),
});

/** Starts a process that takes the lock and holds it; gives what it said first. */
async function holder(): Promise<{ child: ChildProcess; said: string }> {
  const script = fileURLToPath(new URL('./hold-lock.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const said = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
  );
  return { child, said };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('a second one on the same directory is refused and told the pid of the first', async () => {
  const lock = await take(4711);
  await expect(take(4712)).rejects.toMatchObject(refusal(4711));
  await lock.release();
});

test('another directory is another lock, and a released one can be taken again', async () => {
  const one = await take();
  const two = await take(process.pid, join(dir, 'other'));
  await one.release();
  const again = await take();
  await again.release();
  await two.release();
});

test('a lock whose holder was killed is taken over', async () => {
  const { child, said } = await holder();
  expect(said).toBe('taken');
  await expect(take()).rejects.toMatchObject(refusal(child.pid ?? 0));
  await kill(child);
  const lock = await take();
  await expect(take()).rejects.toMatchObject(refusal(process.pid));
  await lock.release();
});

test('a holder that is stopped still holds', async () => {
  const { child } = await holder();
  child.kill('SIGSTOP');
  await expect(take()).rejects.toMatchObject({ code: 'already_running' });
  child.kill('SIGCONT');
});

test('of many that start at once over a dead one, exactly one gets it', async () => {
  await kill((await holder()).child);
  for (let round = 0; round < 20; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, index) => take(index + 1)));
    const taken = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(taken).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'already_running' });
    }
    await taken[0]?.release();
  }
});

test('of many processes that start at once over a dead one, exactly one gets it', async () => {
  await kill((await holder()).child);
  const started = await Promise.all(Array.from({ length: 6 }, holder));
  expect(started.map(({ said }) => said).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => 'already_running'),
    'taken',
  ]);
});

test('lock.sock leads to the holder and answers with its pid', async () => {
  const old = await take(1);
  await old.release();
  const lock = await take(99);
  const socket = connect(join(dir, 'lock.sock'));
  const said = await new Promise((resolve) => socket.once('data', (data) => resolve(data.toString())));
  expect(said).toBe('99\n');
  socket.destroy();
  await lock.release();
  await new Promise((resolve) => connect(join(dir, 'lock.sock')).once('error', resolve));
});

test('a caller that never hangs up does not keep the lock from being released', async () => {
  const lock = await take();
  const socket = connect({ path: join(dir, 'lock.sock'), allowHalfOpen: true });
  await new Promise((resolve) => socket.once('data', resolve));
  await lock.release();
  socket.destroy();
});

test('what is left behind does not grow', async () => {
  for (let round = 0; round < 5; round += 1) await (await take()).release();
  expect(readdirSync(join(dir, 'lock'))).toHaveLength(1);
});

test('a path longer than a socket address works all the same', async () => {
  const long = join(dir, 'x'.repeat(120), 'y'.repeat(120));
  await mkdir(long, { recursive: true });
  const lock = await take(7, long);
  await expect(take(8, long)).rejects.toMatchObject(refusal(7));
  await lock.release();
  await (await take(9, long)).release();
  expect(readdirSync(join(long, 'lock'))).toEqual(['2']);
});

test('a directory that cannot hold a lock is a problem that names it', async () => {
  writeFileSync(join(dir, 'lock'), '');
  await expect(take()).rejects.toMatchObject({
    code: 'socket_unusable',
    message: expect.stringContaining(dir),
  });
});
