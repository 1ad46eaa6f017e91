import { afterAll, describe, expect, test } from 'vitest';
import { deploymentSteps, type DeploymentStep } from '../../../src/domain/deployment.ts';
import { createCrashLab, type CrashLab } from './crash-lab.ts';
import { round, undisturbed, type Disaster } from './round.ts';
import { scenarios, type Scenario } from './scenarios.ts';

/** The whole of it, every point by every disaster, is `npm run test:slow`; here is every step once. */
const minutes = 60_000;

/** Steps by the scenario that passes them; what is not here is killed in none. */
const passed = new Map<string, DeploymentStep>();

/** The disasters that a scenario's steps are met with here. */
const met: Readonly<Record<keyof typeof scenarios, readonly Disaster[]>> = {
  switch: ['abide', 'abide for long', 'power'],
  again: [],
  failing: ['abide'],
  unhealthy: [],
  loader: [],
  test: [],
  'failing test': [],
  boot: ['abide'],
};

describe.each(Object.entries(scenarios))('%s', (name, scenario: Scenario) => {
  let lab: CrashLab;
  let points: readonly string[] = [];
  afterAll(() => lab.remove());

  test(`${scenario.name} is whole when nothing comes between`, async () => {
    lab = await createCrashLab(scenario.config ? { config: scenario.config } : {});
    points = await undisturbed(lab, scenario);
    for (const step of stepsIn(points)) passed.set(`${name} ${step}`, step);
  });

  test.each(met[name as keyof typeof scenarios])(
    `${scenario.name}, and %s is gone as soon as a step is journalled`,
    async (disaster) => {
      for (const point of points.filter((each) => each.startsWith('after journal '))) {
        await round({ lab, scenario, disaster, point });
      }
    },
    4 * minutes,
  );
});

test('no step of a deployment is left out', () => {
  expect(new Set(passed.values())).toEqual(new Set(deploymentSteps));
});

function stepsIn(points: readonly string[]): DeploymentStep[] {
  return deploymentSteps.filter((step) => points.includes(`after journal ${step} #1`));
}
