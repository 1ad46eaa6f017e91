import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CheckedCommit, Signature } from '../../src/domain/checked-commit.ts';
import { judgeCommit } from '../../src/domain/judge-commit.ts';
import { judgeRange } from '../../src/domain/judge-range.ts';
import type { SigningKey } from '../../src/domain/trust-policy.ts';
import {
  nameOf,
  rangeByDefinition,
  uppermost,
  reach,
  type DrawnCommit,
  type Word,
} from './policy-by-definition.ts';

const now = 1_000_000;
const clockSkewMs = 1000;
const times = [now - 5000, now - 1, now, now + 1, now + clockSkewMs, now + clockSkewMs + 1, now + 50_000];
const keyNames = ['k1', 'k2', 'k3'] as const;

interface Drawn {
  readonly parents: readonly number[];
  readonly committedAt: number;
  readonly signature: Signature;
}

const time = fc.constantFrom(...times);
const signature: fc.Arbitrary<Signature> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      good: fc.constant(true as const),
      kind: fc.constantFrom('ssh', 'ssh', 'gpg'),
      key: fc.constantFrom(...keyNames, 'stranger'),
      signedAt: fc.option(time, { freq: 3 }),
      until: fc.constant(null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('unsigned', 'malformed', 'bad_signature').map((reason): Signature => ({
      good: false,
      reason: reason as 'unsigned',
      message: reason,
    })),
  },
);

const commits: fc.Arbitrary<readonly Drawn[]> = fc
  .array(
    fc.record({
      backs: fc.oneof(
        { weight: 9, arbitrary: fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constant<number[]>([]) },
      ),
      committedAt: fc.oneof(
        { weight: 12, arbitrary: fc.constant(now - 5000) },
        { weight: 1, arbitrary: time },
      ),
      signature,
    }),
    { minLength: 1, maxLength: 14, size: 'max' },
  )
  .map((rows) =>
    rows.map(({ backs, ...rest }, at) => ({
      ...rest,
      parents: [...new Set(backs.map((back) => at - 1 - back).filter((parent) => parent >= 0))],
    })),
  );

const key = fc.record({
  kind: fc.constantFrom('ssh' as const, 'ssh' as const, 'gpg' as const),
  key: fc.constantFrom(...keyNames),
  name: fc.constantFrom('ada', 'bob'),
  validAfter: fc.option(time, { freq: 4, nil: null }),
  validBefore: fc.option(time, { freq: 4, nil: null }),
});

const world = fc.record({
  commits,
  keys: fc.array(key, { minLength: 2, maxLength: 8 }),
  allowed: fc.constantFrom<readonly string[]>(['ada', 'bob'], ['ada', 'bob'], ['ada'], []),
  bases: fc.array(fc.nat({ max: 6 }), { maxLength: 2 }),
});

/** The policy on one commit, in the order in which it is told to people. */
function wordOn(
  { committedAt, signature }: Drawn,
  keys: readonly SigningKey[],
  allowed: readonly string[],
): Word {
  if (!signature.good) return 'rejected';
  const latest = now + clockSkewMs;
  if (committedAt > latest || (signature.signedAt !== null && signature.signedAt > latest)) return 'pending';
  const mine = keys.filter(
    (one) => one.kind === signature.kind && one.key === signature.key && allowed.includes(one.name),
  );
  const starts = (one: SigningKey) => one.validAfter ?? -Infinity;
  const ends = (one: SigningKey) => one.validBefore ?? Infinity;
  if (mine.some((one) => starts(one) <= now && now < ends(one))) return 'accepted';
  return mine.some((one) => now < ends(one)) ? 'pending' : 'rejected';
}

test('over random histories, signers, dates and windows the ruling is the policy’s by definition', () => {
  const seen = { accepted: 0, pending: 0, rejected: 0, standIns: 0 };
  const property = fc.property(world, ({ commits: drawn, keys, allowed: names, bases: wanted }) => {
    const allowed = keys.filter(({ name }) => names.includes(name));
    const rule = { known: keys, allowed, clockSkewMs, now };
    const history: DrawnCommit[] = drawn.map((one) => ({
      parents: one.parents,
      word: wordOn(one, keys, names),
    }));
    const head = drawn.length - 1;
    const all = reach(history, [head]);
    // Where one base is below another, the upper one is what a stand-in has to continue.
    const bases = uppermost(
      history,
      [...new Set(wanted)].filter((at) => at !== head && all.has(at)),
    );
    const trusted = reach(history, bases);
    const range = [...all].filter((at) => !trusted.has(at)).toSorted((a, b) => a - b);
    const ruling = judgeRange({
      head: nameOf(head),
      bases: bases.map(nameOf),
      commits: range.map((at) => {
        const parents = (drawn[at]?.parents ?? []).map(nameOf);
        const commit = { ...drawn[at], id: nameOf(at), parents } as CheckedCommit;
        return { id: nameOf(at), parents, ruling: judgeCommit(commit, rule) };
      }),
    });
    const expected = rangeByDefinition(history, head, bases);
    const named = (at: number | null) => (at === null ? null : nameOf(at));
    expect({
      status: ruling.status,
      because: ruling.because?.id ?? null,
      refused: ruling.refused.map(({ id }) => id),
      candidate: ruling.candidate,
    }).toEqual({
      status: expected.status,
      because: named(expected.because),
      refused: expected.refused.map(nameOf),
      candidate: named(expected.candidate),
    });
    const isAbove = expected.candidate !== null && range.includes(expected.candidate);
    const signer = isAbove ? drawn[expected.candidate ?? 0]?.signature : null;
    expect(ruling.signer?.key ?? null).toBe(signer?.good ? signer.key : null);
    if (ruling.signer) expect(names).toContain(ruling.signer.name);
    seen[ruling.status] += 1;
    if (ruling.status !== 'accepted' && ruling.candidate !== null) seen.standIns += 1;
  });
  fc.assert(property, { numRuns: 4000 });
  // A generator that only made one kind of history would prove little.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
});
