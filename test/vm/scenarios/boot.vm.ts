import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type Links } from '../lab.ts';
import { once } from '../system.ts';

let lab: Lab;
let before: Links;

/** Of every commit here: another configuration would be another abide. */
const config = { rollback: { lastResort: 'reboot' } };

beforeAll(async () => {
  lab = await createLab({ note: 'first', config });
  before = await lab.links();
});

afterAll(() => lab?.remove());

test('a system that stays unwell after its rollback is rebooted as the last resort, and is well then', async () => {
  // What is in /run outlives the way back, and no boot.
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

test('power that fails during a probation boots the old system', async () => {
  const slow = { 'slow.service': once('/bin/sleep 5') };
  const commit = await lab.release({ note: 'unplugged', units: slow, config });
  await lab.untilUnit('slow.service', 'activating');
  await lab.sh('touch /run/hold');
  await lab.until('probation', (now) => now.state === 'probation' && now.deployment?.commit === commit);
  expect((await lab.links()).current).not.toBe(before.current);
  await lab.sh('sync');
  await lab.cutPower();
  await lab.boot();
  expect((await lab.links()).booted).toBe(before.current);
  // Nobody chose the old system: the commit gets one more try, and this one is not held.
  const status = await lab.until(
    'one more try',
    (now) => now.lastDeployment?.commit === commit && now.lastDeployment.outcome === 'committed',
  );
  const outcomes = (await lab.history())
    .filter((each) => each.commit === commit)
    .map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['committed', 'interrupted']);
  expect(status.observed?.booted.toplevel).toBe(before.current);
});
