import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type Links } from '../lab.ts';
import { once } from '../system.ts';

let lab: Lab;
let before: Links;

/** Of both commits: another configuration would be another abide. */
const config = { rollback: { lastResort: 'reboot' } };

beforeAll(async () => {
  lab = await createLab({ note: 'first', config });
  before = await lab.links();
});

afterAll(() => lab?.remove());

test('a system that stays unwell after its rollback is rebooted as the last resort, and is well then', async () => {
  // What is in /run stays over the way back, and is gone after a boot.
  const breaks = { 'breaks.service': once('/bin/touch /run/hold') };
  const commit = await lab.release({ note: 'breaks', units: breaks, config });
  await lab.until(
    'a rollback that does not help',
    ({ lastDeployment }) => lastDeployment?.commit === commit && lastDeployment.outcome === 'rollback_failed',
  );
  expect(await lab.links()).toEqual(before);
  await lab.untilOff();
  await lab.boot();
  expect(await lab.links()).toEqual(before);
  const status = await lab.until(
    'well again',
    ({ lastDeployment }) => lastDeployment?.commit === commit && lastDeployment.outcome === 'rolled_back',
  );
  expect(status.lastDeployment?.message).toContain('a reboot as the last resort was asked for at');
  expect(status.quarantine.map((entry) => entry.commit)).toContain(commit);
  expect(status.summary).not.toBe('Failed');
});
