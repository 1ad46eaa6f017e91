import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivator } from '../../src/host/activate.ts';
import { createCheckSwitch } from '../../src/host/check-switch.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const check = async (toplevel: string, timeoutMs = 30_000) => {
  const activator = createActivator({
    root: host.root,
    stateDir: host.stateDir,
    run,
    activator: 'direct',
    path: process.env['PATH'] ?? '',
    now: Date.now,
    graceMs: 500,
  });
  await createCheckSwitch({ activator, timeoutMs })({
    deployment: 'd1',
    toplevel,
    onProgress: () => undefined,
  });
};
const system = (...lines: readonly string[]) => host.toplevel('system', switchProgram(...lines));

test("asks by the system's own verb, with its checks on", async () => {
  await check(system(`echo "$1 [$NIXOS_NO_CHECK]" > ${host.dir}/said`));
  expect(readFileSync(join(host.dir, 'said'), 'utf8')).toBe('check []\n');
});

const old = [
  'echo "Usage: $0 [switch|boot|test|dry-activate]" >&2',
  'echo >&2',
  'echo "switch:       make the configuration the boot default and activate now" >&2',
  'echo "dry-activate: show what would be done if this configuration were activated" >&2',
];

test('a system from before the verb existed prints how it is used, and that is no refusal', async () => {
  await check(system(...old, 'exit 1'));
});

test.each([
  ['which says more than that', [...old, 'echo "and it is on fire" >&2', 'exit 1']],
  ['with another exit code', [...old, 'exit 2']],
  ['of one that knows the verb', ['echo "Usage: $0 [check|switch]" >&2', 'exit 1']],
])('usage %s is a refusal', async (_, lines) => {
  await expect(check(system(...lines))).rejects.toMatchObject({ code: 'check_failed' });
});

test('a refusal carries its last line and its log', async () => {
  const toplevel = system('echo "disk is a mess" >&2', 'echo "Pre-switch checks failed" >&2', 'exit 1');
  await expect(check(toplevel)).rejects.toMatchObject({
    code: 'check_failed',
    retry: 'backoff',
    message: "the new system's own pre-switch checks ended with exit code 1: Pre-switch checks failed",
    log: ['disk is a mess', 'Pre-switch checks failed'],
  });
});

test('a held lock is no refusal but a wait', async () => {
  await expect(check(system('exit 11'))).rejects.toMatchObject({ code: 'activation_busy' });
});

test('a check that hangs, even at TERM, is ended with all it started', async () => {
  const toplevel = system("trap '' TERM", `(trap '' TERM; sleep 3; : > ${host.dir}/alive) & sleep 60`);
  await expect(check(toplevel, 300)).rejects.toMatchObject({
    code: 'check_failed',
    message: expect.stringContaining('did not end within 0.3 s and was ended'),
  });
  await new Promise((resolve) => setTimeout(resolve, 3500));
  expect(existsSync(join(host.dir, 'alive'))).toBe(false);
});

test('a system without the program is never tried again', async () => {
  await expect(check(host.toplevel('none'))).rejects.toMatchObject({
    code: 'no_switch_program',
    retry: 'never',
  });
});
