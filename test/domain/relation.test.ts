import { describe, expect, test } from 'vitest';
import { relationToFloor, relationToMain } from '../../src/domain/relation.ts';
import { ancestryOf } from './select-history.ts';

/*
 * root - old - floor - next - tip
 *          \- side - more
 *          \- other
 */
const history = {
  root: [],
  old: ['root'],
  floor: ['old'],
  next: ['floor'],
  tip: ['next'],
  sibling: ['floor'],
  side: ['old'],
  more: ['side'],
  other: ['old'],
  foreign: [],
};
const ancestry = ancestryOf(history, Object.keys(history));

describe('relation of main to the floor', () => {
  test.each([
    { what: 'no head', head: null, offered: 'floor', is: 'missing' },
    { what: 'the floor', head: 'floor', offered: 'tip', is: 'same' },
    { what: 'a child of the floor', head: 'next', offered: 'floor', is: 'ahead' },
    { what: 'a rewrite above the floor', head: 'sibling', offered: 'tip', is: 'ahead' },
    { what: 'a step back above the floor', head: 'next', offered: 'tip', is: 'ahead' },
    { what: 'the floor’s parent', head: 'old', offered: 'floor', is: 'behind' },
    {
      what: 'an ancestor that does not continue what was offered',
      head: 'old',
      offered: 'side',
      is: 'behind',
    },
    { what: 'a sibling of the floor after the floor', head: 'side', offered: 'floor', is: 'rewritten' },
    { what: 'a sibling of the floor after its child', head: 'side', offered: 'tip', is: 'rewritten' },
    { what: 'an unrelated root after the floor', head: 'foreign', offered: 'floor', is: 'rewritten' },
    { what: 'another sibling after a sibling', head: 'other', offered: 'side', is: 'rewritten' },
    { what: 'a step back on a sibling', head: 'side', offered: 'more', is: 'rewritten' },
    { what: 'a sibling as the first thing offered', head: 'side', offered: null, is: 'diverged' },
    { what: 'a sibling that was offered before', head: 'side', offered: 'side', is: 'diverged' },
    { what: 'a child of a sibling offered before', head: 'more', offered: 'side', is: 'diverged' },
    { what: 'a sibling after the floor’s parent', head: 'side', offered: 'old', is: 'diverged' },
  ])('$what is $is', ({ head, offered, is }) => {
    expect(relationToFloor({ head, floor: 'floor', offered, ancestry })).toBe(is);
  });

  test('without a floor every head is ahead, whatever was offered', () => {
    expect(relationToFloor({ head: 'side', floor: null, offered: 'floor', ancestry })).toBe('ahead');
  });

  test('without a floor no head is missing', () => {
    expect(relationToFloor({ head: null, floor: null, offered: null, ancestry })).toBe('missing');
  });
});

describe('relation of testing to desired main', () => {
  test.each([
    { head: null, is: 'missing' },
    { head: 'floor', is: 'same' },
    { head: 'tip', is: 'ahead' },
    { head: 'old', is: 'behind' },
    { head: 'side', is: 'diverged' },
    { head: 'foreign', is: 'diverged' },
  ])('$head is $is', ({ head, is }) => {
    expect(relationToMain(head, 'floor', ancestry)).toBe(is);
  });

  test('without a main it is ahead', () => {
    expect(relationToMain('side', null, ancestry)).toBe('ahead');
  });
});
