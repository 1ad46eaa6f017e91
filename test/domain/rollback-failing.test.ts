import { expect, test } from 'vitest';
import { deriveConditions } from '../../src/domain/conditions.ts';
import { standing } from '../../src/domain/standing.ts';
import { summarize } from '../../src/domain/summary.ts';
import { begin, exampleDeployment, oldSystem, towardsNew } from './example-view.ts';

const goingBack = (rollbackFailures: number) =>
  towardsNew(
    { state: 'rollingBack', rollbackFailures },
    {
      deployment: {
        ...exampleDeployment,
        step: 'rollback',
        reason: 'ActivationFailed',
        message: 'exit code 2',
      },
    },
  );

test('a rollback that runs is not one that failed', () => {
  expect(standing(goingBack(0))).toBe('rollingBack');
});

test('a rollback that failed and is tried again is the loudest there is, in summary and conditions', () => {
  const view = goingBack(3);
  expect(standing(view)).toBe('rollbackFailed');
  expect(summarize(view)).toMatchObject({
    summary: 'Failed',
    message: expect.stringContaining(
      `the rollback to ${oldSystem} failed 3 times and is tried again each minute`,
    ),
  });
  const ready = deriveConditions(view, [], begin).find(({ type }) => type === 'Ready');
  expect(ready).toMatchObject({ status: 'False', reason: 'RollbackFailed' });
});
