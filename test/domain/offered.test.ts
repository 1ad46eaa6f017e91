import { describe, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import { offeredAfter } from '../../src/domain/offered.ts';
import { select } from '../../src/domain/select.ts';
import { inputFrom, offersOf, remote } from './select-history.ts';

const history = {
  root: [],
  old: ['root'],
  floor: ['old'],
  next: ['floor'],
  tip: ['next'],
  sibling: ['floor'],
  side: ['old'],
  more: ['side'],
};
const remotes = [remote('origin')];

interface Poll {
  readonly heads: Parameters<typeof offersOf>[0];
  readonly offered: Facts['offered'];
  readonly floor?: string | null;
}

function poll({ heads, offered, floor = 'floor' }: Poll) {
  const input = inputFrom(history, { remotes, floor, offered, offers: offersOf(heads) });
  const { judgements } = select(input);
  return { judgements, offered: offeredAfter(offered, judgements, input.ancestry) };
}

function mains(heads: readonly (string | null)[], floor: string | null = 'floor') {
  let offered: Facts['offered'] = {};
  return heads.map((main) => {
    const after = poll({ heads: { origin: [main] }, offered, floor });
    offered = after.offered;
    return [after.judgements[0]?.relation, offered['origin']?.main];
  });
}

describe('what a remote has offered', () => {
  test('follows a branch that grows', () => {
    expect(mains(['floor', 'next', 'tip'])).toEqual([
      ['same', 'floor'],
      ['ahead', 'next'],
      ['ahead', 'tip'],
    ]);
  });

  test('follows a rewrite above the floor', () => {
    expect(mains(['tip', 'sibling'])).toEqual([
      ['ahead', 'tip'],
      ['ahead', 'sibling'],
    ]);
  });

  test('stays at the furthest head while the remote lags, above and below the floor', () => {
    expect(mains(['tip', 'next', 'old'])).toEqual([
      ['ahead', 'tip'],
      ['ahead', 'tip'],
      ['behind', 'tip'],
    ]);
  });

  test('a remote that goes back to an ancestor and then sideways has rewritten its history', () => {
    expect(mains(['floor', 'old', 'side', 'more'])).toEqual([
      ['same', 'floor'],
      ['behind', 'floor'],
      ['rewritten', 'floor'],
      ['rewritten', 'floor'],
    ]);
  });

  test('a remote that deletes its branch and comes back sideways has rewritten its history', () => {
    expect(mains(['next', null, 'side'])).toEqual([
      ['ahead', 'next'],
      ['missing', 'next'],
      ['rewritten', 'next'],
    ]);
  });

  test('a rewrite is not remembered, so the remote may come back', () => {
    expect(mains(['floor', 'side', 'next'])).toEqual([
      ['same', 'floor'],
      ['rewritten', 'floor'],
      ['ahead', 'next'],
    ]);
  });

  test('a remote that never had to do with the floor may go on in its own way, not rewrite that', () => {
    expect(mains(['side', 'more', 'side'])).toEqual([
      ['diverged', 'side'],
      ['diverged', 'more'],
      ['rewritten', 'more'],
    ]);
  });

  test('testing heads may be rewritten freely and do not touch main', () => {
    const first = poll({ heads: { origin: ['floor', 'tip'] }, offered: {} });
    const second = poll({ heads: { origin: ['floor', 'sibling'] }, offered: first.offered });
    expect(first.offered).toEqual({ origin: { main: 'floor', testing: 'tip' } });
    expect(second.offered).toEqual({ origin: { main: 'floor', testing: 'sibling' } });
  });

  test('a rewritten main does not hold back testing', () => {
    const offered = { origin: { main: 'floor', testing: 'next' } };
    expect(poll({ heads: { origin: ['side', 'tip'] }, offered }).offered).toEqual({
      origin: { main: 'floor', testing: 'tip' },
    });
  });

  test('a remote that was not heard of keeps what it offered', () => {
    const offered = { origin: { main: 'floor', testing: 'tip' } };
    expect(poll({ heads: {}, offered }).offered).toBe(offered);
  });

  test('a remote that is no longer configured is forgotten', () => {
    const offered = {
      origin: { main: 'floor', testing: null },
      gone: { main: 'tip', testing: 'tip' },
    };
    expect(poll({ heads: { origin: ['floor'] }, offered }).offered).toEqual({
      origin: { main: 'floor', testing: null },
    });
  });

  test('nothing new is the very same object', () => {
    const offered = { origin: { main: 'tip', testing: 'tip' } };
    expect(poll({ heads: { origin: ['next', 'tip'] }, offered }).offered).toBe(offered);
  });

  test('one change is another object, and the one before is left alone', () => {
    const offered = Object.freeze({ origin: Object.freeze({ main: 'floor', testing: null }) });
    expect(poll({ heads: { origin: ['next'] }, offered }).offered).toEqual({
      origin: { main: 'next', testing: null },
    });
    expect(offered).toEqual({ origin: { main: 'floor', testing: null } });
  });

  test('a remote may bear the name of an object’s own property', () => {
    const named = [remote('constructor')];
    const input = inputFrom(history, {
      remotes: named,
      floor: 'floor',
      offers: offersOf(Object.fromEntries([['constructor', ['next']]])),
    });
    expect(offeredAfter({}, select(input).judgements, input.ancestry)).toEqual({
      constructor: { main: 'next', testing: null },
    });
  });
});
