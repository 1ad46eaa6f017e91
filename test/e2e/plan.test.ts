import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planSchema } from '../../src/api/contract-plan.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

const dbus = (value: string) => `inhibitors = { dbus-implementation = "${value}"; };`;

beforeAll(async () => {
  lab = await createLab({ config: { health: { settle: '0s', stableFor: '0s' } } });
  await lab.daemon.start();
  await lab.deploy('first', dbus('dbus'));
  await lab.host.reboot();
});

afterAll(() => lab.remove());

const planned = async (...args: string[]): Promise<Plan> => {
  const { stdout, stderr, exitCode } = await lab.daemon.cli('plan', ...args, '--json');
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return planSchema.parse(JSON.parse(stdout));
};

test('what is deployed needs nothing', async () => {
  expect(await planned()).toMatchObject({ way: 'nothing', holds: [], closure: { changes: [], added: 0 } });
});

test('what would be deployed is built and told, and nothing on the host changes', async () => {
  await lab.daemon.cli('suspend', '--reason', 'to plan');
  const before = await lab.daemon.status();
  const generations = readdirSync(dirname(lab.host.profile));
  const commit = await lab.release('second', `${dbus('broker')} kernelVersion = "6.12.2";`);
  await lab.daemon.until('seen', ({ desired }) => desired?.commit === commit);
  const plan = await planned();
  expect(plan).toMatchObject({
    commit,
    subject: 'second',
    operation: 'switch',
    way: 'stage',
    staged: 'the switch inhibitor dbus-implementation changes from dbus to broker',
    inhibitors: [{ key: 'dbus-implementation', running: 'dbus', candidate: 'broker' }],
    rebootReasons: expect.arrayContaining(['kernel']),
    wayBack: { unattended: false },
    holds: [expect.objectContaining({ decision: 'suspension' })],
  });
  expect(plan.closure.changes).toContainEqual(
    expect.objectContaining({ name: 'linux', after: expect.arrayContaining(['6.12.2']) }),
  );
  expect(plan.closure.added).toBeGreaterThan(0);
  const after = await lab.daemon.status();
  expect(after.observed?.current).toEqual(before.observed?.current);
  expect(after.lastDeployment?.id).toBe(before.lastDeployment?.id);
  expect(readdirSync(dirname(lab.host.profile))).toEqual(generations);
  expect(readdirSync(join(lab.env['NIX_STATE_DIR'] ?? '', 'gcroots/abide'))).not.toContain('plan');
});

test('a commit by its abbreviation, for people', async () => {
  const commit = await lab.release('third', dbus('dbus'));
  await lab.daemon.until('seen', ({ desired }) => desired?.commit === commit);
  const { stdout, exitCode } = await lab.daemon.cli('plan', commit.slice(0, 10));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/commit\s+[0-9a-f]{8} third/);
  expect(stdout).toContain('it would be switched to, with probation');
  expect(stdout).toContain('would activate the configuration');
});

test('what nobody offers is refused, and what fails to build says why', async () => {
  const unknown = await lab.daemon.cli('plan', 'f'.repeat(40));
  expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ffffffff') });
  const commit = await lab.release('broken', 'buildFails = 1;');
  await lab.daemon.until('seen', ({ desired }) => desired?.commit === commit);
  const broken = await lab.daemon.cli('plan');
  expect(broken).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('failed') });
  expect((await lab.daemon.status()).failure).toBeNull();
});
