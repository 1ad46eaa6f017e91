import { expect, test } from 'vitest';
import { planWayBack } from '../../src/domain/plan.ts';
import { newCommit, oldSystem } from './example-view.ts';

const ways = { current: oldSystem, loaderRefuses: null, switchable: true };

test('a plan says what a failure would be undone by, or who keeps it from being undone', () => {
  expect(planWayBack('switch', { ...ways, noRollback: null })).toEqual({
    unattended: true,
    message: `the dead-man goes back to ${oldSystem}`,
  });
  expect(planWayBack('switch', { ...ways, noRollback: newCommit })).toMatchObject({
    unattended: false,
    message: expect.stringContaining('Abide-Rollback: no in bbbbbbbb'),
  });
  expect(planWayBack('test', { ...ways, noRollback: 'rollback.enabled' })).toMatchObject({
    unattended: false,
    message: expect.stringContaining('rollback.enabled: false'),
  });
  expect(planWayBack('switch', { ...ways, switchable: false, noRollback: null })).toEqual({
    unattended: false,
    message: `nothing can go back to ${oldSystem}: it has no switch-to-configuration`,
  });
  expect(planWayBack('boot', { ...ways, noRollback: newCommit })).toMatchObject({
    unattended: false,
    message: expect.stringContaining('Abide-Rollback: no in bbbbbbbb'),
  });
  expect(planWayBack('commit', { ...ways, noRollback: newCommit }).unattended).toBe(true);
});
