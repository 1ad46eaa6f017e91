import { describe, expect, test } from 'vitest';
import { inSync } from '../../src/domain/in-sync.ts';
import type { Operation } from '../../src/domain/remote.ts';
import { exampleObserved, newSystem, oldSystem } from './example-view.ts';

interface Place {
  readonly current?: string | null;
  readonly profile?: string | null;
  readonly bootDefault?: string | null;
}

function question(operation: Operation, place: Place) {
  const { current = newSystem, profile = newSystem, bootDefault = newSystem } = place;
  const seen = profile === null ? null : { generation: 1, toplevel: profile };
  return {
    operation,
    toplevel: newSystem,
    observed: { ...exampleObserved, current, profile: seen, bootDefault },
  };
}

describe('in sync', () => {
  test.each<[Operation, Place, boolean]>([
    ['switch', {}, true],
    ['switch', { current: oldSystem }, false],
    ['switch', { profile: oldSystem }, false],
    ['switch', { bootDefault: oldSystem }, false],
    ['test', { profile: oldSystem, bootDefault: oldSystem }, true],
    ['test', { current: oldSystem }, false],
    ['boot', { current: oldSystem }, true],
    ['boot', { profile: oldSystem }, false],
    ['boot', { bootDefault: oldSystem }, false],
  ])('by operation %s with %j: %s', (operation, place, expected) => {
    expect(inSync(question(operation, place))).toBe(expected);
  });

  test('does not count against the host what cannot be read', () => {
    expect(inSync(question('switch', { profile: null, bootDefault: null }))).toBe(true);
    expect(inSync(question('boot', { current: null, bootDefault: null }))).toBe(true);
  });

  test('is never assumed of the place that the operation is about', () => {
    expect(inSync(question('switch', { current: null, profile: null, bootDefault: null }))).toBe(false);
    expect(inSync(question('test', { current: null }))).toBe(false);
    expect(inSync(question('boot', { profile: null }))).toBe(false);
  });
});
