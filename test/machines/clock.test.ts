import { expect, test } from 'vitest';
import { Problem } from '../../src/domain/problem.ts';
import { startReconciler, untilEvaluating, type Driven } from './harness.ts';

const hour = 3_600_000;
const begin = Date.parse('2026-01-01T00:00:00Z');

test('a clock that is put back by hours does not put off the next try by them', async () => {
  let back = 0;
  let running: Driven | null = null;
  const driven = startReconciler({ now: () => begin + (running?.clock.now() ?? 0) - back });
  running = driven;
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', new Problem('network', 'no route'));
  expect(driven.pipeline()).toBe('backoff');
  back = 10 * hour;
  await driven.wait(2 * 60_000);
  expect(driven.pipeline()).toBe('evaluating');
});
