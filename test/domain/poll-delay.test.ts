import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstPollDelay, pollDelay } from '../../src/domain/poll-delay.ts';

const machineId = '4c4c4544004d3510804cb4c04f4b3332';

/** Machine-ids that differ as little as can be. */
function fleet(size: number): readonly string[] {
  return Array.from({ length: size }, (_, index) => index.toString(16).padStart(32, '0'));
}

function buckets(delays: readonly number[], pollMs: number, count: number): readonly number[] {
  const filled = Array.from({ length: count }, () => 0);
  for (const delay of delays) filled[Math.floor((delay / pollMs) * count)]! += 1;
  return filled;
}

describe('the delay before the second poll', () => {
  test('is the same at every start, for ever: a change would move every host of a fleet at once', () => {
    expect(firstPollDelay({ machineId, remote: 'origin', pollMs: 60_000 })).toBe(27_549);
    expect(firstPollDelay({ machineId, remote: 'backup', pollMs: 60_000 })).toBe(57_279);
  });

  test('is a whole number of milliseconds within the period', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.integer({ min: 1000, max: 7 * 86_400_000 }),
        (id, remote, pollMs) => {
          const delay = firstPollDelay({ machineId: id, remote, pollMs });
          expect(Number.isSafeInteger(delay)).toBe(true);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThan(pollMs);
        },
      ),
    );
  });

  test('keeps its share of the period when the period changes', () => {
    const short = firstPollDelay({ machineId, remote: 'origin', pollMs: 1_000 });
    expect(Math.floor(firstPollDelay({ machineId, remote: 'origin', pollMs: 1_000_000 }) / 1_000)).toBe(
      short,
    );
  });

  test('spreads a fleet evenly over the period', () => {
    const delays = fleet(10_000).map((id) =>
      firstPollDelay({ machineId: id, remote: 'origin', pollMs: 60_000 }),
    );
    for (const filled of buckets(delays, 60_000, 10)) {
      expect(filled).toBeGreaterThan(850);
      expect(filled).toBeLessThan(1150);
    }
  });

  test('spreads the remotes of one host over the period, also when their names are alike', () => {
    const delays = Array.from({ length: 1000 }, (_, index) =>
      firstPollDelay({ machineId, remote: `remote-${index}`, pollMs: 60_000 }),
    );
    for (const filled of buckets(delays, 60_000, 4)) expect(filled).toBeGreaterThan(200);
  });
});

describe('the delay between later polls', () => {
  test('is the period, spread by 10 % either way', () => {
    expect(pollDelay({ pollMs: 60_000, random: () => 0 })).toBe(54_000);
    expect(pollDelay({ pollMs: 60_000, random: () => 0.5 })).toBe(60_000);
    expect(pollDelay({ pollMs: 60_000, random: () => 0.999_999_9 })).toBe(66_000);
  });
});
