import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrustMode } from '../../src/domain/trust-policy.ts';
import {
  rangeByDefinition,
  reach,
  tipByDefinition,
  uppermost,
  type DrawnCommit,
  type Expectation,
  type Word,
} from '../domain/policy-by-definition.ts';
import { remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitPayload } from '../harness/raw-objects.ts';
import { edited, signed } from '../harness/signing.ts';
import { createQuickKey } from '../harness/ssh-signer.ts';
import { openTrustLab, type TrustLab } from './trust-lab.ts';

const people = { ada: createQuickKey(), bob: createQuickKey(), eve: createQuickKey() };
const now = Math.floor(Date.now() / 1000);
const runs = 25;

let dir: string;
let lab: TrustLab;
beforeAll(async () => {
  dir = temporaryDirectory();
  lab = await openTrustLab(dir);
});
afterAll(() => remove(dir));

/** Who signed: somebody configured, a stranger, nobody, or somebody whose commit was changed afterwards. */
type By = 'ada' | 'bob' | 'eve' | 'nobody' | 'tampered';

interface Drawn {
  readonly parents: readonly number[];
  readonly by: By;
  readonly isFuture: boolean;
}

const by = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<By>('ada', 'ada', 'ada', 'bob') },
  { weight: 2, arbitrary: fc.constantFrom<By>('eve', 'nobody', 'tampered') },
);

const history: fc.Arbitrary<readonly Drawn[]> = fc
  .array(
    fc.record({
      backs: fc.oneof(
        { weight: 8, arbitrary: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 2, size: 'max' }) },
        { weight: 1, arbitrary: fc.constant<number[]>([]) },
      ),
      by,
      isFuture: fc.nat({ max: 15 }).map((number) => number === 0),
    }),
    { minLength: 3, maxLength: 10, size: 'max' },
  )
  .map((rows) =>
    rows.map(({ backs, ...rest }, at) => ({
      ...rest,
      parents: [...new Set(backs.map((back) => at - 1 - back).filter((parent) => parent >= 0))],
    })),
  );

const place = fc.option(fc.nat({ max: 4 }), { freq: 2 });
const names = fc.constantFrom<readonly string[] | null>(null, null, ['ada'], ['bob']);

const world = fc.record({
  history,
  mode: fc.constantFrom<TrustMode>('range', 'range', 'tip'),
  floor: place,
  anchor: fc.option(fc.nat({ max: 4 }), { freq: 1 }),
  firstAccepted: place,
  ofMain: names,
  ofTesting: names,
  ofRemote: names,
  isTesting: fc.boolean(),
});

function write(drawn: readonly Drawn[], salt: number): readonly string[] {
  const ids: string[] = [];
  for (const [at, { parents, by: who, isFuture }] of drawn.entries()) {
    const payload = commitPayload({
      tree: lab.tree,
      parents: parents.map((parent) => ids[parent] ?? ''),
      date: isFuture ? now + 7 * 24 * 3600 : now - 3600 + at,
      message: `${salt} ${at}`,
    });
    if (who === 'nobody') ids.push(lab.write(payload));
    else if (who === 'tampered')
      ids.push(lab.write(edited(signed(payload, people.ada.sign), `\n\n${salt}`, `\n\nx${salt}`)));
    else ids.push(lab.write(signed(payload, people[who].sign)));
  }
  return ids;
}

interface Case {
  readonly history: readonly DrawnCommit[];
  readonly head: number;
  readonly mode: TrustMode;
  readonly floor: number | null;
  readonly isClockBehind: boolean;
  readonly anchor: number | null;
  readonly firstAccepted: number | null;
  readonly isTesting: boolean;
}

/** What the rules say, written down as they are told to people. */
function byDefinition({
  history: all,
  head,
  mode,
  floor,
  anchor,
  firstAccepted,
  isTesting,
  isClockBehind,
}: Case): Expectation {
  const below = reach(all, [head]);
  const isAbove = (at: number | null): at is number => at !== null && at !== head && below.has(at);
  const isBehind = (at: number) => reach(all, [at]).has(head);
  const settled: Expectation = { status: 'accepted', because: null, refused: [], candidate: head };
  const refusedWhole: Expectation = { status: 'rejected', because: head, refused: [head], candidate: null };
  const extra = isAbove(anchor) ? [anchor] : [];
  if (floor !== null) {
    if (isBehind(floor)) return settled;
    if (isClockBehind) return { status: 'pending', because: null, refused: [head], candidate: null };
    if (!isAbove(floor)) return { ...tipByDefinition(all, head, []), candidate: null };
    return judged([floor, ...extra]);
  }
  if (anchor !== null) {
    if (head === anchor) return settled;
    return isAbove(anchor) ? judged(extra) : refusedWhole;
  }
  return judged(isAbove(firstAccepted) ? [firstAccepted] : []);

  function judged(bases: readonly number[]): Expectation {
    if (mode === 'range' && bases.length > 0) {
      // Where one is below another, the upper one is what a stand-in has to continue.
      return rangeByDefinition(all, head, uppermost(all, bases));
    }
    const found = tipByDefinition(all, head, bases);
    return mode === 'range' && isTesting ? { ...found, candidate: null } : found;
  }
}

/** The commits that may be named: of those with the deciding word, each that has no other of them below it. */
function oldest(all: readonly DrawnCommit[], { because, refused, status }: Expectation): readonly number[] {
  if (because === null) return [];
  const same = refused.filter((at) => all[at]?.word === status);
  const found = same.filter((at) => !same.some((other) => other !== at && reach(all, [at]).has(other)));
  return found.length > 0 ? found : [because];
}

test('over random histories with real signatures, verdicts are the policy’s by definition', async () => {
  let salt = 0;
  const seen = { accepted: 0, pending: 0, rejected: 0 };
  const property = fc.asyncProperty(world, async ({ history: drawn, mode, isTesting, ...given }) => {
    salt += 1;
    const ids = write(drawn, salt);
    const at = (index: number | null) => (index === null ? null : (ids[index % ids.length] ?? null));
    const index = (wanted: number | null) => (wanted === null ? null : wanted % drawn.length);
    const trust = lab.trust({
      keys: {
        signers: [
          { name: 'ada', sshKey: people.ada.publicKey },
          { name: 'bob', sshKey: people.bob.publicKey },
        ],
      },
      policy: {
        mode,
        anchor: at(given.anchor),
        branches: { main: given.ofMain, testing: given.ofTesting },
        remotes: { origin: { mode: null, signers: given.ofRemote } },
      },
    });
    const lists = [given.ofRemote, isTesting ? given.ofTesting : given.ofMain];
    const wordOf = ({ by: who, isFuture }: Drawn): Word => {
      if (who !== 'ada' && who !== 'bob') return 'rejected';
      if (isFuture) return 'pending';
      return lists.every((list) => list === null || list.includes(who)) ? 'accepted' : 'rejected';
    };
    const all = drawn.map((one) => ({ parents: one.parents, word: wordOf(one) }));
    const floor = at(given.floor);
    const base = {
      floor: floor === null ? null : { commit: floor, payloadHash: null },
      firstAccepted: at(given.firstAccepted),
      mains: [],
      deployed: null,
    };
    // Several commits are somebody's head; findings of one are used for the next.
    for (const [head, id] of [...ids.entries()].slice(-4)) {
      const expected = byDefinition({
        history: all,
        head,
        mode,
        floor: index(given.floor),
        isClockBehind: drawn[index(given.floor) ?? -1]?.isFuture ?? false,
        anchor: index(given.anchor),
        firstAccepted: index(given.firstAccepted),
        isTesting,
      });
      const { verdict, refused } = await (isTesting ? trust.testing(id, base) : trust.main(id, base));
      expect({
        status: verdict.status,
        candidate: verdict.candidate,
        refused: refused.map(({ commit }) => commit).toSorted(),
      }).toEqual({
        status: expected.status,
        candidate: at(expected.candidate),
        refused: expected.refused.map((one) => ids[one] ?? '').toSorted(),
      });
      const deciding = oldest(all, expected).map((one) => ids[one]?.slice(0, 8));
      if (deciding.length > 0) expect(deciding).toContain(verdict.message?.slice(0, 8));
      if (verdict.signer && expected.candidate !== null)
        expect(verdict.signer.name).toBe(drawn[expected.candidate]?.by);
      seen[verdict.status] += 1;
    }
  });
  await fc.assert(property, { numRuns: runs });
  expect(seen.accepted).toBeGreaterThan(0);
  expect(seen.rejected).toBeGreaterThan(0);
}, 120_000);
