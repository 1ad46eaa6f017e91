import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HookOrder } from '../../src/domain/hook.ts';
import { createHooks, type HookDeps } from '../../src/host/hooks.ts';
import { run } from '../../src/process.ts';
import { processesWith } from '../e2e/alpha-lab.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';
import { fakeSystemd, unitsOf } from './fake-systemd.ts';

let host: FakeHost;
let path = '';
beforeEach(() => {
  host = createFakeHost();
  path = fakeSystemd(host);
  mkdirSync(host.stateDir);
});
afterEach(async () => {
  for (const pid of processesWith(host.dir)) end(pid);
  await expect.poll(() => processesWith(host.dir)).toEqual([]);
  host.remove();
});

const never = new AbortController().signal;
const order = (more: Partial<HookOrder> = {}): HookOrder => ({
  hook: 'postCommit',
  run: 'd1',
  environment: { ABIDE_COMMIT: 'abc', ABIDE_MESSAGE: `it's "$HOME" \`id\`\n` },
  ...more,
});
const sh = (script: string) => ['/bin/sh', '-c', `: ${host.dir}; ${script}`];
const hooks = (script: string, more: Partial<HookDeps> = {}) =>
  createHooks({
    stateDir: host.stateDir,
    run,
    activator: 'direct',
    path,
    commands: { preActivate: sh(script), postCommit: sh(script), postRollback: null },
    timeoutMs: 60_000,
    now: Date.now,
    ...more,
  });
const runs = () => read('runs')?.split('\n').length ?? 0;
const read = (name: string) =>
  existsSync(join(host.dir, name)) ? readFileSync(join(host.dir, name), 'utf8').trim() : null;

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

describe.each(['direct', 'systemd'] as const)('a hook, %s', (activator) => {
  test('tells its exit code and what it said', async () => {
    const made = hooks('echo one; echo two >&2; exit 3', { activator });
    expect(await made.run(order(), never)).toEqual({
      exitCode: 3,
      signal: null,
      timedOut: false,
      log: ['one', 'two'],
    });
  });

  test('sees what it is told, as text, and nothing of ours', async () => {
    process.env['ABIDE_TEST_SECRET'] = 'hidden';
    await hooks(`/usr/bin/env -0 > ${host.dir}/env`, { activator }).run(order(), never);
    delete process.env['ABIDE_TEST_SECRET'];
    const seen = Object.fromEntries(
      readFileSync(join(host.dir, 'env'), 'utf8')
        .split('\0')
        .map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
    );
    expect(seen).toMatchObject({ ABIDE_COMMIT: 'abc', ABIDE_MESSAGE: `it's "$HOME" \`id\`\n`, HOME: '/' });
    if (activator === 'direct') expect(seen).not.toHaveProperty('ABIDE_TEST_SECRET');
  });

  test('that was begun is adopted, and one that ended is not begun again', async () => {
    const script = `echo x >> ${host.dir}/runs; sleep 0.5; exit 5`;
    const made = hooks(script, { activator });
    const results = await Promise.all([made.run(order(), never), made.run(order(), never)]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([5, 5]);
    expect(await hooks('exit 0', { activator }).run(order(), never)).toMatchObject({ exitCode: 5 });
    expect(runs()).toBe(1);
  });

  test('goes on when nobody waits for it any more', async () => {
    const stop = new AbortController();
    const waiting = hooks(`sleep 1; echo done > ${host.dir}/done`, { activator }).run(order(), stop.signal);
    await expect
      .poll(() => existsSync(join(host.stateDir, 'deployments/d1/started-hook.postCommit')))
      .toBe(true);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => read('done'), { timeout: 10_000 }).toBe('done');
  });

  test('that does not end is ended with all that it started, whether it listens or not', async () => {
    const deaf = `trap '' TERM; sh -c "trap '' TERM; while :; do sleep 0.1; : ${host.dir}/child; done" & wait; wait`;
    const made = hooks(deaf, { activator, timeoutMs: 1000 });
    expect(await made.run(order(), never)).toMatchObject({ timedOut: true });
    await expect.poll(() => processesWith(`${host.dir}/child`)).toEqual([]);
    const soft = hooks('sleep 60', { activator, timeoutMs: 1000 });
    expect(await soft.run(order({ run: 'd2' }), never)).toMatchObject({ timedOut: true });
  }, 30_000);

  test('that is asked is asked anew each time, and leaves no files', async () => {
    const ask = order({ hook: 'preActivate', run: 'before-abc' });
    const made = hooks(`echo x >> ${host.dir}/runs; exit 1`, { activator });
    for (const times of [1, 2]) {
      expect(await made.ask(ask, never)).toMatchObject({ exitCode: 1 });
      expect(runs()).toBe(times);
    }
    expect(existsSync(join(host.stateDir, 'deployments/before-abc'))).toBe(false);
  });

  test('that is asked and no longer wanted is ended', async () => {
    const stop = new AbortController();
    const ask = order({ hook: 'preActivate', run: 'before-abc' });
    const waiting = hooks(`echo x > ${host.dir}/begun; sleep 60`, { activator }).ask(ask, stop.signal);
    await expect.poll(() => read('begun')).toBe('x');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => processesWith(host.dir), { timeout: 10_000 }).toEqual([]);
  });
});

test('a hook that a reboot cut off is told as lost and not begun again', async () => {
  const script = `echo x >> ${host.dir}/runs; sleep 60`;
  const waiting = hooks(script).run(order(), never);
  await expect.poll(runs).toBe(1);
  const started = join(host.stateDir, 'deployments/d1/started-hook.postCommit');
  process.kill(-Number(readFileSync(started, 'utf8').split('\n')[0]), 'SIGKILL');
  expect(await waiting).toMatchObject({ exitCode: null, signal: 'lost' });
  expect(await hooks(script).run(order(), never)).toMatchObject({ signal: 'lost' });
  expect(runs()).toBe(1);
});

test('its limit holds without a daemon', async () => {
  const stop = new AbortController();
  const waiting = hooks(`echo x > ${host.dir}/begun; sleep 60`, { timeoutMs: 2000 }).run(
    order(),
    stop.signal,
  );
  await expect.poll(() => read('begun')).toBe('x');
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  await expect.poll(() => processesWith(host.dir), { timeout: 15_000 }).toEqual([]);
});

test('a program that is not there is told by name before anything is begun', async () => {
  const commands = { preActivate: ['no-such-program'], postCommit: null, postRollback: null };
  const ask = order({ hook: 'preActivate', run: 'before-abc' });
  await expect(hooks('', { commands }).ask(ask, never)).rejects.toMatchObject({
    code: 'tool_missing',
    message: expect.stringContaining('no-such-program'),
  });
});

test('a word of the shell is run as a program of that name', async () => {
  const commands = { preActivate: null, postCommit: ['false'], postRollback: null };
  expect(await hooks('', { commands }).run(order(), never)).toMatchObject({ exitCode: 1 });
});

test('runs in a unit of its own, which ends a while after its limit', async () => {
  await hooks('true', { activator: 'systemd', timeoutMs: 1500 }).run(order(), never);
  const argv = readFileSync(join(unitsOf(host), 'argv'), 'utf8');
  expect(argv).toContain('--unit=abide-hook-d1-postCommit.service');
  expect(argv).toContain('--property=RuntimeMaxSec=32s');
});

test('leaves no watchdog behind', async () => {
  await hooks('true').run(order(), never);
  await sleep(1200);
  expect(processesWith(host.dir)).toEqual([]);
});
