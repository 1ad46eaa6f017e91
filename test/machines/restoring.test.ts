import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { evaluation, fine, history, host, startReconciler, top, untilEvaluating } from './harness.ts';

/** A switch from `old` to `m1` as the journal has it when profile and boot loader are the next to move. */
async function untilProfile(): Promise<Facts> {
  const driven = startReconciler();
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
  await driven.settle('prepare');
  await driven.settle('activate', fine);
  await driven.settle('look', host('m1', { profile: null, bootDefault: null }));
  await driven.settle('probe', { observed: host('m1'), checks: [] });
  await driven.settle('disarm');
  expect(driven.facts().deployment?.step).toBe('profile');
  return driven.facts();
}

const rebooted = (current: string, bootDefault = current, more: Partial<Observed> = {}) =>
  host(current, { bootId: 'boot-2', bootDefault: top(bootDefault), ...more });

const restarted = async (facts: Facts, observed: Observed) => {
  const driven = startReconciler({ facts });
  driven.knows(history('m1 m2'));
  await driven.observes(observed);
  return driven;
};

describe('a reboot between profile and boot loader', () => {
  test('that brings the system before takes the profile back, and the commit is tried once more', async () => {
    const driven = await restarted(
      await untilProfile(),
      rebooted('old', 'old', { profile: { generation: 2, toplevel: top('m1') } }),
    );
    expect(driven.pipeline()).toBe('committing.restoring');
    await driven.settle('restore', host('old', { bootId: 'boot-2' }));
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'interrupted' });
    expect(driven.facts()).toMatchObject({ deployment: null, expected: null, floor: null, quarantine: [] });
  });

  test('that fails to take it back is loud and tried again', async () => {
    const driven = await restarted(await untilProfile(), rebooted('old'));
    await driven.settle('restore', new Problem('profile_failed', 'no space left'));
    expect(driven.pipeline()).toBe('committing.restoringAgain');
    await driven.wait(60_000);
    expect(driven.pipeline()).toBe('committing.restoring');
  });

  test('that brings the new system goes on', async () => {
    const driven = await restarted(await untilProfile(), rebooted('m1'));
    expect(driven.pipeline()).toBe('committing.passing');
  });
});

test('a reboot in the middle of a rollback does not acquit the commit', async () => {
  const driven = startReconciler();
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
  await driven.settle('prepare');
  await driven.settle('activate', { ...fine, exitCode: 2 });
  await driven.settle('look', host('m1'));
  const next = await restarted(driven.facts(), rebooted('old'));
  expect(next.pipeline()).toBe('rollingBack.running');
});

test('a reboot takes nothing from a commit whose system ran before', async () => {
  const facts = await untilProfile();
  const deployment = {
    ...facts.deployment!,
    previous: { ...facts.deployment!.previous, toplevel: top('m1') },
  };
  const driven = await restarted({ ...facts, deployment }, rebooted('m1', 'old'));
  expect(driven.pipeline()).toBe('committing.passing');
});

test('a daemon that goes on with a commit and is then cut off by a reboot takes the profile back, too', async () => {
  const second = await restarted(await untilProfile(), host('m1'));
  expect(second.facts().deployment?.step).toBe('passed');
  const third = await restarted(
    second.facts(),
    rebooted('old', 'old', { profile: { generation: 2, toplevel: top('m1') } }),
  );
  expect(third.pipeline()).toBe('committing.restoring');
});
