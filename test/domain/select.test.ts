import { describe, expect, test } from 'vitest';
import type { Judgement } from '../../src/domain/judgement.ts';
import { relevantCommits, select, type SelectionInput } from '../../src/domain/select.ts';
import { head, inputFrom, offersOf, remote, verdict } from './select-history.ts';

/*
 * root - floor - next - tip - top
 *   |       \      \--- fork    /
 *   |        \--- sibling -----/   (top merges tip and sibling)
 *   \- side
 */
const history = {
  root: [],
  floor: ['root'],
  next: ['floor'],
  tip: ['next'],
  fork: ['next'],
  sibling: ['floor'],
  top: ['tip', 'sibling'],
  side: ['root'],
};

const a = remote('a');
const b = remote('b', {
  main: { name: 'trunk', operation: 'boot' },
  testing: { name: 'try', operation: 'switch' },
});
const c = remote('c');

interface Given extends Partial<Omit<SelectionInput, 'offers'>> {
  readonly heads?: Parameters<typeof offersOf>[0];
}

function selected({ heads = {}, ...parts }: Given) {
  return select(
    inputFrom(history, { remotes: [a, b, c], floor: 'floor', offers: offersOf(heads), ...parts }),
  );
}

function judgement(given: Given, name: string, role: Judgement['role'] = 'main'): Judgement {
  const found = selected(given).judgements.find((one) => one.remote === name && one.role === role);
  if (!found) throw new Error(`no judgement of ${name} ${role}`);
  return found;
}

describe('desired main', () => {
  test.each<{ what: string; given: Given; main: string | null; from: string | null; diverged?: boolean }>([
    { what: 'nothing on a fresh host that heard nothing', given: { floor: null }, main: null, from: null },
    {
      what: 'the first head a fresh host hears of',
      given: { floor: null, heads: { b: ['root'] } },
      main: 'root',
      from: 'b',
    },
    {
      what: 'nothing while a fresh host’s only head is refused',
      given: { floor: null, heads: { a: [head('tip', verdict('rejected', null))] } },
      main: null,
      from: null,
    },
    { what: 'the floor when nothing was heard', given: {}, main: 'floor', from: null },
    { what: 'the floor when its branch is gone', given: { heads: { a: [null] } }, main: 'floor', from: null },
    {
      what: 'the floor when all lag',
      given: { heads: { a: ['root'], b: ['root'] } },
      main: 'floor',
      from: null,
    },
    { what: 'the floor, from who offers it', given: { heads: { b: ['floor'] } }, main: 'floor', from: 'b' },
    { what: 'a head above the floor', given: { heads: { a: ['tip'] } }, main: 'tip', from: 'a' },
    {
      what: 'the most advanced of all',
      given: { heads: { a: ['next'], b: ['top'], c: ['tip'] } },
      main: 'top',
      from: 'b',
    },
    {
      what: 'from the first of those who offer the same commit',
      given: { heads: { a: ['next'], b: ['tip'], c: ['tip'] } },
      main: 'tip',
      from: 'b',
    },
    {
      what: 'the first listed when two have diverged',
      given: { heads: { a: ['next'], b: ['sibling'] } },
      main: 'next',
      from: 'a',
      diverged: true,
    },
    {
      what: 'what merged the diverged two',
      given: { heads: { a: ['tip'], b: ['sibling'], c: ['top'] } },
      main: 'top',
      from: 'c',
      diverged: true,
    },
    {
      what: 'what continues the first listed rather than what continues the second',
      given: { heads: { a: ['fork'], b: ['tip'], c: ['top'] } },
      main: 'fork',
      from: 'a',
      diverged: true,
    },
    {
      what: 'an accepted ancestor of a refused head',
      given: { heads: { a: [head('top', verdict('rejected', 'tip'))] } },
      main: 'tip',
      from: 'a',
    },
    {
      what: 'an accepted ancestor of a pending head',
      given: { heads: { a: [head('tip', verdict('pending', 'next'))] } },
      main: 'next',
      from: 'a',
    },
    {
      what: 'the floor, when a refused head has no accepted ancestor above it',
      given: { heads: { a: [head('tip', verdict('rejected', 'root'))] } },
      main: 'floor',
      from: null,
    },
    {
      what: 'another remote’s when the first is refused',
      given: { heads: { a: [head('top', verdict('rejected', null))], b: ['next'] } },
      main: 'next',
      from: 'b',
    },
    {
      what: 'another remote’s when the first rewrote its history',
      given: { heads: { a: ['side'], b: ['next'] }, offered: { a: { main: 'floor', testing: null } } },
      main: 'next',
      from: 'b',
    },
    { what: 'never what has left the floor', given: { heads: { a: ['side'] } }, main: 'floor', from: null },
    {
      what: 'what a rewrite above the floor left',
      given: { heads: { a: ['sibling'] }, offered: { a: { main: 'tip', testing: null } } },
      main: 'sibling',
      from: 'a',
    },
    {
      what: 'a quarantined commit, so that the loop stands stalled on it',
      given: { heads: { a: ['next'] }, quarantined: new Set(['next']) },
      main: 'next',
      from: 'a',
    },
    {
      what: 'not undone by the testing head that was spent',
      given: { heads: { a: ['next'] }, spentTesting: 'next' },
      main: 'next',
      from: 'a',
    },
  ])('is $what', ({ given, main, from, diverged = false }) => {
    const selection = selected(given);
    expect(selection.main).toBe(main);
    expect(selection.desired?.commit ?? null).toBe(main);
    expect(selection.desired?.remote ?? null).toBe(from);
    expect(selection.diverged).toBe(diverged);
  });

  test('takes operation and branch name from the remote that offers it', () => {
    expect(selected({ heads: { a: ['next'], b: ['tip'] } }).desired).toEqual({
      commit: 'tip',
      remote: 'b',
      role: 'main',
      branch: 'trunk',
      operation: 'boot',
    });
  });

  test('that nobody offers is the floor with the first main branch that is configured', () => {
    const remotes = [remote('a', { main: null }), b, c];
    expect(selected({ remotes }).desired).toEqual({
      commit: 'floor',
      remote: null,
      role: 'main',
      branch: 'trunk',
      operation: 'boot',
    });
  });

  test('stays the floor when no main branch is configured', () => {
    expect(selected({ remotes: [remote('a', { main: null })], heads: { a: [null, 'tip'] } })).toMatchObject({
      main: 'floor',
      desired: { commit: 'tip', role: 'testing' },
    });
    expect(selected({ remotes: [] }).desired).toMatchObject({ commit: 'floor', operation: 'switch' });
  });

  test('ignores a branch that is not configured', () => {
    const remotes = [remote('a', { main: null, testing: null }), c];
    const selection = selected({ remotes, heads: { a: ['tip', 'top'], c: ['next'] } });
    expect(selection.desired?.commit).toBe('next');
    expect(selection.judgements.map(({ remote, role }) => `${remote} ${role}`)).toEqual([
      'c main',
      'c testing',
    ]);
  });
});

describe('desired testing', () => {
  test.each<{ what: string; given: Given; commit: string; from: string | null }>([
    { what: 'on top of main', given: { heads: { a: ['next', 'tip'] } }, commit: 'tip', from: 'a' },
    {
      what: 'on top of another remote’s main',
      given: { heads: { a: ['next'], b: [null, 'tip'] } },
      commit: 'tip',
      from: 'b',
    },
    {
      what: 'on top of a floor that nobody offers',
      given: { heads: { b: [null, 'tip'] } },
      commit: 'tip',
      from: 'b',
    },
    {
      what: 'the most advanced, not the first',
      given: { heads: { a: ['floor', 'next'], b: [null, 'tip'] } },
      commit: 'tip',
      from: 'b',
    },
    {
      what: 'the first listed of two that have diverged',
      given: { heads: { a: ['next', 'fork'], b: [null, 'tip'] } },
      commit: 'fork',
      from: 'a',
    },
    {
      what: 'the accepted ancestor of a refused head',
      given: { heads: { a: ['floor', head('tip', verdict('rejected', 'next'))] } },
      commit: 'next',
      from: 'a',
    },
    {
      what: 'the other one when the first is quarantined',
      given: { heads: { a: ['next', 'top'], b: [null, 'tip'] }, quarantined: new Set(['top']) },
      commit: 'tip',
      from: 'b',
    },
    {
      what: 'the other one when the first is spent',
      given: { heads: { a: ['next', 'top'], b: [null, 'tip'] }, spentTesting: 'top' },
      commit: 'tip',
      from: 'b',
    },
    {
      what: 'rewritten freely above main',
      given: { heads: { a: ['next', 'fork'] }, offered: { a: { main: 'next', testing: 'tip' } } },
      commit: 'fork',
      from: 'a',
    },
  ])('is $what', ({ given, commit, from }) => {
    expect(selected(given).desired).toMatchObject({ commit, remote: from, role: 'testing' });
  });

  test.each<{ what: string; given: Given; main: string }>([
    { what: 'equals main', given: { heads: { a: ['next', 'next'] } }, main: 'next' },
    { what: 'is behind main', given: { heads: { a: ['tip', 'next'] } }, main: 'tip' },
    { what: 'has diverged from main', given: { heads: { a: ['next', 'sibling'] } }, main: 'next' },
    {
      what: 'is what another remote has on main',
      given: { heads: { a: ['next', 'tip'], b: ['tip'] } },
      main: 'tip',
    },
    {
      what: 'is quarantined',
      given: { heads: { a: ['next', 'tip'] }, quarantined: new Set(['tip']) },
      main: 'next',
    },
    { what: 'is spent', given: { heads: { a: ['next', 'tip'] }, spentTesting: 'tip' }, main: 'next' },
    {
      what: 'is refused',
      given: { heads: { a: ['next', head('tip', verdict('rejected', null))] } },
      main: 'next',
    },
    { what: 'is deleted', given: { heads: { a: ['next', null] } }, main: 'next' },
  ])('is nothing when it $what: then main is desired', ({ given, main }) => {
    expect(selected(given).desired).toMatchObject({ commit: main, role: 'main' });
  });

  test('is nothing while there is no main at all', () => {
    const selection = selected({ floor: null, heads: { a: [null, 'tip'] } });
    expect(selection).toMatchObject({ desired: null, main: null });
  });

  test('leaves desired main known, and takes operation and branch name from its own rule', () => {
    expect(selected({ heads: { a: ['next'], b: [null, 'tip'] } })).toMatchObject({
      main: 'next',
      desired: { commit: 'tip', branch: 'try', operation: 'switch' },
    });
  });

  test('does not count as diverged main', () => {
    expect(selected({ heads: { a: ['next', 'tip'], b: [null, 'fork'] } }).diverged).toBe(false);
  });
});

describe('judgements', () => {
  const offered = { a: { main: 'tip', testing: null } };

  test('a rewritten head is refused with what was there, what is there and the way out', () => {
    const signer = { kind: 'ssh' as const, key: 'SHA256:x', name: 'alice' };
    const given = {
      heads: { a: [head('side', { ...verdict('accepted', 'side'), signer })] as const },
      offered,
    };
    expect(judgement(given, 'a')).toMatchObject({
      relation: 'rewritten',
      candidate: null,
      verdict: { status: 'rejected', reason: 'rewritten', candidate: null, signer },
    });
    const message = judgement(given, 'a').verdict?.message;
    expect(message).toContain('main of a was at tip and is now at side');
    expect(message).toContain('abide accept side --reason TEXT');
  });

  test('a rewritten head’s accepted ancestor is no candidate either', () => {
    const given = { heads: { a: [head('side', verdict('rejected', 'root'))] as const }, offered };
    expect(judgement(given, 'a')).toMatchObject({ candidate: null, verdict: { reason: 'rewritten' } });
  });

  test('a lagging mirror is accepted, behind, and adds nothing', () => {
    expect(judgement({ heads: { b: ['root'] } }, 'b')).toMatchObject({
      ref: 'trunk',
      relation: 'behind',
      verdict: { status: 'accepted', candidate: 'root' },
      candidate: null,
    });
  });

  test('a remote nothing was heard of has no head and no verdict', () => {
    expect(judgement({}, 'a')).toEqual({
      remote: 'a',
      role: 'main',
      ref: 'main',
      head: null,
      relation: 'missing',
      verdict: null,
      candidate: null,
    });
  });

  test('relation and candidate of testing are to desired main, not to the floor', () => {
    const given: Given = { heads: { a: ['tip', 'next'], b: [null, 'top'], c: [null, 'side'] } };
    expect(judgement(given, 'a', 'testing')).toMatchObject({ relation: 'behind', candidate: null });
    expect(judgement(given, 'b', 'testing')).toMatchObject({ relation: 'ahead', candidate: 'top' });
    expect(judgement(given, 'c', 'testing')).toMatchObject({ relation: 'diverged', candidate: null });
  });

  test('a testing head that leaves everything is diverged, never rewritten', () => {
    const given: Given = { heads: { a: ['next', 'side'] }, offered: { a: { main: 'next', testing: 'tip' } } };
    expect(judgement(given, 'a', 'testing')).toMatchObject({
      relation: 'diverged',
      verdict: { status: 'accepted' },
    });
  });

  test('come main branches first, in the configured order', () => {
    const { judgements } = selected({ remotes: [c, a], heads: { a: ['next'] } });
    expect(judgements.map(({ remote, role }) => `${remote} ${role}`)).toEqual([
      'c main',
      'a main',
      'c testing',
      'a testing',
    ]);
  });
});

describe('relevant commits', () => {
  test('are heads, candidates, main heads offered before and the floor, once each', () => {
    const { ancestry: _, ...input } = inputFrom(history, {
      remotes: [a, b],
      floor: 'floor',
      offers: offersOf({ a: [head('top', verdict('rejected', 'tip')), 'floor'], b: ['next', 'fork'] }),
      offered: { a: { main: 'sibling', testing: 'side' }, b: { main: 'next', testing: null } },
    });
    expect(relevantCommits(input).toSorted()).toEqual(['floor', 'fork', 'next', 'sibling', 'tip', 'top']);
  });

  test('of branches and remotes that are not configured do not matter', () => {
    const { ancestry: _, ...input } = inputFrom(history, {
      remotes: [remote('a', { testing: null })],
      offers: offersOf({ a: ['next', 'tip'], gone: ['top'] }),
      offered: { gone: { main: 'side', testing: null } },
    });
    expect(relevantCommits(input)).toEqual(['next']);
  });
});
