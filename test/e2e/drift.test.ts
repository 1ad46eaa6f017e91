import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

const labs: Lab[] = [];
afterAll(async () => {
  for (const lab of labs) await lab.remove();
});

const longAgo = /\d{4}-\d\d-\d\dT[\d:.]+Z/;
const kindsOf = ({ drift }: HostStatus) => drift.map(({ kind }) => kind);
const messageOf = ({ drift }: HostStatus, wanted: string) =>
  drift.find(({ kind }) => kind === wanted)?.message;

/** A lab on which `one` and then `two` were deployed, and what people do to its host by hand. */
async function createHandLab(config: Readonly<Record<string, unknown>> = {}) {
  const lab = await createLab({ config });
  labs.push(lab);
  await lab.daemon.start();
  await lab.deploy('one');
  const one = (await lab.host.current()) ?? '';
  const commit = await lab.deploy('two');
  const two = (await lab.host.current()) ?? '';
  const profile = (...args: string[]) =>
    execa('nix-env', ['--profile', lab.host.profile, ...args], { env: lab.env, extendEnv: false });
  const activate = (toplevel: string, action: 'switch' | 'test' | 'boot') =>
    execa(join(toplevel, 'bin/switch-to-configuration'), [action], {
      env: { ...lab.env, ABIDE_ROOT: lab.host.root, NIXOS_NO_CHECK: '1' },
      extendEnv: false,
    });
  const drifted = (what: string, ...kinds: string[]) =>
    lab.daemon.until(what, (status) => kindsOf(status).join() === kinds.join());
  const series = async (name: string) =>
    (await lab.daemon.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return { lab, one, two, commit, profile, activate, drifted, series };
}

type HandLab = Awaited<ReturnType<typeof createHandLab>>;

describe('with drift.policy report', () => {
  let hand: HandLab;
  beforeAll(async () => {
    hand = await createHandLab();
  });

  /** A person has it deployed once more. */
  const mend = async () => {
    expect((await hand.lab.daemon.cli('retry')).exitCode).toBe(0);
    await hand.lab.daemon.until('mended', ({ summary, drift }) => summary === 'InSync' && drift.length === 0);
    expect(await hand.lab.host.current()).toBe(hand.two);
  };

  test('a system activated by hand is told with its commit and when, and nothing more happens', async () => {
    const { activate, drifted, one, two, lab } = hand;
    await activate(one, 'test');
    const seen = await drifted('a test by hand', 'commit', 'runtime', 'manual');
    expect(messageOf(seen, 'manual')).toMatch(
      /^\S+ \(commit [0-9a-f]{8}\) was activated by hand at .*, without changing the system profile$/,
    );
    expect(messageOf(seen, 'runtime')).toContain(`expected since ${seen.lastDeployment?.endedAt}`);
    expect(seen).toMatchObject({
      summary: 'Drifted',
      state: 'settled',
      observed: { current: { toplevel: one } },
    });
    await lab.daemon.kill();
    await lab.daemon.start();
    const again = await drifted('after a restart', 'commit', 'runtime', 'manual');
    expect(again.drift.map(({ since }) => since)).toEqual(seen.drift.map(({ since }) => since));
    await activate(two, 'test');
    await lab.daemon.until('as it was', ({ summary }) => summary === 'InSync');
  });

  test('a switch by hand is told with the generation that it made', async () => {
    const { activate, profile, drifted, series, one } = hand;
    await profile('--set', one);
    await activate(one, 'switch');
    const seen = await drifted('a switch by hand', 'commit', 'runtime', 'profile', 'manual', 'bootloader');
    expect(messageOf(seen, 'manual')).toMatch(/^the system was switched by hand to .*profile generation 3/);
    expect(messageOf(seen, 'manual')).toMatch(longAgo);
    expect(await series('abide_drift')).toContain('abide_drift{kind="manual"} 1');
    await mend();
    expect(await series('abide_drift')).toContain('abide_drift{kind="manual"} 0');
  });

  test('a profile set by hand, and a boot default of its own, are told before they start', async () => {
    const { activate, profile, drifted, one, two } = hand;
    await profile('--set', one);
    const seen = await drifted('a profile by hand', 'profile', 'manual');
    expect(messageOf(seen, 'manual')).toMatch(/ by hand .*; it starts at the next boot$/);
    await profile('--set', two);
    await drifted('as it was');
    await activate(one, 'boot');
    expect(messageOf(await drifted('a boot default by hand', 'bootloader'), 'bootloader')).toContain(one);
    await mend();
  });

  test('nixos-rebuild --rollback is a choice: shown, and held until a person goes on', async () => {
    const { activate, profile, lab, one, two } = hand;
    await profile('--set', one);
    await profile('--set', two);
    await profile('--rollback');
    await activate(one, 'switch');
    const held = await lab.daemon.until('held', ({ message }) => message.includes('is left alone'));
    expect(held.message).toContain('the system profile was set back by hand to an older generation');
    expect(messageOf(held, 'manual')).toMatch(/switched back by hand to .*, an older generation at /);
    expect((await lab.daemon.cli('why')).stdout).toContain('set back by hand');
    await mend();
  });

  test('a unit that was masked at run time is told, and cannot be told without systemd', async () => {
    const { lab, drifted, series } = hand;
    expect((await series('abide_drift')).join()).not.toContain('units');
    const dir = join(lab.host.root, 'run/systemd/system');
    await mkdir(dir, { recursive: true });
    await symlink('/dev/null', join(dir, 'imitation.target'));
    const seen = await drifted('a masked unit', 'units');
    expect(seen).toMatchObject({ summary: 'Drifted' });
    expect(messageOf(seen, 'units')).toBe('imitation.target is masked in /run/systemd/system');
    expect(await series('abide_drift')).toContain('abide_drift{kind="units"} 1');
    await rm(join(dir, 'imitation.target'));
    await drifted('as it was');
    await rm(join(lab.host.root, 'run/systemd'), { recursive: true });
  });

  test('a switch that was cut off is told with what it left undone, until the next one does it', async () => {
    const { lab, drifted, activate, two } = hand;
    await mkdir(join(lab.host.root, 'run/systemd/system'), { recursive: true });
    const list = join(lab.host.root, 'run/nixos/start-list');
    await writeFile(list, 'imitation.target\n');
    expect(messageOf(await drifted('a switch cut off', 'units'), 'units')).toContain(
      'a switch was cut off before it was done (not started: imitation.target)',
    );
    await activate(two, 'test');
    await rm(list);
    await drifted('done');
    await rm(join(lab.host.root, 'run/systemd'), { recursive: true });
  });

  test('a switch to another system profile is told by its name', async () => {
    const { lab, activate, drifted, one } = hand;
    const other = join(dirname(lab.host.profile), 'system-profiles/trial');
    await mkdir(dirname(other), { recursive: true });
    await execa('nix-env', ['--profile', other, '--set', one], { env: lab.env, extendEnv: false });
    await activate(one, 'switch');
    const seen = await drifted('another profile', 'commit', 'runtime', 'manual', 'bootloader');
    for (const kind of ['manual', 'bootloader']) {
      expect(messageOf(seen, kind)).toContain(`${one} (generation 1 of the system profile trial`);
    }
    await mend();
  });

  test('another kernel is the need of a reboot and no trouble', async () => {
    const { lab } = hand;
    await lab.powerCycle();
    await lab.deploy('three', 'kernelVersion = "6.99";');
    const seen = await lab.daemon.until('boot', (status) => kindsOf(status).join() === 'boot');
    expect(seen).toMatchObject({ summary: 'InSync', rebootRequired: { required: true } });
    expect(seen.rebootRequired.reasons).toContain('kernel');
    await lab.powerCycle();
    await lab.daemon.until('booted', ({ drift, summary }) => summary === 'InSync' && drift.length === 0);
  });
});

describe('with drift.policy correct', () => {
  let hand: HandLab;
  beforeAll(async () => {
    hand = await createHandLab({ drift: { interval: '1s', policy: 'correct', grace: '2s' } });
  });

  test('a switch by hand is undone after the grace, by a deployment that says why', async () => {
    const { activate, profile, lab, one, two, commit } = hand;
    await profile('--set', one);
    await activate(one, 'switch');
    const seen = await lab.daemon.until('drift', ({ drift }) => drift.some(({ kind }) => kind === 'manual'));
    const done = await lab.daemon.until(
      'corrected',
      ({ summary, lastDeployment }) => summary === 'InSync' && lastDeployment?.trigger === 'drift',
    );
    expect(done.lastDeployment).toMatchObject({ commit, outcome: 'committed', toplevel: two });
    const since = seen.drift.find(({ kind }) => kind === 'manual')?.since ?? '';
    expect(Date.parse(done.lastDeployment!.startedAt) - Date.parse(since)).toBeGreaterThanOrEqual(2000);
    expect(await lab.host.current()).toBe(two);
    expect(await lab.host.bootDefault()).toBe(two);
  });

  test('what a person chose stays, also past the grace and over a restart and a reboot, until they go on', async () => {
    const { activate, profile, lab, one, two } = hand;
    await profile('--set', one);
    await profile('--set', two);
    await profile('--rollback');
    await activate(one, 'switch');
    const isHeld = ({ message }: HostStatus) => message.includes('is left alone');
    const held = await lab.daemon.until('held', isHeld);
    const pastGrace = Date.parse(held.drift[0]!.since) + 4000;
    await lab.daemon.kill();
    await lab.daemon.start();
    await lab.daemon.until('past the grace', (status) => isHeld(status) && Date.now() > pastGrace);
    await lab.powerCycle();
    await lab.daemon.until('held after a reboot', (status) => isHeld(status) && status.state === 'settled');
    expect(await lab.host.current()).toBe(one);
    expect((await lab.daemon.cli('resume')).exitCode).toBe(0);
    await lab.daemon.until(
      'gone on',
      ({ summary, deployment }) => summary === 'InSync' && deployment === null,
    );
    expect(await lab.host.current()).toBe(two);
  });
});
