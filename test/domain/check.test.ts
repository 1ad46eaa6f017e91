import { expect, test } from 'vitest';
import { isExonerated, isWorse, resultsOf, type CheckSeen } from '../../src/domain/check.ts';

const seen = (name: string, status: CheckSeen['status']): CheckSeen => ({
  name,
  status,
  durationSeconds: 0,
  message: null,
  definitive: false,
  well: [],
  unwell: [],
});

test.each([
  ['passing', 'failing', true],
  ['failing', 'failing', false],
  ['unknown', 'failing', true],
  ['passing', 'unknown', true],
  ['unknown', 'unknown', false],
  ['failing', 'unknown', false],
  ['failing', 'passing', false],
] as const)('a check that was %s and is %s got worse: %s', (before, now, worse) => {
  const [result] = resultsOf([seen('web', now)], [seen('web', before)]);
  expect(isWorse(result!)).toBe(worse);
});

test('without a look before, failing counts and not knowing does not', () => {
  const results = resultsOf([seen('web', 'failing'), seen('units', 'unknown')], null);
  expect(results.map(isWorse)).toEqual([true, false]);
});

test('a commit is exonerated when the network stays away and nothing else is mended by going back', () => {
  const before = ['connectivity', 'web', 'other'].map((name) => seen(name, 'passing'));
  const lost = resultsOf(
    [seen('connectivity', 'failing'), seen('web', 'failing'), seen('other', 'passing')],
    before,
  );
  const away = [seen('connectivity', 'failing'), seen('web', 'failing')];
  expect(isExonerated(lost, away)).toBe(true);
  expect(isExonerated(lost, [seen('connectivity', 'failing'), seen('web', 'passing')])).toBe(false);
  expect(isExonerated(lost, [seen('connectivity', 'passing'), seen('web', 'failing')])).toBe(false);
  expect(isExonerated(lost, [])).toBe(false);
  expect(isExonerated(resultsOf([seen('web', 'failing')], before), away)).toBe(false);
});
