import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
let first: string;
let second: string;

beforeAll(async () => {
  lab = await createLab({
    config: { health: { settle: '0s', stableFor: '2s', deadline: '1m', inbound: { ports: [] } } },
  });
  // Before the daemon looks: else it may deploy the commit that the repository begins with.
  first = await lab.release('one');
  await lab.daemon.start();
  await lab.daemon.until('one', ({ summary, desired }) => summary === 'InSync' && desired?.commit === first);
  second = await lab.deploy('two');
});

afterAll(() => lab.remove());

const journal = async () =>
  (JSON.parse(await readFile(join(lab.dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;
const isBack = (commit: string) => (status: HostStatus) =>
  status.deployment === null &&
  status.lastDeployment?.commit === commit &&
  status.lastDeployment.goesBackFrom !== null;

test('goes back on probation with the dead-man armed, also through kill -9 in the middle, and holds', async () => {
  const { daemon, host } = lab;
  const systems = (await journal()).deployments.map(({ toplevel }) => toplevel);
  const asked = await daemon.cli('rollback', '--reason', 'it is slow', '--json');
  expect(JSON.parse(asked.stdout)).toMatchObject({ from: second, commit: first, toplevel: systems[1] });
  // All of it is on disk before the answer, whatever has begun meanwhile.
  expect(await journal()).toMatchObject({
    goingBack: { commit: first, from: second },
    suspended: { until: null },
    quarantine: [{ commit: second, toplevel: systems[0], reason: 'RolledBack' }],
  });
  await daemon.until('probation', ({ state }) => state === 'probation');
  const { deployment } = await journal();
  expect(existsSync(join(host.root, 'run/abide-deadman', deployment!.id, 'dead-man.sh'))).toBe(true);
  await daemon.kill();
  await daemon.start();
  const status = await daemon.until('the end', isBack(first));
  expect(status).toMatchObject({
    summary: 'Suspended',
    floor: second,
    lastDeployment: { outcome: 'committed', trigger: 'operator', goesBackFrom: second },
  });
  expect(status.lastDeployment?.message).toMatch(/was rolled back by hand by .+: it is slow$/);
  expect([await host.current(), await host.bootDefault()]).toEqual([systems[1], systems[1]]);
  expect((await journal()).goingBack).toBeNull();
  expect(await daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="manual"\} 1/);
  expect((await daemon.cli('events', '--audit')).stdout).toContain('it is slow');
});

test('is refused where nothing before is left, and in words', async () => {
  const again = await lab.daemon.cli('rollback', '--reason', 'further');
  expect(again, JSON.stringify(await journal(), null, 1)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('no system before'),
  });
  const unknown = await lab.daemon.cli('rollback', '--to', '1999', '--reason', 'x');
  expect(unknown.stderr).toContain('no deployment begins with 1999');
  expect((await lab.daemon.cli('rollback')).exitCode).toBe(2);
});

test('survives a restart, and after resume only the next commit goes forward', async () => {
  const { daemon, host } = lab;
  await daemon.stop();
  await daemon.start();
  expect((await daemon.status()).suspended?.reason).toBe('rolled back by hand: it is slow');
  const before = await host.current();
  await daemon.cli('resume');
  const stalled = await daemon.until('a stall', ({ state }) => state === 'stalled');
  expect(stalled.message).toContain('it is slow');
  expect(await host.current()).toBe(before);
  await lab.deploy('three');
});

test('--to goes to an earlier deployment, once garbage collection left it', async () => {
  const { daemon } = lab;
  const { deployments } = await journal();
  const oldest = deployments.findLast(({ commit }) => commit === first)!;
  expect((await daemon.cli('rollback', '--to', oldest.id, '--reason', 'x')).exitCode).toBe(0);
  await daemon.until('the end', (status) => isBack(first)(status) && status.summary === 'Suspended');
});
