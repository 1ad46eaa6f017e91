import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;

const dbus = 'inhibitors = { dbus-implementation = "dbus"; };';
const broker = 'inhibitors = { dbus-implementation = "broker"; };';

beforeAll(async () => {
  lab = await createLab({
    config: { activate: { stageWhen: ['kernel'], timeout: '3s' }, health: { settle: '0s', stableFor: '0s' } },
  });
  await lab.daemon.start();
  await lab.deploy('first', dbus);
  await lab.host.reboot();
});

afterAll(() => lab.remove());

const note = () => readFileSync(join(lab.host.root, 'etc/note'), 'utf8');
const staged =
  (commit: string) =>
  ({ lastDeployment, state, waiting }: HostStatus) =>
    lastDeployment?.commit === commit && state === 'settled' && waiting === null;

async function expectStaged(commit: string, why: string, runs: string): Promise<HostStatus> {
  const status = await lab.daemon.until('staged', staged(commit));
  const toplevel = status.lastDeployment?.toplevel;
  expect(status).toMatchObject({
    summary: 'Waiting',
    lastDeployment: { outcome: 'staged', exitCode: null, staged: why },
    rebootRequired: { required: true },
    floor: commit,
    quarantine: [],
  });
  expect(status.message).toContain(`starts at the next reboot of alpha: ${why}`);
  expect(status.lastDeployment?.message).toContain(`the next boot starts it: ${why}`);
  expect(status.drift.filter(({ kind }) => kind !== 'boot')).toEqual([]);
  expect(status.conditions.find(({ type }) => type === 'Activated')).toMatchObject({
    status: 'False',
    reason: 'RebootPending',
    message: expect.stringContaining(why),
  });
  const { observed } = await lab.daemon.until(
    'a look',
    ({ observed: seen }) => seen?.bootDefault.toplevel === toplevel,
  );
  expect(observed?.profile.toplevel).toBe(toplevel);
  expect(note()).toBe(runs);
  expect(processesWith(join(lab.host.root, 'run/abide-deadman'))).toEqual([]);
  return status;
}

async function boots(commit: string, text: string): Promise<void> {
  writeFileSync(join(lab.host.root, 'run/boot-id'), text);
  await lab.host.reboot();
  await lab.daemon.until(
    text,
    ({ summary, observed }) => summary === 'InSync' && observed?.current.commits.includes(commit) === true,
  );
}

describe('a switch that only a reboot may bring', () => {
  test('is staged when an inhibitor changes, which is named with both values', async () => {
    const commit = await lab.release('second', broker);
    await expectStaged(
      commit,
      'the switch inhibitor dbus-implementation changes from dbus to broker',
      'first',
    );
    expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(10);
    expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).toBe(0);
  });

  test('gives way to a newer commit that may be switched to', async () => {
    await lab.deploy('third', dbus);
    expect(note()).toBe('third');
    expect(await lab.host.bootDefault()).toBe(await lab.host.current());
  });

  test('is staged when a part changes that the configuration names, and the boot brings it', async () => {
    const commit = await lab.release('fourth', `${dbus} kernelVersion = "6.12.2";`);
    await expectStaged(commit, 'it differs from the booted system in kernel (activate.stageWhen)', 'third');
    await boots(commit, 'fourth');
  });

  test('is staged when init changes its interface, without a try that could only fail', async () => {
    const commit = await lab.release(
      'fifth',
      `${dbus} kernelVersion = "6.12.2"; initInterface = "systemd 3";`,
    );
    await expectStaged(commit, 'the interface of init changes from systemd 2 to systemd 3', 'third');
    await boots(commit, 'fifth');
  });
});

const settled = `${dbus} kernelVersion = "6.12.2"; initInterface = "systemd 3";`;

test('a test that only a reboot may bring waits, and goes on beside a system that allows it', async () => {
  await lab.infra.git('checkout', '--quiet', '-b', 'testing-alpha');
  await lab.release('tried', settled.replace('"dbus"', '"broker"'));
  const status = await lab.daemon.until('waiting', ({ waiting }) => waiting !== null);
  expect(status).toMatchObject({
    summary: 'Waiting',
    waiting: { gate: 'reboot', reason: expect.stringContaining('from dbus to broker'), nextCheck: null },
    quarantine: [],
    backoff: null,
  });
  await lab.infra.git('checkout', '--quiet', 'main');
  await lab.infra.git('branch', '--quiet', '-D', 'testing-alpha');
  await lab.daemon.until('no test', ({ summary, waiting }) => summary === 'InSync' && waiting === null);
});

describe("the new system's own checks", () => {
  test('that refuse are a failure of the commit, before anything changes', async () => {
    const runs = await lab.host.current();
    const commit = await lab.release('refused', `${settled} checkExit = 1;`);
    const status = await lab.daemon.until('backoff', ({ backoff }) => backoff !== null);
    expect(status).toMatchObject({
      backoff: { class: 'activate', attempt: 1, attempts: 5 },
      failure: {
        commit,
        code: 'check_failed',
        log: expect.arrayContaining(["Pre-switch check 'custom' failed"]),
      },
      lastDeployment: { outcome: 'failed', exitCode: null },
      quarantine: [],
    });
    expect(await lab.host.current()).toBe(runs);
    expect(existsSync(join(lab.host.root, 'run/abide-deadman', status.lastDeployment?.id ?? ''))).toBe(false);
  });

  test('that never return are ended, also when the daemon is killed meanwhile', async () => {
    const commit = await lab.release('hangs', `${settled} checkSeconds = 600;`);
    await lab.daemon.until('preflight', ({ deployment }) => deployment?.step === 'preflight');
    await lab.daemon.kill();
    await lab.daemon.start();
    const status = await lab.daemon.until('failure', ({ failure }) => failure?.commit === commit);
    expect(status.failure).toMatchObject({
      code: 'check_failed',
      message: expect.stringContaining('did not end within 3 s'),
    });
    await expect.poll(() => processesWith(status.lastDeployment?.toplevel ?? 'none')).toEqual([]);
    await lab.deploy('after the hang', settled);
  });

  test('wait while somebody else is switching', async () => {
    const lock = join(lab.host.root, 'run/nixos/switch-to-configuration.lock');
    const holder = spawn('flock', [lock, 'sleep', '60'], { detached: true, stdio: 'ignore' });
    const runs = await lab.host.current();
    await lab.release('behind the lock', settled);
    const status = await lab.daemon.until('waiting', ({ waiting }) => waiting !== null);
    expect(status).toMatchObject({ summary: 'Waiting', waiting: { gate: 'lock' }, backoff: null });
    expect(await lab.host.current()).toBe(runs);
    process.kill(-(holder.pid ?? 0), 'SIGKILL');
    await lab.daemon.until(
      'deployed',
      ({ summary, desired }) => summary === 'InSync' && desired?.subject === 'behind the lock',
      40_000,
    );
  });
});

test('a system that could never be activated stalls before it is built', async () => {
  const commit = await lab.release('unswitchable', `${settled} switchable = false; buildFails = 1;`);
  const status = await lab.daemon.until('stalled', ({ state }) => state === 'stalled');
  expect(status).toMatchObject({
    failure: { commit, class: 'evaluate', code: 'no_switch_program' },
  });
  expect(status.conditions.find(({ type }) => type === 'Stalled')).toMatchObject({
    status: 'True',
    reason: 'NotSwitchable',
    message: expect.stringContaining('system.switch.enable'),
  });
  await lab.deploy('switchable again', settled);
});
