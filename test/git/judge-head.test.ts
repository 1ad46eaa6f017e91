import { afterAll, beforeAll, expect, test } from 'vitest';
import { payloadHashOf } from '../../src/git/raw-commit.ts';
import { git } from '../harness/git-repository.ts';
import { remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitPayload } from '../harness/raw-objects.ts';
import { armorTwin, signed, withSignature } from '../harness/signing.ts';
import { createQuickKey } from '../harness/ssh-signer.ts';
import { createQuickGpgKey } from '../harness/quick-gpg-key.ts';
import { floorAt, openTrustLab, type TrustGiven, type TrustLab } from './trust-lab.ts';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';

const ada = createQuickKey();
const tess = createQuickKey();
const gus = createQuickGpgKey();

let dir: string;
let lab: TrustLab;
let floor: string;
let keys: NonNullable<TrustGiven['keys']>;

beforeAll(async () => {
  dir = temporaryDirectory();
  lab = await openTrustLab(dir);
  writeFileSync(join(dir, 'gus.pub'), gus.publicKey);
  keys = {
    signers: [
      { name: 'ada', sshKey: ada.publicKey },
      { name: 'tess', sshKey: tess.publicKey },
      { name: 'gus', gpgKeyFile: join(dir, 'gus.pub'), gpgFingerprint: gus.fingerprint },
    ],
  };
  floor = lab.commit(null, { date: 1_700_000_000 });
});
afterAll(() => remove(dir));

type Policy = NonNullable<TrustGiven['policy']>;
const trustOf = (policy: Policy = {}, more: TrustGiven = {}) => lab.trust({ keys, policy, ...more });
const by = (...parents: readonly string[]) => lab.commit(ada.sign, { parents });
const unsigned = (...parents: readonly string[]) => lab.commit(null, { parents });
const accepted = (candidate: string | null) => ({ status: 'accepted', reason: null, candidate });
const rejected = (reason: string, candidate: string | null = null) => ({
  status: 'rejected',
  reason,
  candidate,
});
const pending = { status: 'pending', reason: 'date_out_of_range' };

test('a commit below a signed tip, on any parent, is looked at; the newest first-parent ancestor stands in', async () => {
  const fix = by(floor);
  const below = by(unsigned(fix));
  const foxtrot = by(unsigned(floor), fix);
  const side = by(fix, unsigned(floor));
  const evil = by(fix, by(floor));
  const trust = trustOf();
  expect(await trust.verdict(below, floorAt(floor))).toMatchObject(rejected('unsigned', fix));
  // Its first parent is the unsigned one, which leads to the floor alone.
  expect(await trust.verdict(foxtrot, floorAt(floor))).toMatchObject(rejected('unsigned', floor));
  expect(await trust.verdict(side, floorAt(floor))).toMatchObject(rejected('unsigned', fix));
  expect(await trust.verdict(unsigned(fix, by(floor)), floorAt(floor))).toMatchObject(
    rejected('unsigned', fix),
  );
  expect(await trust.verdict(evil, floorAt(floor))).toMatchObject(accepted(evil));
});

test('at the floor and below it nothing is to be proved; beside it nothing is offered', async () => {
  const next = by(floor);
  const trust = trustOf();
  for (const mode of ['none', 'tip', 'range'] as const) {
    const judge = trustOf({ mode });
    expect(await judge.verdict(next, floorAt(next))).toMatchObject(accepted(next));
    expect(await judge.verdict(floor, floorAt(next))).toMatchObject(accepted(floor));
    expect(await judge.verdict(by(), floorAt(next))).toMatchObject({
      candidate: mode === 'none' ? expect.any(String) : null,
    });
  }
  expect(await trust.verdict(by(floor), floorAt(next))).toMatchObject(accepted(null));
  expect(await trust.verdict(by(floor), floorAt('f'.repeat(40)))).toMatchObject(accepted(null));
});

test('an anchor: at it, above it, below it, beside it; one ahead of the floor excludes what is below it', async () => {
  const below = by(floor);
  const anchor = unsigned(below);
  const above = by(anchor);
  const trust = trustOf({ anchor });
  expect(await trust.verdict(anchor)).toMatchObject(accepted(anchor));
  expect(await trust.verdict(above)).toMatchObject(accepted(above));
  expect(await trust.verdict(unsigned(above))).toMatchObject(rejected('unsigned', above));
  expect(await trust.verdict(unsigned(anchor))).toMatchObject(rejected('unsigned', anchor));
  expect(await trust.verdict(below)).toMatchObject(rejected('replayed'));
  expect(await trust.verdict(by(below))).toMatchObject(rejected('rewritten'));
  expect(await trust.verdict(above, floorAt(floor))).toMatchObject(accepted(above));
  expect(await trustOf().verdict(above, floorAt(floor))).toMatchObject(rejected('unsigned', below));
  expect(await trustOf({ anchor: 'e'.repeat(40) }).verdict(above)).toMatchObject(rejected('rewritten'));
});

test('without floor and anchor the tip counts, and after it all that comes on top of it', async () => {
  const first = by(unsigned());
  const trust = trustOf();
  expect(await trust.verdict(first)).toMatchObject(accepted(first));
  expect(await trust.verdict(unsigned(first))).toMatchObject(rejected('unsigned', first));
  const next = by(unsigned(first));
  expect(await trust.verdict(next, { firstAccepted: first })).toMatchObject(rejected('unsigned', first));
  expect(await trust.verdict(by(first), { firstAccepted: first })).toMatchObject({ status: 'accepted' });
});

test('more than maxRange is refused as a whole, and just so many are not', async () => {
  const head = lab.line([ada.sign, ada.sign, ada.sign], floor).at(-1) ?? '';
  expect(await trustOf({ maxRange: 3 }).verdict(head, floorAt(floor))).toMatchObject(accepted(head));
  expect(await trustOf({ maxRange: 2 }).verdict(head, floorAt(floor))).toMatchObject(
    rejected('range_too_long'),
  );
});

test('a clock before the floor trusts nothing new; dates of the future wait until they have come', async () => {
  const head = by(floor);
  const early = trustOf({}, { now: () => 1_600_000_000_000 });
  expect(await early.verdict(head, floorAt(floor))).toMatchObject({ ...pending, candidate: null });
  expect(await early.verdict(floor, floorAt(floor))).toMatchObject(accepted(floor));
  const date = Math.floor(Date.now() / 1000) + 3600;
  const later = lab.commit(ada.sign, { parents: [head], date });
  expect(await trustOf().verdict(later, floorAt(floor))).toMatchObject({ ...pending, candidate: head });
  const then = trustOf({}, { now: () => (date - 60) * 1000 });
  expect(await then.verdict(later, floorAt(floor))).toMatchObject(accepted(later));
  const never = lab.commit(ada.sign, { parents: [head], date: 999_999_999_999 });
  expect(await trustOf().verdict(never, floorAt(floor))).toMatchObject(rejected('malformed', head));
});

test('mode tip looks at the head alone, and at first parents for a stand-in', async () => {
  const fix = by(unsigned(floor));
  const trust = trustOf({ mode: 'tip' });
  expect(await trust.verdict(fix, floorAt(floor))).toMatchObject(accepted(fix));
  const merge = by(fix, unsigned(floor));
  expect(await trust.verdict(merge, floorAt(floor))).toMatchObject(accepted(merge));
  expect(await trust.verdict(unsigned(unsigned(merge)), floorAt(floor))).toMatchObject(
    rejected('unsigned', merge),
  );
  expect(await trust.verdict(unsigned(floor), floorAt(floor))).toMatchObject(rejected('unsigned', floor));
});

test('no stand-in leads past the base: a merge whose first parent is another history offers nothing of that', async () => {
  const elsewhere = by(by());
  const anchor = unsigned(floor);
  const bait = unsigned(elsewhere, anchor);
  for (const mode of ['tip', 'range'] as const) {
    expect(await trustOf({ mode, anchor }).verdict(bait), mode).toMatchObject(rejected('unsigned'));
    expect(await trustOf({ mode }).verdict(bait, { firstAccepted: anchor }), mode).toMatchObject(
      rejected('unsigned'),
    );
  }
});

test('a twin of the floor is behind it, and what descends from the twin continues the floor', async () => {
  const payload = commitPayload({ tree: lab.tree, parents: [floor], date: 1_700_000_100, message: 'twin' });
  const signature = gus.sign(payload);
  const original = lab.write(withSignature(payload, signature));
  const twin = lab.write(withSignature(payload, armorTwin(signature)));
  const hash = payloadHashOf(withSignature(payload, signature));
  const other = lab.write(
    signed(commitPayload({ tree: lab.tree, parents: [floor], message: 'not it' }), gus.sign),
  );
  const trust = trustOf();
  for (const [here, there] of [
    [original, twin],
    [twin, original],
  ] as const) {
    const base = floorAt(here, hash);
    expect(await trust.verdict(there, base)).toMatchObject(accepted(there));
    const next = by(there);
    expect(await trust.verdict(next, base)).toMatchObject(accepted(next));
    expect(await trust.verdict(unsigned(next), base)).toMatchObject(rejected('unsigned', next));
    expect(await trust.verdict(by(other), base)).toMatchObject(accepted(null));
    const signal = new AbortController().signal;
    const commits = [here, there, next];
    const known = await lab.mirror.ancestry(commits, signal);
    const all = await trust.withTwins(known, { commits, floor: { commit: here, payloadHash: hash } }, signal);
    expect(all.pairs).toContain(`${here}..${next}`);
    expect(all.pairs).toContain(`${there}..${here}`);
  }
});

test('testing is judged over the mains by its own signers, and offers nothing where there is no main below it', async () => {
  const policy: Policy = { branches: { main: ['ada'], testing: ['tess'] } };
  const trust = trustOf(policy);
  const main = by(floor);
  const trial = lab.commit(tess.sign, { parents: [main] });
  expect(await trust.verdict(trial, floorAt(floor))).toMatchObject(rejected('signer_not_allowed', main));
  expect((await trust.testing(trial, { ...floorAt(floor), mains: [main] })).verdict).toMatchObject(
    accepted(trial),
  );
  expect((await trust.testing(trial, floorAt(floor))).verdict).toMatchObject(
    rejected('signer_not_allowed', floor),
  );
  expect((await trust.testing(trial, { mains: [main] })).verdict).toMatchObject(accepted(trial));
  const hidden = lab.commit(tess.sign, { parents: [unsigned(main)] });
  expect((await trust.testing(hidden)).verdict).toMatchObject(accepted(null));
  expect((await trust.testing(hidden, { mains: [main] })).verdict).toMatchObject(rejected('unsigned', main));
});

test('one remote may be narrowed or freed, and no other with it', async () => {
  const trust = trustOf({
    remotes: { narrow: { mode: null, signers: ['tess'] }, free: { mode: 'none', signers: null } },
  });
  const head = by(floor);
  expect((await trust.main(head, floorAt(floor), 'narrow')).verdict).toMatchObject(
    rejected('signer_not_allowed', floor),
  );
  expect((await trust.main(head, floorAt(floor), 'other')).verdict).toMatchObject(accepted(head));
  const plain = unsigned(floor);
  expect((await trust.main(plain, floorAt(floor), 'free')).verdict).toMatchObject(accepted(plain));
  expect((await trust.main(plain, floorAt(floor), 'other')).verdict).toMatchObject(
    rejected('unsigned', floor),
  );
});

test('replace refs and grafts in the mirror change nothing', async () => {
  const evil = unsigned(floor);
  const good = by(floor);
  git(lab.gitDir, 'replace', evil, good);
  const grafted = by(unsigned(floor));
  git(lab.gitDir, 'replace', '--graft', grafted, floor);
  const trust = trustOf();
  expect(await trust.verdict(evil, floorAt(floor))).toMatchObject(rejected('unsigned', floor));
  expect(await trust.verdict(grafted, floorAt(floor))).toMatchObject(rejected('unsigned', floor));
});
