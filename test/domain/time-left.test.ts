import { describe, expect, test } from 'vitest';
import { backoffMs, backoffTable, longestBackoffMs, type BackoffClass } from '../../src/domain/backoff.ts';
import type { Failure } from '../../src/domain/facts.ts';
import { stalledRetryMs } from '../../src/domain/policy.ts';
import { failureLeft, timeLeft } from '../../src/domain/time-left.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('a moment that was set to be waited for', () => {
  test.each([
    ['is as far away as it was set', 5 * minute, 5 * minute],
    ['has come', 0, 0],
    ['has passed', -hour, 0],
    ['is further away than anything is set: the clock was put back', 5 * minute + 1, 0],
  ] as const)('%s', (_name, away, left) => {
    expect(timeLeft(hour + away, 5 * minute, hour)).toBe(left);
  });
});

describe('what failed', () => {
  const failed = (change: Partial<Failure>) =>
    ({ class: 'build', stalled: false, until: hour, ...change }) as Failure;

  test.each(Object.keys(backoffTable) as BackoffClass[])('as %s waits its whole longest delay', (kind) => {
    const longest = backoffMs({ class: kind, row: 30, random: () => 1 - Number.EPSILON });
    expect(longest).toBeLessThanOrEqual(longestBackoffMs(kind));
    if (kind !== 'fetch') expect(failureLeft(failed({ class: kind, until: longest }), 0)).toBe(longest);
  });

  test('and waits a minute does not wait for hours because the clock was put back by them', () => {
    const now = 20 * hour;
    expect(failureLeft(failed({ until: now + minute }), now)).toBe(minute);
    expect(failureLeft(failed({ until: now + minute }), now - 10 * hour)).toBe(0);
  });

  test('and is given up waits its six hours, and no longer', () => {
    expect(failureLeft(failed({ stalled: true, until: stalledRetryMs }), 0)).toBe(stalledRetryMs);
    expect(failureLeft(failed({ stalled: true, until: stalledRetryMs }), -hour)).toBe(0);
  });
});
