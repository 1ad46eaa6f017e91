import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { unitsOf } from '../host/fake-systemd.ts';
import { createSystemdRunLab, type SystemdRunLab } from './systemd-run-lab.ts';

let lab: SystemdRunLab;

beforeAll(async () => {
  lab = await createSystemdRunLab();
});
afterAll(() => lab.remove());
afterEach(() => lab.expectNothingLeft());

const started = () => readFileSync(join(unitsOf(lab), 'argv'), 'utf8');

test.each([
  {
    what: 'the dead-man',
    units: '--unit=abide-deadman-',
    says: /the dead-man could not arm: Failed to connect/,
  },
  {
    what: 'the switch',
    units: '--unit=abide-switch-[^ ]*-test',
    says: /systemd-run could not start abide-switch-\S+-test.service: Failed to connect/,
  },
])(
  '$what that gets no unit: nothing is activated, which is no fault of the commit, and it is tried again',
  async ({ what, units, says }) => {
    const before = await lab.host.current();
    await lab.spoil('refuse', units);
    const commit = await lab.release(`no unit for ${what}`);
    const status = await lab.ended(commit);
    expect(status).toMatchObject({
      state: 'backoff',
      quarantine: [],
      lastDeployment: { outcome: 'failed', message: expect.stringMatching(says) },
      failure: { class: 'environment', code: 'process_failed' },
    });
    expect(await lab.host.current()).toBe(before);
    expect(existsSync(join(lab.dir, 'state/deployments', status.lastDeployment!.id, 'exit-test'))).toBe(
      false,
    );
    await lab.expectNothingLeft();
    expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
    await lab.daemon.until(
      'a second try',
      ({ lastDeployment }) => lastDeployment?.id !== status.lastDeployment?.id,
    );
    await lab.ended(commit);
    expect(await lab.host.current()).toBe(before);
    await lab.mend();
    expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
    await lab.daemon.until('in sync', ({ summary, floor }) => summary === 'InSync' && floor === commit);
  },
);

test('a rollback that gets no unit is loud, keeps its timer, and is done as soon as there is one', async () => {
  const before = await lab.host.current();
  await lab.spoil('refuse', '--unit=abide-deadman-[^ ]*-now');
  const commit = await lab.release('bad', 'activateExit = 1;');
  const failing = await lab.daemon.until(
    'a rollback',
    ({ deployment }) => deployment?.commit === commit && deployment.step === 'rollback',
  );
  const { id } = failing.deployment!;
  const loud = `the rollback of ${commit.slice(0, 8)} failed and is tried again: the dead-man could not start`;
  await expect.poll(() => lab.daemon.log(), { timeout: 10_000 }).toContain(loud);
  expect(await lab.daemon.metrics()).toMatch(/^abide_rollback_failed 1$/m);
  expect((await lab.daemon.status()).summary).toBe('Failed');
  expect(lab.isArmed(id, 'probation')).toBe(true);
  expect(await lab.host.current()).not.toBe(before);
  expect(await lab.host.bootDefault()).toBe(before);
  // A daemon that is started begins at the rollback.
  await lab.daemon.kill();
  await lab.mend();
  await lab.daemon.start();
  const status = await lab.ended(commit);
  expect(status).toMatchObject({ lastDeployment: { outcome: 'rolled_back' }, quarantine: [{ commit }] });
  expect(await lab.host.current()).toBe(before);
  expect(started()).toContain(`--unit=abide-deadman-${id}-now`);
});
