import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
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
    await lab.release('good again');
  });
});

test('a switch that is killed itself is judged by the links: nothing happened is an attempt', async () => {
  const before = await lab.daemon.until(
    'good again',
    ({ summary, desired }) => summary === 'InSync' && desired?.subject === 'good again',
  );
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
