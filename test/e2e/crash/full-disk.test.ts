import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFullDiskLab, everywhere, type FullDiskLab, type FullPlace } from './full-disk-lab.ts';
import { fullRound } from './full-round.ts';
import { undisturbed } from './round.ts';
import { scenarios } from './scenarios.ts';

let lab: FullDiskLab;
let points: readonly string[] = [];

beforeAll(async () => {
  lab = await createFullDiskLab();
  points = await undisturbed(lab, scenarios.switch);
});
afterAll(() => lab.remove());

// Every place at every point is crash/full-disk.slow.ts.
test.each([
  ['state', 'after journal prepare #1', ['state']],
  ['state', 'after journal probation #1', ['state']],
  ['state', 'after journal profile #1', ['state']],
  ['run', 'before put host/run/abide-deadman/ID/dead-man.sh #1', ['run']],
  ['run', 'after journal switch #1', ['run']],
  ['all', 'after journal arm #1', everywhere],
  ['all', 'after journal passed #1', everywhere],
] as const)(
  'a disk that is full (%s) %s leaves nothing half done, and is forgotten once there is room',
  async (_, point, full) => {
    expect(points).toContain(point);
    await fullRound({ lab, scenario: scenarios.switch, point, full: full as readonly FullPlace[] });
  },
);

// Where `/run` is full too, nobody can set its link, and the dead-man tries each minute.
test('a system that fails is gone back from without a disk to write on, and stays quarantined', () =>
  fullRound({
    lab,
    scenario: scenarios.failing,
    point: 'after journal look #1',
    full: everywhere.filter((place) => place !== 'run'),
  }));
