import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOwnFault, scriptOf } from '../../src/host/check-own-config.ts';
import { run } from '../../src/process.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-own-check-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const deps = { run, path: process.env['PATH'] ?? '/usr/bin:/bin' };
const { signal } = new AbortController();
const unitWith = async (text: string, more: object = {}) => {
  await writeFile(join(dir, 'abide'), `#!/bin/sh\necho "$*" >> ${dir}/calls\n${text}\n`, { mode: 0o755 });
  const config = { named: '/etc/x', path: '/store/x', isCarried: true, digest: 'd' };
  return { is: 'present', definition: '', program: [join(dir, 'abide'), '-v'], config, ...more } as const;
};
const fault = async (text: string, more: object = {}) =>
  findOwnFault(deps, await unitWith(text, more), signal);

test('a configuration that its abide takes is fine', async () => {
  expect(await fault('test "$*" = "-v config check --no-files /store/x"')).toBeNull();
});

test('what its abide says is told in one line', async () => {
  const text =
    'case "$*" in *--help) echo --no-files; exit 0;; esac; printf "x: 1 problem\\n  host: found \\033[31m7\\n" >&2; exit 2';
  expect(await fault(text)).toBe('refuses its configuration: x: 1 problem; host: found 7');
});

test('an older abide that does not know the option is asked without it', async () => {
  const older = (code: number) =>
    `case "$*" in *--help) echo "usage: check FILE";; *--no-files*) echo unknown option >&2; exit 2;; *) echo bad >&2; exit ${code};; esac`;
  expect(await fault(older(0))).toBeNull();
  expect(await fault(older(2))).toBe('refuses its configuration: bad');
});

test.each([
  ['exit 1', /^ended with exit code 1 when/],
  ['kill -9 $$', /^was ended by SIGKILL when/],
])('a program that does not work is said: %s', async (text, told) => {
  expect(await fault(text)).toMatch(told);
});

test('a program or a file that is not there is said', async () => {
  expect(await fault('', { program: ['/no/such/abide'] })).toMatch(/^cannot be run: .*no\/such\/abide/);
  const config = { named: '/etc/x', path: '/store/x', isCarried: true, digest: null };
  expect(await fault('', { config })).toBe(
    'is started with /etc/x, and there is no such file in that system',
  );
});

test('what a wrapper starts is not known, and nothing is said against it', async () => {
  expect(await fault('exit 1', { program: null, config: null })).toBeNull();
});

test('a program says what it runs in the end, or nothing', async () => {
  const asked = async (text: string) => scriptOf(deps, (await unitWith(text)).program, signal);
  expect(await asked('echo \'{"abide":"1","program":"/store/abide/main.mjs"}\'')).toBe(
    '/store/abide/main.mjs',
  );
  expect(await asked('echo \'{"abide":"1"}\'')).toBeNull();
  expect(await asked('echo no')).toBeNull();
  expect(await asked('exit 1')).toBeNull();
});

test('one that is no longer wanted is ended', async () => {
  const gone = AbortSignal.abort();
  await expect(findOwnFault(deps, await unitWith('sleep 60'), gone)).rejects.toMatchObject({
    code: 'aborted',
  });
});
