import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run, succeeded } from '../src/process.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const sh = (script: string, more: object = {}) => ({
  file: 'sh',
  args: ['-c', script],
  env,
  timeoutMs: 10_000,
  ...more,
});
const alive = (pid: number) => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

test('an exit code is an answer, with both outputs', async () => {
  const finished = await run(sh('echo out; echo err >&2; exit 3'));
  expect(finished).toMatchObject({ exitCode: 3, signal: null, timedOut: false, stderr: 'err\n' });
  expect(finished.stdout.toString()).toBe('out\n');
  expect(succeeded(finished)).toBe(false);
});

test('nothing of our own environment reaches the child', async () => {
  const finished = await run({ file: '/usr/bin/env', args: [], env: { ONLY: 'this' }, timeoutMs: 5000 });
  expect(finished.stdout.toString()).toBe('ONLY=this\n');
});

test('a time-out ends the whole group and is not a success', async () => {
  let pid = 0;
  const started = Date.now();
  const finished = await run(
    sh('sleep 60 & echo $! >&2; trap "" TERM; wait; sleep 60', {
      timeoutMs: 200,
      graceMs: 200,
      onErrorLine: (line: string) => (pid = Number(line)),
    }),
  );
  expect(finished.timedOut).toBe(true);
  expect(succeeded(finished)).toBe(false);
  expect(alive(pid)).toBe(false);
  expect(Date.now() - started).toBeLessThan(5000);
});

test('an abort ends the child and its children before it rejects', async () => {
  const abort = new AbortController();
  let pid = 0;
  const running = run(
    sh('sleep 60 & echo $! >&2; wait', {
      onErrorLine: (line: string) => {
        pid = Number(line);
        abort.abort();
      },
    }),
    abort.signal,
  );
  await expect(running).rejects.toMatchObject({ code: 'aborted' });
  expect(alive(pid)).toBe(false);
});

test('a missing program is named', async () => {
  await expect(run({ file: 'no-such-tool', args: [], env, timeoutMs: 1000 })).rejects.toMatchObject({
    code: 'tool_missing',
    message: expect.stringContaining('no-such-tool'),
  });
});

test('output without end is cut off as a problem', async () => {
  await expect(run(sh('yes', { maxOutputBytes: 1000 }))).rejects.toMatchObject({ code: 'output_too_large' });
});

test('a grandchild that keeps the pipes does not keep us', async () => {
  const started = Date.now();
  const finished = await run(sh('sleep 60 & exit 0'));
  expect(succeeded(finished)).toBe(true);
  expect(Date.now() - started).toBeLessThan(5000);
});

test('input is given and lines come as they are written', async () => {
  const lines: string[] = [];
  const finished = await run(
    sh('cat >&2; printf last >&2', { input: 'a\nb\n', onErrorLine: (line: string) => lines.push(line) }),
  );
  expect(lines).toEqual(['a', 'b', 'last']);
  expect(succeeded(finished)).toBe(true);
});
