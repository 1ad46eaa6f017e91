import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deploymentSteps, type DeploymentStep } from '../../src/domain/deployment.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;
let round = 0;

/** Tools that take their time, so that a kill can come in the middle of what they do. */
const slow = (dir: string, env: Readonly<Record<string, string>>) => ({
  ...env,
  PATH: `${join(dir, 'slow')}:${env['PATH']}`,
});

beforeAll(async () => {
  lab = await createLab({ env: slow });
  await mkdir(join(lab.dir, 'slow'));
  await writeFile(
    join(lab.dir, 'slow/nix-env'),
    `#!/bin/sh\nsleep 0.4\nPATH=\${PATH#*:} exec nix-env "$@"\n`,
  );
  await chmod(join(lab.dir, 'slow/nix-env'), 0o755);
  await lab.daemon.start();
  await lab.deploy('before');
});

afterAll(() => lab.remove());

const facts = (): Facts | null => {
  try {
    return (JSON.parse(readFileSync(join(lab.dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;
  } catch {
    return null;
  }
};

/** Kills the daemon as soon as the journal on disk shows the step; false when the step was over too soon. */
async function killAt(step: DeploymentStep, commit: string): Promise<boolean> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const now = facts();
    if (now?.deployment?.commit === commit && now.deployment.step === step) {
      await lab.daemon.kill();
      return facts()?.deployment?.step === step;
    }
    if (now?.deployments.some((ended) => ended.commit === commit)) return false;
    await immediate();
  }
  throw new Error(`the journal never showed step ${step}`);
}

/** What an undisturbed run ends in. */
async function expectDeployed(note: string, commit: string): Promise<void> {
  const status = await lab.daemon.until(
    note,
    ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit,
  );
  const { observed, quarantine, floor } = status;
  expect(readFileSync(join(lab.host.root, 'etc/note'), 'utf8')).toBe(note);
  expect(observed?.profile.toplevel).toBe(observed?.current.toplevel);
  expect(observed?.bootDefault.toplevel).toBe(observed?.current.toplevel);
  expect({ quarantine, floor }).toEqual({ quarantine: [], floor: commit });
  const ended = facts()?.deployments.filter((deployment) => deployment.commit === commit) ?? [];
  expect(ended.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
  expect(facts()?.deployment).toBeNull();
}

/** None is left waiting once nothing runs that it could be for. */
const expectNoDeadMan = () =>
  expect.poll(() => processesWith(join(lab.host.root, 'run/abide-deadman'))).toEqual([]);

describe('kill -9 of the daemon', () => {
  const forward = deploymentSteps.filter((step) => step !== 'rollback');

  test.each(forward)('at step %s ends as an undisturbed run does', async (step) => {
    const seconds = step === 'switch' ? 1 : 0;
    let hit = false;
    // Some steps last a few milliseconds only: releases go on until one was hit.
    for (let tries = 0; tries < 20 && !hit; tries += 1) {
      round += 1;
      const note = `${step} ${round}`;
      const commit = await lab.release(note, `activateSeconds = ${seconds};`);
      hit = await killAt(step, commit);
      if (lab.daemon.hasEnded()) await lab.daemon.start();
      await expectDeployed(note, commit);
    }
    await expectNoDeadMan();
    expect(hit).toBe(true);
  });

  test.each(['evaluating', 'building'] as const)(
    'while %s ends as an undisturbed run does',
    async (state) => {
      round += 1;
      const commit = await lab.release(`${state} ${round}`, 'buildSeconds = 1;');
      await lab.daemon.until(state, (status) => status.state === state || status.floor === commit);
      await lab.daemon.kill();
      await lab.daemon.start();
      await expectDeployed(`${state} ${round}`, commit);
    },
  );

  test('at step rollback ends in a clean rollback', async () => {
    const before = await lab.host.current();
    const commit = await lab.release('bad', 'activateExit = 1; activateSeconds = 1;');
    await killAt('rollback', commit);
    await lab.daemon.start();
    const status = await lab.daemon.until('rolled back', ({ quarantine }) => quarantine.length > 0);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    expect(await lab.host.current()).toBe(before);
    expect(status.observed?.profile.toplevel).toBe(before);
    expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
    await lab.daemon.until(
      'rolled back again',
      ({ lastDeployment, state }) => lastDeployment?.trigger === 'operator' && state === 'stalled',
    );
    await lab.deploy('good');
  });
});

/** What the running deployment's dead-man does when its time is over, without the wait. */
async function timeIsOver(): Promise<void> {
  const script = join(deadManOf(facts()?.deployment?.id ?? 'none'), 'dead-man.sh');
  if (existsSync(script)) await execa('sh', [script, 'act', 'timer'], { env: {}, extendEnv: false });
}

const deadManOf = (deployment: string) => join(lab.host.root, 'run/abide-deadman', deployment);

/** Kills the daemon at a step, releasing until it was hit; for a switch once it really runs. */
async function hitAt(step: DeploymentStep): Promise<string> {
  const more = step === 'switch' ? 'activateSeconds = 1;' : step === 'rollback' ? 'activateExit = 1;' : '';
  for (let tries = 0; tries < 20; tries += 1) {
    round += 1;
    const commit = await lab.release(`dead ${step} ${round}`, more);
    const hit = step === 'switch' ? await killInSwitch(commit) : await killAt(step, commit);
    if (hit) return commit;
    if (lab.daemon.hasEnded()) await lab.daemon.start();
    await lab.daemon.until('an end', ({ deployment }) => deployment === null);
  }
  throw new Error(`step ${step} was never hit`);
}

async function inSwitch(commit: string): Promise<void> {
  const begun = () => {
    const running = facts()?.deployment;
    return running?.commit === commit && existsSync(join(deadManOf(running.id), 'switch-test'));
  };
  await expect.poll(begun, { interval: 10, timeout: 20_000 }).toBe(true);
}

async function killInSwitch(commit: string): Promise<true> {
  await inSwitch(commit);
  await lab.daemon.kill();
  return true;
}

describe('kill -9 of the daemon, which comes back only when the dead-man has had its time,', () => {
  const ends: Readonly<Record<DeploymentStep, readonly string[]>> = {
    prepare: ['committed'],
    preflight: ['committed'],
    arm: ['committed'],
    switch: ['rolled_back'],
    look: ['rolled_back'],
    probation: ['rolled_back'],
    passed: ['rolled_back', 'committed'],
    profile: ['committed'],
    loader: ['committed'],
    rollback: ['rolled_back'],
  };

  test.each(deploymentSteps)('at step %s ends as told, and nothing is half done', async (step) => {
    const commit = await hitAt(step);
    const before = facts()?.deployment?.previous;
    const floor = facts()?.floor;
    await timeIsOver();
    const left = await lab.host.current();
    await lab.daemon.start();
    const status = await lab.daemon.until(
      'an end',
      ({ lastDeployment, deployment }) =>
        deployment === null && lastDeployment?.commit === commit && lastDeployment.outcome !== 'interrupted',
    );
    expect(ends[step]).toContain(status.lastDeployment?.outcome);
    const isBack = status.lastDeployment?.outcome === 'rolled_back';
    const runs = await lab.host.current();
    expect(runs === before?.toplevel).toBe(isBack);
    if (isBack) expect(left).toBe(before?.toplevel);
    expect(facts()?.quarantine.some((entry) => entry.commit === commit)).toBe(isBack);
    expect(facts()?.floor?.commit).toBe(isBack ? floor?.commit : commit);
    const { observed } = await lab.daemon.until(
      'a look',
      ({ observed }) => observed?.profile.toplevel === runs,
    );
    expect(observed?.bootDefault.toplevel).toBe(runs);
    await expectNoDeadMan();
  });

  test('one that hangs instead finds itself overtaken', async () => {
    const before = await lab.host.current();
    const commit = await lab.release('hangs', 'activateSeconds = 1;');
    await inSwitch(commit);
    process.kill(lab.daemon.pid() ?? 0, 'SIGSTOP');
    await timeIsOver();
    process.kill(lab.daemon.pid() ?? 0, 'SIGCONT');
    const { lastDeployment } = await lab.daemon.until(
      'an end',
      (status) => status.deployment === null && status.lastDeployment?.commit === commit,
    );
    expect(lastDeployment).toMatchObject({
      outcome: 'rolled_back',
      message: expect.stringContaining('the dead-man acted by itself'),
    });
    expect(await lab.host.current()).toBe(before);
  });

  test('its way back is told apart from those that abide asked for', async () => {
    expect(await lab.daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="deadman"\} [3-9]/);
  });

  test.each(['before', 'after'] as const)(
    'and its state directory is gone, too: the host is brought back %s abide returns',
    async (when) => {
      const before = await lab.host.current();
      const commit = await lab.release(`stateless ${when}`, 'activateSeconds = 1;');
      await killInSwitch(commit);
      const dir = deadManOf(facts()?.deployment?.id ?? '');
      await rm(join(lab.dir, 'state'), { recursive: true });
      if (when === 'before') await execa('sh', [join(dir, 'dead-man.sh'), 'act', 'timer']);
      else await lab.daemon.start();
      await expect.poll(() => existsSync(join(dir, 'outcome')), { timeout: 20_000 }).toBe(true);
      expect(readFileSync(join(dir, 'outcome'), 'utf8')).toBe('went-back 0\n');
      if (when === 'before') {
        expect(await lab.host.current()).toBe(before);
        await lab.daemon.start();
      }
      await expectDeployed(`stateless ${when}`, commit);
    },
  );
});

test('a switch that is killed itself is judged by the links: nothing happened is an attempt', async () => {
  await lab.deploy('good again');
  const before = await lab.daemon.status();
  const commit = await lab.release('killed', 'activateSeconds = 20;');
  await lab.daemon.until('switching', ({ deployment }) => deployment?.step === 'switch');
  await expect.poll(() => activations()).not.toEqual([]);
  const groups = new Set(processesWith(join(lab.dir, 'state/deployments')).map(groupOf));
  for (const group of groups) process.kill(-group, 'SIGKILL');
  const status = await lab.daemon.until('judged', ({ lastDeployment }) => lastDeployment?.commit === commit);
  expect(status.lastDeployment).toMatchObject({ outcome: 'failed', exitCode: null });
  expect(status).toMatchObject({ backoff: { class: 'activate', attempt: 1 } });
  expect(await lab.host.current()).toBe(before.observed?.current.toplevel);
});

function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function activations(): number[] {
  return processesWith(join(lab.dir, 'nix/store')).filter((pid) => pid !== lab.daemon.pid());
}
