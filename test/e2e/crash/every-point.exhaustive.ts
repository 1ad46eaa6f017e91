import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCrashLab, type CrashLab } from './crash-lab.ts';
import { disasters, round, undisturbed, type Disaster } from './round.ts';
import { scenarios, type Scenario } from './scenarios.ts';

const minutes = 60_000;

/**
 * Each disaster meets every n-th point, and each one others, so that together they meet all; `EVERY_POINT=1` meets each with
 * each, which takes an hour or two.
 */
const stride = process.env['EVERY_POINT'] === '1' ? 1 : 4;

/** Where two scenarios go the same way, the second is met with less. */
const some = ['abide', 'power'] as const;
const met: Readonly<Record<keyof typeof scenarios, readonly Disaster[]>> = {
  switch: disasters,
  again: some,
  failing: disasters,
  unhealthy: some,
  loader: some,
  test: some,
  'failing test': some,
  boot: some,
  once: some,
};

describe.each(Object.entries(scenarios))('%s', (name, scenario: Scenario) => {
  let lab: CrashLab;
  let points: readonly string[] = [];

  beforeAll(async () => {
    lab = await createCrashLab(scenario);
    points = distinct(await undisturbed(lab, scenario));
  });
  afterAll(() => lab.remove());

  test.each(met[name as keyof typeof scenarios])(
    `${scenario.name}, and %s is gone at any point`,
    async (disaster) => {
      expect(points.length).toBeGreaterThan(10);
      const offset = disasters.indexOf(disaster);
      const mine = points.filter((_, index) => index % stride === offset % stride);
      for (const point of mine) await round({ lab, scenario, disaster, point });
    },
    20 * minutes,
  );
});

/** Between the end of one thing and the begin of the next nothing happens, except where a child was started. */
function distinct(points: readonly string[]): string[] {
  return points.filter((point, index) => {
    const before = points[index - 1] ?? '';
    return point.startsWith('after ') || !before.startsWith('after ') || before.startsWith('after start ');
  });
}
