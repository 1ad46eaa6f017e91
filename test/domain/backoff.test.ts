import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, backoffTable, type BackoffClass } from '../../src/domain/backoff.ts';

const middle = () => 0.5;
const classes = Object.keys(backoffTable) as BackoffClass[];

describe('backoff', () => {
  test.each<{ of: BackoffClass; minutes: readonly number[] }>([
    { of: 'fetch', minutes: [0.25, 0.5, 1, 2, 4, 8, 15, 15] },
    { of: 'evaluate', minutes: [1, 2, 4, 8, 16, 30, 30] },
    { of: 'build', minutes: [1, 2, 4, 8, 16, 32, 60, 60] },
    { of: 'activate', minutes: [1, 2, 4, 8, 16, 30, 30] },
    { of: 'commit', minutes: [1, 2, 4, 8, 16, 30, 30] },
    { of: 'environment', minutes: [1, 2, 4, 8, 16, 30, 30] },
    { of: 'unexpected', minutes: [5 / 60, 10 / 60, 20 / 60, 40 / 60, 80 / 60] },
  ])('of $of doubles up to its cap', ({ of, minutes }) => {
    const delays = minutes.map((_, index) => backoffMs({ class: of, row: index + 1, random: middle }));
    expect(delays).toEqual(minutes.map((minute) => minute * 60_000));
  });

  test('is spread by 10 % either way', () => {
    expect(backoffMs({ class: 'build', row: 1, random: () => 0 })).toBe(54_000);
    expect(backoffMs({ class: 'build', row: 1, random: () => 0.999_999_9 })).toBe(66_000);
  });

  test('is a whole, positive number of milliseconds within 10 % of the cap, however long the row', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...classes),
        fc.oneof(fc.integer({ min: -1, max: 60 }), fc.integer({ min: 0, max: 1e9 })),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (of, row, random) => {
          const delay = backoffMs({ class: of, row, random: () => random });
          const { baseMs, capMs } = backoffTable[of];
          expect(Number.isSafeInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(baseMs * 0.9);
          expect(delay).toBeLessThanOrEqual(capMs * 1.1);
        },
      ),
    );
  });

  test('with the same luck never shrinks from one failure to the next', () => {
    for (const of of classes) {
      const delays = Array.from({ length: 40 }, (_, row) => backoffMs({ class: of, row, random: middle }));
      expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    }
  });
});
