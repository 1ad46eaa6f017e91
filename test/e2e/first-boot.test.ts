import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: (dir) => ({
      health: {
        settle: '0s',
        stableFor: '1s',
        deadline: '8s',
        inbound: { ports: [] },
        checks: [{ name: 'web', command: ['test', '-e', join(dir, 'web-is-up')] }],
      },
    }),
  });
  await isUp(true);
  await lab.daemon.start();
  await lab.deploy('one');
});

afterAll(() => lab.remove());

const isUp = (up: boolean) => {
  const file = join(lab.dir, 'web-is-up');
  return up ? writeFile(file, '') : rm(file, { force: true });
};
const isAtRest = ({ deployment, state }: HostStatus) =>
  deployment === null && ['settled', 'stalled'].includes(state);
const isProven = ({ observed }: HostStatus) => observed?.booted.proven === true;
const onTrial = ({ deployment, state }: HostStatus) =>
  deployment?.trigger === 'boot' && state === 'probation';
const history = async (n: string) => {
  const { stdout } = await lab.daemon.cli('history', '--json', '-n', n);
  return (JSON.parse(stdout) as { deployments: Record<string, unknown>[] }).deployments;
};

test('the first boot of a system is on probation, and proves that it boots', async () => {
  await lab.powerCycle();
  const status = await lab.daemon.until('proof', (now) => isProven(now) && isAtRest(now));
  expect(status).toMatchObject({
    summary: 'InSync',
    lastDeployment: { trigger: 'boot', outcome: 'committed' },
  });
  const [trial, deployed] = await history('5');
  expect(trial).toMatchObject({ commit: deployed!['commit'], previous: { toplevel: null }, exitCode: null });
  expect(deployed).toMatchObject({ trigger: 'commit', outcome: 'committed' });
  expect((await lab.daemon.cli('events')).stdout).toContain('is boot-proven');
  expect(lab.daemon.log()).toContain('no other system has proved that it boots here');
});

test('a boot of what is proven is no reason to try it again', async () => {
  const before = await history('9');
  await lab.powerCycle();
  await lab.daemon.until('a look', (now) => now.summary === 'InSync' && isAtRest(now));
  expect(await history('9')).toEqual(before);
});

test('a system that was healthy and fails after its boot is gone back from, for good', async () => {
  const proven = await lab.host.current();
  const commit = await lab.deploy('two');
  const [deployed] = await history('1');
  await isUp(false);
  await lab.powerCycle();
  const status = await lab.daemon.until('the way back', ({ quarantine }) => quarantine.length > 0);
  expect(status).toMatchObject({
    quarantine: [{ commit, reason: 'HealthCheckFailed' }],
    lastDeployment: { trigger: 'boot', outcome: 'rolled_back', previous: { toplevel: proven } },
  });
  expect(status.lastDeployment?.id).not.toBe(deployed!['id']);
  const { observed } = await lab.daemon.until(
    'rest',
    (now) => isAtRest(now) && now.observed?.current.toplevel === proven,
  );
  expect(observed?.profile.toplevel).toBe(proven);
  expect(await lab.host.bootDefault()).toBe(proven);
  expect((await lab.daemon.status()).drift.filter(({ kind }) => kind !== 'commit')).toEqual([]);
  expect(await lab.daemon.metrics()).toContain('abide_rollbacks_total{reason="boot"} 1');
  await isUp(true);
  await lab.powerCycle();
  await lab.daemon.until('rest', (now) => now.state === 'stalled' && isProven(now));
});

test('a trial goes on when the daemon is killed in the middle of it', async () => {
  await lab.deploy('three');
  await lab.powerCycle();
  const { deployment } = await lab.daemon.until('a trial', onTrial);
  await lab.daemon.kill();
  await lab.daemon.start();
  const status = await lab.daemon.until('proof', (now) => isProven(now) && isAtRest(now));
  expect(status.lastDeployment).toMatchObject({ id: deployment?.id, outcome: 'committed', trigger: 'boot' });
});

test('a trial that abide does not live to see the end of is undone without it, profile and boot default too', async () => {
  const proven = await lab.host.current();
  const commit = await lab.deploy('dies');
  await isUp(false);
  await lab.powerCycle();
  const { deployment } = await lab.daemon.until('a trial', onTrial);
  await lab.daemon.kill();
  const script = join(lab.host.root, 'run/abide-deadman', deployment!.id, 'dead-man.sh');
  await execa('sh', [script, 'act', 'timer'], { env: {}, extendEnv: false });
  expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([proven, proven]);
  await isUp(true);
  await lab.daemon.start();
  const status = await lab.daemon.until('rest', (now) => isAtRest(now) && now.state === 'stalled');
  expect(status.lastDeployment).toMatchObject({ commit, outcome: 'rolled_back', trigger: 'boot' });
  expect(status.observed?.profile.toplevel).toBe(proven);
});

test('a commit after which nothing may go back by itself keeps that at its first boot', async () => {
  await lab.infra.setHosts('{ alpha = { note = "migrates"; }; }\n');
  const commit = await lab.infra.commit('migrates\n\nAbide-Rollback: no');
  await lab.daemon.until('migrates', (now) => now.summary === 'InSync' && now.desired?.commit === commit);
  const toplevel = await lab.host.current();
  await isUp(false);
  await lab.powerCycle();
  const { lastDeployment } = await lab.daemon.until(
    'the end',
    (now) => isAtRest(now) && now.quarantine.some((entry) => entry.commit === commit),
  );
  expect(lastDeployment).toMatchObject({ trigger: 'boot', outcome: 'failed', noRollback: commit });
  expect(lastDeployment?.message).toContain('nothing goes back by itself (Abide-Rollback: no');
  expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([toplevel, toplevel]);
  await isUp(true);
  await lab.daemon.cli('retry');
  await lab.deploy('past it');
  await lab.powerCycle();
  await lab.daemon.until('proof', (now) => isProven(now) && isAtRest(now));
});

test('a system that takes its host down twice before it is proven is not booted a third time', async () => {
  const proven = await lab.host.current();
  const commit = await lab.deploy('four');
  for (let times = 0; times < 2; times += 1) {
    await lab.powerCycle();
    await lab.daemon.until('a trial', onTrial);
  }
  await lab.powerCycle();
  const status = await lab.daemon.until('the way back', ({ quarantine }) =>
    quarantine.some((entry) => entry.commit === commit),
  );
  expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', reason: 'Interrupted' });
  await lab.daemon.until('rest', (now) => isAtRest(now) && now.observed?.current.toplevel === proven);
  expect(await lab.host.bootDefault()).toBe(proven);
  expect((await history('3')).map(({ outcome }) => outcome)).toEqual([
    'rolled_back',
    'interrupted',
    'committed',
  ]);
});
