import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conditionReasons } from '../../src/domain/condition-reasons.ts';
import { deriveConditions } from '../../src/domain/conditions.ts';
import { isChanging, standing, standings } from '../../src/domain/standing.ts';
import type { Condition, ConditionType } from '../../src/domain/status.ts';
import { summarize } from '../../src/domain/summary.ts';
import { arbitraryReady, arbitraryView } from './arbitrary-view.ts';
import { begin, later } from './example-view.ts';
import { something, valuesByPath, watchReads } from './watch-reads.ts';

const runs = { numRuns: 3000 };

function statusOf(conditions: readonly Condition[], wanted: ConditionType): string {
  return conditions.find(({ type }) => type === wanted)?.status ?? 'absent';
}

/** Holds for every view, with and without conditions of before. */
function always(property: (conditions: readonly Condition[], view: Parameters<typeof summarize>[0]) => void) {
  fc.assert(
    fc.property(arbitraryView, fc.option(arbitraryReady), (view, before) => {
      property(deriveConditions(view, before ? [before] : [], later), view);
    }),
    runs,
  );
}

describe('in every view whatsoever', () => {
  test('Ready is there and nothing abnormal is True beside Ready=True', () => {
    always((conditions) => {
      expect(statusOf(conditions, 'Ready')).not.toBe('absent');
      if (statusOf(conditions, 'Ready') !== 'True') return;
      expect(statusOf(conditions, 'Reconciling')).not.toBe('True');
      expect(statusOf(conditions, 'Stalled')).not.toBe('True');
    });
  });

  test('Reconciling and Stalled are never True together', () => {
    always((conditions) => {
      expect([statusOf(conditions, 'Reconciling'), statusOf(conditions, 'Stalled')]).not.toEqual([
        'True',
        'True',
      ]);
    });
  });

  test('Ready=Unknown comes with Reconciling=True', () => {
    always((conditions) => {
      if (statusOf(conditions, 'Ready') === 'Unknown')
        expect(statusOf(conditions, 'Reconciling')).toBe('True');
    });
  });

  test('every reason is of its closed set', () => {
    always((conditions) => {
      for (const { type, reason } of conditions) expect(conditionReasons[type]).toContain(reason);
    });
  });

  test('a host that is being changed is never ready', () => {
    always((conditions, view) => {
      if (view.observed && isChanging(view) && !view.facts.hold) {
        expect(statusOf(conditions, 'Ready')).not.toBe('True');
      }
    });
  });

  test('times move with the status alone', () => {
    fc.assert(
      fc.property(arbitraryView, arbitraryView, (one, other) => {
        const before = deriveConditions(one, [], begin);
        for (const [index, condition] of deriveConditions(other, before, later).entries()) {
          const moved = condition.status !== before[index]?.status;
          expect(condition.lastTransitionTime).toBe(moved ? later : begin);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('deriving again from the same view changes nothing, so that a no-op poll never flaps Ready', () => {
    fc.assert(
      fc.property(arbitraryView, (view) => {
        const before = deriveConditions(view, [], begin);
        const again = deriveConditions(view, before, later);
        if (!view.facts.suspended) expect(again).toEqual(before);
        expect(again.map(({ status }) => status)).toEqual(before.map(({ status }) => status));
      }),
      { numRuns: 1000 },
    );
  });

  test('the summary agrees: InSync only when Ready, Stalled only when Stalled', () => {
    always((conditions, view) => {
      const { summary, message } = summarize(view);
      if (summary === 'Stalled') expect(statusOf(conditions, 'Stalled')).toBe('True');
      if (summary === 'Progressing') expect(statusOf(conditions, 'Reconciling')).toBe('True');
      const isKept = view.facts.suspended !== null;
      if (statusOf(conditions, 'Ready') === 'True' && !isKept) expect(summary).toBe('InSync');
      expect(message.length).toBeGreaterThan(10);
    });
  });
});

test('the views above stand in every way a host can stand', () => {
  const stood = new Set(fc.sample(arbitraryView, 3000).map((view) => standing(view)));
  expect(standings.filter((one) => !stood.has(one))).toEqual([]);
});

test('whatever conditions and summary read of a view takes more than one value in the views above', () => {
  const views = fc.sample(arbitraryView, 2000);
  const values = new Map<string, Set<unknown>>();
  for (const [path, value] of views.flatMap((view) => valuesByPath(view))) {
    values.set(path, (values.get(path) ?? new Set()).add(value));
  }
  const reads = new Set<string>();
  for (const view of views) {
    deriveConditions(watchReads(view, reads), [], later);
    summarize(watchReads(view, reads));
  }
  expect([...reads]).toEqual(
    expect.arrayContaining(['.state', '.facts.choice.what', '.observed.units[].is', '.facts.bootOnce']),
  );
  const isSame = (path: string) => values.get(path)?.size === 1 && !values.get(path)!.has(something);
  expect([...reads].filter(isSame)).toEqual([]);
});
