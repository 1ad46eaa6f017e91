import { expect, test } from 'vitest';
import { planWayBack } from '../../src/domain/plan.ts';
import { newCommit, oldSystem } from './example-view.ts';

test('a plan says what a failure would be undone by, or who keeps it from being undone', () => {
  expect(planWayBack('switch', oldSystem, null)).toEqual({
    unattended: true,
    message: `the dead-man goes back to ${oldSystem}`,
  });
  expect(planWayBack('switch', oldSystem, newCommit)).toMatchObject({
    unattended: false,
    message: expect.stringContaining('Abide-Rollback: no in bbbbbbbb'),
  });
  expect(planWayBack('test', oldSystem, 'rollback.enabled')).toMatchObject({
    unattended: false,
    message: expect.stringContaining('rollback.enabled: false'),
  });
  expect(planWayBack('commit', oldSystem, newCommit).unattended).toBe(true);
});
