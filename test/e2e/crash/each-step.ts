import { afterAll, describe, expect, test } from 'vitest';
import { deploymentSteps, type DeploymentStep } from '../../../src/domain/deployment.ts';
import { createCrashLab, type CrashLab } from './crash-lab.ts';
import { round, undisturbed, type Disaster } from './round.ts';
import type { Scenario } from './scenarios.ts';

/** A scenario, the disasters that meet its steps, and which of its points they meet; all after a write of the journal without. */
export interface Meeting {
  readonly scenario: Scenario;
  readonly disasters: readonly Disaster[];
  readonly only?: RegExp;
}

const minutes = 60_000;

/** One test for each scenario and disaster, and one that fails when there is a step that no scenario passes. */
export function meetEachStep(meetings: Readonly<Record<string, Meeting>>): void {
  /** Steps that were met by a disaster; what is not here is killed in none. */
  const met = new Set<DeploymentStep>();

  describe.each(Object.entries(meetings))('%s', (_, { scenario, disasters, only = /^after journal / }) => {
    let lab: CrashLab;
    let points: readonly string[] = [];
    afterAll(() => lab.remove());

    test(`${scenario.name} is whole when nothing comes between`, async () => {
      lab = await createCrashLab(scenario);
      const passed = await undisturbed(lab, scenario);
      points = passed.filter((point) => only.test(point));
      expect(points).not.toEqual([]);
    });

    test.each(disasters)(
      `${scenario.name}, and %s is gone as soon as a step is journalled`,
      async (disaster) => {
        for (const point of points) await round({ lab, scenario, disaster, point });
        for (const step of stepsIn(points)) met.add(step);
      },
      8 * minutes,
    );
  });

  test('no step of a deployment is left out', () => {
    expect(met).toEqual(new Set(deploymentSteps));
  });
}

function stepsIn(points: readonly string[]): DeploymentStep[] {
  return deploymentSteps.filter((step) => points.includes(`after journal ${step} #1`));
}
