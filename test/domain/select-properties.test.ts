import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CommitId } from '../../src/domain/commit.ts';
import type { Facts } from '../../src/domain/facts.ts';
import type { Head, RemoteOffer, RemoteRule } from '../../src/domain/remote.ts';
import { select, type Selection, type SelectionInput } from '../../src/domain/select.ts';
import { head, inputFrom, remote, verdict, walksTo, type History } from './select-history.ts';

// Biased runs are mostly tiny histories in which nothing can diverge.
const runs = { numRuns: 2000, unbiased: true };
const statuses = ['accepted', 'accepted', 'accepted', 'accepted', 'pending', 'rejected'] as const;
const names = ['a', 'b', 'c', 'd'] as const;

interface World {
  readonly history: History;
  readonly parts: Omit<SelectionInput, 'ancestry'>;
}

/** Random histories with merges and now and then a second root: a commit's parents are among the few before it. */
const history: fc.Arbitrary<History> = fc
  .array(
    fc.oneof(
      { weight: 12, arbitrary: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2, size: 'max' }) },
      { weight: 1, arbitrary: fc.constant([]) },
    ),
    { minLength: 3, maxLength: 12, size: 'max' },
  )
  .map((rows) =>
    Object.fromEntries(
      rows.map((backs, index) => {
        const parents = backs.map((back) => index - 1 - back).filter((parent) => parent >= 0);
        return [`c${index}`, [...new Set(parents)].map((parent) => `c${parent}`)];
      }),
    ),
  );

const world: fc.Arbitrary<World> = history.chain((history) => {
  const commit = fc.constantFrom(...Object.keys(history));
  const maybe = fc.option(commit, { freq: 4 });
  const early = fc.constantFrom(...Object.keys(history).slice(0, 3));
  const branch = fc.option(headIn(history), { freq: 6 });
  const offers = fc.record({ heard: fc.nat({ max: 6 }), main: branch, testing: branch });
  return fc
    .record({
      remotes: fc.array(fc.record({ main: fc.nat({ max: 6 }), testing: fc.nat({ max: 6 }) }), {
        minLength: 1,
        maxLength: 4,
        size: 'max',
      }),
      offers: fc.tuple(offers, offers, offers, offers),
      before: fc.tuple(maybe, maybe, maybe, maybe),
      floor: fc.option(early, { freq: 6 }),
      quarantined: fc.array(commit, { maxLength: 3 }),
      spentTesting: maybe,
      superseded: fc.array(commit, { maxLength: 2 }),
      quorum: fc.constantFrom(1, 1, 1, 2),
    })
    .map(({ remotes, offers, before, floor, quarantined, spentTesting, superseded, quorum }) => ({
      history,
      parts: {
        remotes: remotes.map((on, index) => ruleFor(names[index]!, on)),
        offers: Object.fromEntries(
          offers.flatMap(({ heard, main, testing }, index): [string, RemoteOffer][] => {
            const name = names[index]!;
            return heard === 0 ? [] : [[name, { remote: name, main, testing }]];
          }),
        ),
        offered: Object.fromEntries(
          before.map((main, index): [string, Facts['offered'][string]] => [
            names[index]!,
            { main, testing: null },
          ]),
        ),
        floor,
        quarantined: new Set(quarantined),
        spentTesting,
        superseded: new Set(superseded),
        quorum,
      },
    }));
});

/** Heads as verification leaves them: accepted, or not with an ancestor (or nothing) to offer. */
function headIn(history: History): fc.Arbitrary<Head> {
  return fc
    .record({
      id: fc.constantFrom(...Object.keys(history)),
      status: fc.constantFrom(...statuses),
      pick: fc.nat({ max: 6 }),
    })
    .map(({ id, status, pick }) => {
      if (status === 'accepted') return head(id);
      const ancestors = Object.keys(history).filter((commit) => walksTo(history, id, commit));
      return head(id, verdict(status, ancestors[pick] ?? null));
    });
}

function ruleFor(name: string, on: { readonly main: number; readonly testing: number }): RemoteRule {
  return remote(name, {
    main: on.main === 0 ? null : { name: `main-${name}`, operation: 'switch' },
    testing: on.testing === 0 ? null : { name: `testing-${name}`, operation: 'test' },
  });
}

/** Selection again, by walking the history and by brute force. */
function model({ history, parts }: World) {
  const { remotes, offers, offered, floor, quarantined, spentTesting, superseded, quorum } = parts;
  const up = (descendant: CommitId, ancestor: CommitId) => walksTo(history, descendant, ancestor);
  const enough = (commits: readonly CommitId[]) =>
    commits.filter((commit) => commits.filter((by) => by === commit || up(by, commit)).length >= quorum);
  const related = (one: CommitId, other: CommitId) => one === other || up(one, other) || up(other, one);
  const mains = remotes.flatMap(({ name, main }) => {
    const offer = main && offers[name]?.main;
    return offer ? [{ name, head: offer.commit.id, commit: offer.verdict.candidate }] : [];
  });
  const rewritten = mains
    .filter(({ name, head }) => {
      const before = offered[name]?.main ?? null;
      const continues = before === null || before === head || up(head, before);
      return floor !== null && !related(head, floor) && !continues;
    })
    .map(({ name }) => name);
  const offering = mains.flatMap(({ name, commit }) => {
    const safe = commit !== null && (floor === null || commit === floor || up(commit, floor));
    return safe && !rewritten.includes(name) ? [commit] : [];
  });
  const candidates = enough(offering);
  const main = furthest(candidates, up) ?? floor;
  const testable = remotes.flatMap(({ name, testing }) => {
    const commit = (testing && offers[name]?.testing?.verdict.candidate) ?? null;
    const safe = commit !== null && main !== null && up(commit, main);
    const free = safe && !quarantined.has(commit) && !superseded.has(commit);
    return free && commit !== spentTesting ? [commit] : [];
  });
  const testings = enough(testable);
  const diverged = candidates.some((one) => candidates.some((other) => !related(one, other)));
  return { main, desired: furthest(testings, up) ?? main, rewritten, candidates, testings, diverged };
}

/** The first, unless something later continues it: then the same among all that do. */
function furthest(commits: readonly CommitId[], up: (a: CommitId, b: CommitId) => boolean): CommitId | null {
  const [first, ...rest] = commits;
  if (first === undefined) return null;
  return (
    furthest(
      rest.filter((commit) => up(commit, first)),
      up,
    ) ?? first
  );
}

function selectIn({ history, parts }: World): Selection {
  return select(inputFrom(history, parts));
}

function candidatesOf({ judgements }: Selection, role: 'main' | 'testing'): readonly CommitId[] {
  return judgements.flatMap((one) => (one.role === role && one.candidate !== null ? [one.candidate] : []));
}

/** The world with one more remote, placed before the remote at `index`. */
function withRemote(
  { history, parts }: World,
  index: number,
  main: Head | null,
  before: CommitId | null = null,
): World {
  return {
    history,
    parts: {
      ...parts,
      remotes: parts.remotes.toSpliced(index, 0, remote('more')),
      offers: { ...parts.offers, more: { remote: 'more', main, testing: null } },
      offered: { ...parts.offered, more: { main: before, testing: null } },
    },
  };
}

function holds(check: (world: World, selection: Selection) => void): void {
  fc.assert(
    fc.property(world, (world) => check(world, selectIn(world))),
    runs,
  );
}

describe('over random histories, selection', () => {
  test('agrees with brute force', () => {
    holds((world, selection) => {
      const expected = model(world);
      expect(selection.main).toBe(expected.main);
      expect(selection.desired?.commit ?? null).toBe(expected.desired);
      expect(selection.diverged).toBe(expected.diverged);
      expect(candidatesOf(selection, 'main')).toEqual(expected.candidates);
      expect(candidatesOf(selection, 'testing')).toEqual(expected.testings);
      const rewritten = selection.judgements.filter(({ verdict }) => verdict?.reason === 'rewritten');
      expect(rewritten.map(({ remote }) => remote)).toEqual(expected.rewritten);
    });
  });

  test('never leaves the floor', () => {
    holds(({ history, parts: { floor } }, { main, desired }) => {
      if (floor === null) return;
      for (const commit of [main, desired?.commit ?? null]) {
        expect(commit === floor || (commit !== null && walksTo(history, commit, floor))).toBe(true);
      }
    });
  });

  test('never desires a rewritten head, and the rewritten are exactly the refused for it', () => {
    holds((_, { desired, judgements }) => {
      for (const { relation, verdict, head } of judgements) {
        expect(relation === 'rewritten').toBe(verdict?.reason === 'rewritten');
        if (relation === 'rewritten') expect(desired?.commit).not.toBe(head?.commit.id);
      }
    });
  });

  test('never desires what no verdict offers, except the floor', () => {
    holds(({ parts }, { desired }) => {
      if (desired === null) return;
      const { commit, remote, role, branch, operation } = desired;
      if (remote === null) {
        expect([commit, role]).toEqual([parts.floor, 'main']);
        return;
      }
      expect(parts.offers[remote]?.[role]?.verdict.candidate).toBe(commit);
      expect(parts.remotes.find(({ name }) => name === remote)?.[role]).toEqual({ name: branch, operation });
    });
  });

  test('is maximal: no candidate strictly descends from the one chosen', () => {
    holds(({ history }, selection) => {
      const { main, desired } = selection;
      for (const other of candidatesOf(selection, 'main'))
        expect(walksTo(history, other, main ?? '')).toBe(false);
      if (desired?.role !== 'testing') return;
      for (const other of candidatesOf(selection, 'testing')) {
        expect(walksTo(history, other, desired.commit)).toBe(false);
      }
    });
  });

  test('names the first remote that offers the commit', () => {
    holds((_, { desired, judgements }) => {
      if (!desired?.remote) return;
      const first = judgements.find(
        ({ role, candidate }) => role === desired.role && candidate === desired.commit,
      );
      expect(desired.remote).toBe(first?.remote);
    });
  });

  test('depends on the order of remotes only where main has diverged', () => {
    fc.assert(
      fc.property(
        world.chain((world) =>
          fc.tuple(
            fc.constant(world),
            fc.shuffledSubarray([...world.parts.remotes], { minLength: world.parts.remotes.length }),
          ),
        ),
        ([world, remotes]) => {
          const before = selectIn(world);
          const after = selectIn({ ...world, parts: { ...world.parts, remotes } });
          expect(after.diverged).toBe(before.diverged);
          if (!before.diverged) expect(after.main).toBe(before.main);
        },
      ),
      runs,
    );
  });

  test('desires testing only strictly on top of main, neither quarantined nor spent', () => {
    holds(({ history, parts }, { main, desired }) => {
      if (desired?.role !== 'testing') return;
      expect(walksTo(history, desired.commit, main ?? '')).toBe(true);
      expect(parts.quarantined.has(desired.commit)).toBe(false);
      expect(desired.commit).not.toBe(parts.spentTesting);
    });
  });

  test('desires main whatever is quarantined or spent', () => {
    holds((world, { main }) => {
      const parts = { ...world.parts, quarantined: new Set<CommitId>(), spentTesting: null };
      expect(selectIn({ ...world, parts }).main).toBe(main);
    });
  });

  test('is blind to a first remote that is absent, refused, behind the floor or rewritten', () => {
    fc.assert(
      fc.property(world, fc.nat(), (world, seed) => {
        const { desired, diverged } = selectIn(world);
        const commits = Object.keys(world.history);
        const { floor } = world.parts;
        const useless = commits.filter(
          (commit) => floor !== null && commit !== floor && !walksTo(world.history, commit, floor),
        );
        const bad = useless[seed % useless.length];
        const heads = [
          null,
          head(commits[seed % commits.length]!, verdict('rejected', null)),
          ...(bad === undefined ? [] : [head(bad)]),
        ];
        for (const main of heads) {
          const after = selectIn(withRemote(world, 0, main, floor));
          // A floor that nobody offers takes branch and operation from whatever is configured first.
          if (desired?.remote === null) expect(after.desired).toMatchObject({ commit: floor, remote: null });
          else expect(after.desired).toEqual(desired);
          expect(after.diverged).toBe(diverged);
        }
      }),
      runs,
    );
  });

  test('is not moved by a lagging mirror: anywhere while main is one line, and last in any case', () => {
    fc.assert(
      fc.property(world, fc.nat(), fc.nat(), (given, pick, place) => {
        // A mirror that lags still is one remote more that offers what it has.
        const world = { ...given, parts: { ...given.parts, quorum: 1 } };
        const { main, desired } = selectIn(world);
        if (main === null || !candidatesOf(selectIn(world), 'main').includes(main)) return;
        const older = Object.keys(world.history).filter(
          (commit) => commit === main || walksTo(world.history, main, commit),
        );
        const mirror = head(older[pick % older.length]!);
        const last = world.parts.remotes.length;
        expect(selectIn(withRemote(world, last, mirror)).desired).toEqual(desired);
        const anywhere = selectIn(withRemote(world, place % (last + 1), mirror));
        if (anywhere.diverged) return;
        expect(anywhere.main).toBe(main);
        expect(anywhere.desired?.commit).toBe(desired?.commit);
      }),
      runs,
    );
  });
});
