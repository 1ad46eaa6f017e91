import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFullDiskLab, everywhere, type FullDiskLab, type FullPlace } from './full-disk-lab.ts';
import { fullRound } from './full-round.ts';
import { undisturbed } from './round.ts';
import { scenarios, type Scenario } from './scenarios.ts';

const minutes = 60_000;

/** As soon as a step is journalled; and right before a file is put in place or a child is started. */
const steps = /^after journal \w+ #1$/;
const all = /^(after journal|before put|before start) .*#1$/;

const rounds: readonly { readonly full: readonly FullPlace[]; readonly at: RegExp }[] = [
  { full: ['state'], at: all },
  { full: ['run'], at: all },
  { full: ['boot'], at: steps },
  { full: ['profiles'], at: steps },
  { full: ['roots'], at: steps },
  { full: everywhere, at: all },
];

describe.each(['switch', 'failing'] as const)('%s', (name) => {
  const scenario: Scenario = scenarios[name];
  let lab: FullDiskLab;
  let points: readonly string[] = [];
  beforeAll(async () => {
    lab = await createFullDiskLab();
    points = await undisturbed(lab, scenario);
    expect(points.filter((point) => steps.test(point)).length).toBeGreaterThan(5);
  });
  afterAll(() => lab.remove());

  test.each(rounds.map(({ full, at }) => [full.join(', '), full, at] as const))(
    `${scenario.name}, and the file system of %s is full from any point on`,
    { timeout: 10 * minutes },
    async (_, full, at) => {
      for (const point of points.filter((each) => at.test(each))) {
        await fullRound({ lab, scenario, point, full });
      }
    },
  );
});
