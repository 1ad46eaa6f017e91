import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeploymentStep } from '../../src/domain/deployment.ts';
import type { Facts } from '../../src/domain/facts.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: { health: { settle: '0s', stableFor: '1s', deadline: '1m', inbound: { ports: [] } } },
    env: (dir, env) => ({ ...env, PATH: `${join(dir, 'slow')}:${env['PATH']}` }),
  });
  // So slow that the plug can be pulled while it runs.
  await mkdir(join(lab.dir, 'slow'));
  const script = '#!/bin/sh\nsleep 0.5\nPATH=${PATH#*:} exec nix-env "$@"\n';
  await writeFile(join(lab.dir, 'slow/nix-env'), script);
  await chmod(join(lab.dir, 'slow/nix-env'), 0o755);
  await lab.daemon.start();
  await lab.deploy('one');
  await lab.powerCycle();
  await isAt('one');
});

afterAll(() => lab.remove());

const facts = (): Facts | null => {
  try {
    return (JSON.parse(readFileSync(join(lab.dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;
  } catch {
    return null;
  }
};
const isRunningAt = (step: DeploymentStep, commit: string) => () => {
  const deployment = facts()?.deployment;
  return deployment?.commit === commit && deployment.step === step;
};
const inStep = (step: DeploymentStep, commit: string) =>
  expect.poll(isRunningAt(step, commit), { interval: 5, timeout: 20_000 }).toBe(true);

/** In sync with this commit's note, at rest, and nothing left to prove. */
const isAt = async (note: string): Promise<HostStatus> => {
  const status = await lab.daemon.until(
    note,
    ({ summary, desired, state, deployment, observed }) =>
      summary === 'InSync' &&
      state === 'settled' &&
      deployment === null &&
      desired?.subject === note &&
      observed?.current.toplevel === observed?.bootDefault.toplevel,
  );
  expect(readFileSync(join((await lab.host.current()) ?? '', 'etc/note'), 'utf8')).toBe(note);
  expect(status.observed?.profile.toplevel).toBe(await lab.host.current());
  return status;
};
const outcomes = async (commit: string) => {
  const { stdout } = await lab.daemon.cli('history', '--json');
  const { deployments } = JSON.parse(stdout) as { deployments: Facts['deployments'] };
  const own = deployments.filter((each) => each.commit === commit && each.trigger !== 'boot');
  return own.map(({ outcome }) => outcome);
};

describe('a system that a person chooses at boot', () => {
  test('stays until they say that it may go', async () => {
    const older = await lab.host.current();
    await lab.deploy('two');
    await lab.powerCycle(older!);
    const held = await lab.daemon.until('held', ({ summary }) => summary === 'Drifted');
    expect(held.message).toMatch(/was chosen at boot.* until a new commit, abide retry or abide resume/);
    expect(held).toMatchObject({ state: 'settled', deployment: null, quarantine: [] });
    expect(held.drift.map(({ kind }) => kind)).toContain('runtime');
    expect(held.conditions.find(({ type }) => type === 'Ready')).toMatchObject({ reason: 'Drifted' });
    expect((await lab.daemon.cli('why')).stdout).toContain('was chosen at boot');
    await lab.daemon.kill();
    await lab.daemon.start();
    expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).not.toBe(0);
    expect(await lab.host.current()).toBe(older);
    expect((await lab.daemon.cli('resume')).exitCode).toBe(0);
    await isAt('two');
    expect((await lab.daemon.cli('resume')).exitCode).toBe(1);
  });

  test('gives way to a new commit', async () => {
    const older = await lab.host.current();
    await lab.deploy('three');
    await lab.powerCycle(older!);
    await lab.daemon.until('held', ({ summary }) => summary === 'Drifted');
    await lab.deploy('four');
    await isAt('four');
  });
});

describe('the plug is pulled', () => {
  // As soon as a step is journalled it is pulled in crash/every-step.test.ts; here in the middle of one.
  test('while the profile is set: the old system boots, and the commit is tried once more', async () => {
    const commit = await lab.release('cut');
    await inStep('profile', commit);
    await lab.powerCycle();
    await isAt('cut');
    expect(await outcomes(commit)).toEqual(['committed', 'interrupted']);
  });

  test('twice: the commit is quarantined', async () => {
    const commit = await lab.release('unlucky');
    for (let times = 0; times < 2; times += 1) {
      await expect.poll(() => outcomes(commit), { timeout: 20_000 }).toHaveLength(times + 1); // the running one counts
      await inStep('probation', commit);
      await lab.powerCycle();
    }
    const { quarantine } = await lab.daemon.until('stalled', ({ state }) => state === 'stalled');
    expect(quarantine).toMatchObject([{ commit, reason: 'Interrupted' }]);
    expect(await outcomes(commit)).toEqual(['interrupted', 'interrupted']);
  });

  test('in a rollback: it is finished, and its commit stays quarantined', async () => {
    const before = await lab.host.current();
    const commit = await lab.release('bad', 'activateExit = 1;');
    await inStep('rollback', commit);
    await lab.powerCycle();
    await lab.daemon.until(
      'stalled',
      ({ state, desired }) => state === 'stalled' && desired?.commit === commit,
    );
    expect(await outcomes(commit)).toEqual(['rolled_back']);
    expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([before, before]);
  });
});

test('a profile that somebody else sets in the middle of a deployment is left as it is until a person says so', async () => {
  await lab.deploy('five');
  const theirs = await lab.host.current();
  await lab.deploy('six');
  const commit = await lab.release('seven');
  await inStep('probation', commit);
  await execa('nix-env', ['-p', lab.host.profile, '--set', theirs!], {
    env: { ...lab.env },
    extendEnv: false,
  });
  const held = await lab.daemon.until(
    'held',
    ({ summary, lastDeployment, message }) =>
      lastDeployment?.outcome === 'uncommitted' &&
      summary === 'Drifted' &&
      message.includes('moved by somebody'),
  );
  expect(held.lastDeployment?.message).toContain(theirs);
  expect((await lab.daemon.status()).observed?.profile.toplevel).toBe(theirs);
  expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
  await isAt('seven');
  expect(await outcomes(commit)).toEqual(['committed', 'uncommitted']);
});
