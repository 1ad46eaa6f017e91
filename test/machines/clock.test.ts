import { expect, test } from 'vitest';
import { Problem } from '../../src/domain/problem.ts';
import { epoch, host, startReconciler, top, untilEvaluating, type Driven } from './harness.ts';

const hour = 3_600_000;

test('a clock that is put back by hours does not put off the next try by them', async () => {
  let back = 0;
  let running: Driven | null = null;
  const driven = startReconciler({ now: () => epoch + (running?.clock.now() ?? 0) - back });
  running = driven;
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', new Problem('network', 'no route'));
  expect(driven.pipeline()).toBe('backoff');
  back = 10 * hour;
  await driven.wait(2 * 60_000);
  expect(driven.pipeline()).toBe('evaluating');
});

test.each([
  ['that began before the newest one is not newer, though it is told later', -20, 'newest'],
  ['that seems hours older was made by a clock that was put back', -10 * hour, 'other'],
  ['that began later is the newest', 1, 'other'],
] as const)('a look %s', async (_name, later, kept) => {
  const driven = startReconciler();
  await driven.observes(host('newest'));
  driven.actor.send({ type: 'host.observed', observed: host('other', { at: epoch + later }), token: null });
  expect(driven.context().observed?.current).toBe(top(kept));
});
