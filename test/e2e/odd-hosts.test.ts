import { existsSync, readFileSync } from 'node:fs';
import { readlink, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
afterEach(() => lab.remove());

const note = () => readFileSync(join(lab.host.root, 'etc/note'), 'utf8');
const running = () => readlink(join(lab.host.root, 'run/current-system'));
const withSafe = (name: string) => `specialisation.safe = { note = "${name}"; };`;
const switchTo = (toplevel: string) =>
  execa(join(toplevel, 'bin/switch-to-configuration'), ['test'], {
    env: { ...lab.env, ABIDE_ROOT: lab.host.root, NIXOS_NO_CHECK: '1' },
    extendEnv: false,
  });

describe('a host in a specialisation', () => {
  test('stays in it, boots the base, goes back to it, and leaves it where the new system has none', async () => {
    lab = await createLab();
    await lab.daemon.start();
    await lab.deploy('one', withSafe('one, safe'));
    const one = await running();
    await switchTo(await readlink(join(one, 'specialisation/safe')));
    const seen = await lab.daemon.until(
      'the specialisation',
      ({ observed }) => observed?.current.specialisation === 'safe',
    );
    expect(seen).toMatchObject({ summary: 'InSync', observed: { current: { toplevel: one } }, drift: [] });
    expect((await lab.daemon.cli('status')).stdout).toContain('specialisation safe');

    await lab.deploy('two', withSafe('two, safe'));
    expect(note()).toBe('two, safe');
    const { observed } = await lab.daemon.status();
    expect(observed?.current.specialisation).toBe('safe');
    const two = observed?.current.toplevel ?? '';
    expect([await lab.host.bootDefault(), observed?.profile.toplevel]).toEqual([two, two]);

    const commit = await lab.release('bad', `activateExit = 1; ${withSafe('bad, safe')}`);
    await lab.daemon.until('undone', ({ quarantine, state }) => quarantine.length > 0 && state === 'stalled');
    expect([note(), await running()]).toEqual([
      'two, safe',
      await readlink(join(two, 'specialisation/safe')),
    ]);
    expect((await lab.daemon.status()).quarantine).toMatchObject([{ commit }]);

    await lab.deploy('three');
    expect(note()).toBe('three');
    expect((await lab.daemon.status()).observed?.current.specialisation).toBeNull();
    expect(lab.daemon.log()).toContain('specialisation safe, which the new system has not');
  });
});

test('a host without a system, a profile and a boot loader gets all three, and says that nothing is armed', async () => {
  lab = await createLab();
  await rm(join(lab.host.root, 'boot'), { recursive: true });
  await rm(join(lab.host.root, 'nix'), { recursive: true });
  await lab.daemon.start();
  await lab.deploy('first');
  const status = await lab.daemon.status();
  const system = await running();
  expect(status.observed).toMatchObject({
    current: { toplevel: system },
    booted: { toplevel: null, proven: null },
    profile: { generation: 1, toplevel: system },
    bootDefault: { toplevel: system },
  });
  expect(lab.daemon.log()).toContain('there is nothing to go back to');
});

test('a container, without a boot loader and kernel links, is in sync with a boot default that nobody can read', async () => {
  lab = await createLab();
  await lab.daemon.start();
  await lab.deploy('one', 'container = true;');
  await lab.deploy('two', 'container = true;');
  const status = await lab.daemon.status();
  expect(status).toMatchObject({ summary: 'InSync', drift: [], rebootRequired: { required: false } });
  expect(status.observed).toMatchObject({ bootDefault: { toplevel: null } });
  expect(status.observed?.profile.toplevel).toBe(await running());
  expect(status.lastDeployment).toMatchObject({ outcome: 'committed' });
  // Nobody can be said to have chosen where the boot default cannot be read; what is deployed is on probation as anywhere.
  await lab.powerCycle(await running());
  await lab.daemon.until(
    'proof',
    ({ observed, state }) => observed?.booted.proven === true && state === 'settled',
  );
});

test('a current-system that leads nowhere is told as far as it can be, and put right when a person asks', async () => {
  lab = await createLab();
  await lab.daemon.start();
  await lab.deploy('one');
  const one = await running();
  const point = (target: string) => execa('ln', ['-sfn', target, join(lab.host.root, 'run/current-system')]);
  const kinds = async () =>
    [...(await lab.daemon.metrics()).matchAll(/^abide_drift\{kind="(\w+)"\} 1$/gm)].map(([, kind]) => kind);
  const told = async () => (await lab.daemon.metrics()).match(/^abide_drift\{kind="\w+"\}/gm)?.join() ?? '';
  const mend = async () => {
    expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
    await expect.poll(running, { timeout: 30_000 }).toBe(one);
    await lab.daemon.until('mended', ({ summary, drift }) => summary === 'InSync' && drift.length === 0);
  };

  const gone = join(dirname(one), `${'0'.repeat(32)}-gone`);
  await point(gone);
  const collected = await lab.daemon.until('a collected system', ({ drift }) => drift.length > 0);
  expect(collected).toMatchObject({ summary: 'Drifted', observed: { current: { toplevel: gone } } });
  expect(collected.drift.map(({ kind }) => kind)).toEqual(['commit', 'runtime', 'manual']);
  expect(await kinds()).toEqual(['commit', 'runtime', 'manual']);
  expect(await told()).not.toContain('boot"');
  await mend();

  await point('/nowhere');
  const lost = await lab.daemon.until('no system', ({ observed }) => observed?.current.toplevel === null);
  expect(lost.drift).toEqual([]);
  expect(await told()).not.toContain('runtime');
  await mend();
});

test('a system that runs without switch-to-configuration is no way back: that is said, and a failure stays as it is', async () => {
  lab = await createLab();
  await lab.daemon.start();
  await lab.deploy('one');
  const bare = join(lab.dir, 'bare');
  await execa('cp', ['-r', '--no-dereference', '--no-preserve=mode', await running(), bare]);
  await rm(join(bare, 'bin/switch-to-configuration'));
  const { stdout: system } = await execa('nix-store', ['--add', bare], { env: lab.env, extendEnv: false });
  await execa('ln', ['-sfn', system, join(lab.host.root, 'run/current-system')]);
  await lab.daemon.until('seen', ({ observed }) => observed?.current.toplevel === system);
  const commit = await lab.release('bad', 'activateExit = 1;');
  const { lastDeployment, quarantine } = await lab.daemon.until(
    'the end',
    (status) => status.deployment === null && status.lastDeployment?.commit === commit,
  );
  expect(lastDeployment).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining('has no switch-to-configuration: nothing can go back to it'),
    noWayBack: expect.stringContaining(system),
  });
  expect(quarantine).toMatchObject([{ commit }]);
  expect([note(), await running()]).toEqual(['bad', lastDeployment?.toplevel]);
  expect(existsSync(join(lab.host.root, 'run/abide-deadman', lastDeployment!.id))).toBe(false);
  await lab.deploy('good');
});
