import { expect, test } from 'vitest';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Loop } from '../../src/domain/loop.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { offeredAfter } from '../../src/domain/offered.ts';
import type { RemoteOffer } from '../../src/domain/remote.ts';
import { select } from '../../src/domain/select.ts';
import { commitsInQuestion } from '../../src/domain/select-for.ts';
import { noteTrust } from '../../src/domain/trust-facts.ts';
import { policy as plainPolicy } from '../machines/harness.ts';
import { ancestryOf, head, offersOf, remote, verdict } from './select-history.ts';

/*
 * root - one - two - three
 *    \     \- trial1   \- trial3
 *     \- other
 */
const history = {
  root: [],
  one: ['root'],
  two: ['one'],
  three: ['two'],
  other: ['root'],
  trial1: ['one'],
  trial2: ['one'],
  trial3: ['three'],
};
const ancestry = ancestryOf(history, Object.keys(history));
const remotes = [remote('a'), remote('b')];
const signedPolicy: Policy['trust'] = {
  signed: true,
  floorSeen: false,
  allowReplay: false,
  quorum: 1,
  anchored: false,
};

/** One look at what the remotes offer, as the loop makes it: selection, then what has to be remembered. */
function look(facts: Facts, offers: Record<string, RemoteOffer>, trust: Partial<Policy['trust']> = {}) {
  const policy: Policy = { ...plainPolicy, remotes, trust: { ...signedPolicy, ...trust } };
  const selection = select({
    remotes,
    offers,
    ancestry,
    floor: facts.floor?.commit ?? null,
    offered: facts.offered,
    quarantined: new Set(),
    spentTesting: null,
    superseded: new Set(policy.trust.allowReplay ? [] : facts.supersededTesting),
    quorum: policy.trust.quorum,
  });
  const noted = noteTrust(facts, { selection, ancestry, policy });
  const offered = offeredAfter(facts.offered, selection.judgements, ancestry);
  const of = (name: string, role: 'main' | 'testing') =>
    selection.judgements.find((one) => one.remote === name && one.role === role);
  return { selection, of, events: noted.events, facts: { ...noted.facts, offered } };
}

test('the first accepted tip is announced once, with its signer, and stays while what comes descends from it', () => {
  const signer = { kind: 'ssh', key: 'SHA256:x', name: 'ada' } as const;
  const first = look(noFacts, offersOf({ a: [head('one', { ...verdict('accepted', 'one'), signer })] }));
  expect(first.facts.firstAccepted).toBe('one');
  expect(first.events).toMatchObject([{ type: 'anchored', severity: 'warning', commit: 'one', remote: 'a' }]);
  expect(first.events[0]?.message).toContain('signed by ada (ssh SHA256:x)');
  const second = look(first.facts, offersOf({ a: ['two'] }));
  const third = look(second.facts, offersOf({ a: ['three'] }));
  expect([...second.events, ...third.events]).toEqual([]);
  expect(third.facts.firstAccepted).toBe('one');
});

test('a first tip that gives way to another history before anything was deployed is announced again', () => {
  const first = look(noFacts, offersOf({ a: ['two'] }));
  const other = look(first.facts, offersOf({ a: ['other'] }));
  expect(other.facts.firstAccepted).toBe('other');
  expect(other.events.map(({ type }) => type).toSorted()).toEqual(['anchored', 'history.rewritten']);
});

test.each([
  ['with a floor', { ...noFacts, floor: { commit: 'root', payloadHash: null } }, {}],
  ['with trust.anchor', noFacts, { anchored: true }],
  ['where signatures do not count', noFacts, { signed: false }],
] as const)('%s nobody is told of a first tip', (_, facts, trust) => {
  const seen = look(facts, offersOf({ a: ['one'] }), trust);
  expect(seen.facts.firstAccepted).toBeNull();
  expect(seen.events).toEqual([]);
});

test('the ancestry of the first accepted tip is always asked for', () => {
  const facts = { ...noFacts, firstAccepted: 'one' };
  const loop = {
    facts,
    offers: offersOf({ a: ['three'] }),
    policy: { ...plainPolicy, remotes },
    target: null,
  };
  expect(commitsInQuestion(loop as unknown as Loop)).toContain('one');
});

test('with floor: seen the floor rises with what is accepted, and never goes back', () => {
  const facts: Facts = { ...noFacts, commits: [{ ...record, commit: 'two' }] };
  const seen = look(facts, offersOf({ a: ['two'] }), { floorSeen: true });
  expect(seen.facts.floor).toEqual({ commit: 'two', payloadHash: 'h' });
  expect(look(seen.facts, offersOf({ a: ['one'] }), { floorSeen: true }).facts.floor?.commit).toBe('two');
  expect(look(seen.facts, offersOf({ a: ['other'] }), { floorSeen: true }).facts.floor?.commit).toBe('two');
  expect(look(seen.facts, offersOf({ a: ['three'] }), { floorSeen: true }).facts.floor?.commit).toBe('three');
  const hold = { reason: 'lost', since: '2026-01-01T00:00:00Z' };
  expect(look({ ...noFacts, hold }, offersOf({ a: ['two'] }), { floorSeen: true }).facts.floor).toBeNull();
});

const record = {
  subject: null,
  author: null,
  committedAt: null,
  firstSeen: '2026-01-01T00:00:00Z',
  derivation: null,
  toplevel: null,
  payloadHash: 'h',
  signer: null,
};

test('a main that no longer has what it offered above the floor is worth a word; going on and lagging are not', () => {
  const facts: Facts = {
    ...noFacts,
    floor: { commit: 'root', payloadHash: null },
    offered: { a: { main: 'two', testing: null } },
  };
  const events = (name: string) => look(facts, offersOf({ a: [name] })).events.map(({ type }) => type);
  expect(events('other')).toEqual(['history.rewritten']);
  expect([...events('three'), ...events('two'), ...events('one')]).toEqual([]);
});

test('a testing commit that another took the place of does not come back, unless that is allowed', () => {
  const floor = { ...noFacts, floor: { commit: 'one', payloadHash: null } };
  const first = look(floor, offersOf({ a: ['one', 'trial1'] }));
  const second = look(first.facts, offersOf({ a: ['one', 'trial2'] }));
  expect(second.facts.supersededTesting).toEqual(['trial1']);
  const back = look(second.facts, offersOf({ a: ['one', 'trial1'] }));
  expect(back.of('a', 'testing')?.verdict).toMatchObject({
    status: 'rejected',
    reason: 'replayed',
    candidate: null,
  });
  expect(back.selection.desired?.commit).toBe('one');
  // Also not after it was refused once, nor on another remote that never had it.
  expect(look(back.facts, offersOf({ a: ['one', 'trial1'] })).selection.desired?.commit).toBe('one');
  expect(look(back.facts, offersOf({ b: ['one', 'trial1'] })).of('b', 'testing')?.verdict?.reason).toBe(
    'replayed',
  );
  const allowed = look(second.facts, offersOf({ a: ['one', 'trial1'] }), { allowReplay: true });
  expect(allowed.selection.desired?.commit).toBe('trial1');
});

test('deleting a testing branch, a bad push on it and a mirror that lags supersede nothing', () => {
  const floor = { ...noFacts, floor: { commit: 'one', payloadHash: null } };
  const both = look(floor, offersOf({ a: ['one', 'trial1'], b: ['one', 'trial1'] }));
  const gone = look(both.facts, offersOf({ a: ['one', null], b: ['one', 'trial1'] }));
  expect(gone.facts.supersededTesting).toEqual([]);
  expect(look(gone.facts, offersOf({ a: ['one', 'trial1'] })).selection.desired?.commit).toBe('trial1');
  const refused = look(both.facts, offersOf({ a: ['one', head('trial2', verdict('rejected', null))] }));
  expect(refused.facts.supersededTesting).toEqual([]);
  const moved = look(both.facts, offersOf({ a: ['one', 'trial2'], b: ['one', 'trial1'] }));
  expect(moved.facts.supersededTesting).toEqual(['trial1']);
  const lagging = look(moved.facts, offersOf({ b: ['one', 'trial1'] }));
  expect(lagging.of('b', 'testing')?.verdict).toMatchObject({ status: 'accepted' });
});

test('a quorum asks for the commit itself or what descends from it, and counts each remote once', () => {
  const floor = { ...noFacts, floor: { commit: 'root', payloadHash: null } };
  const two = { quorum: 2 };
  const apart = look(floor, offersOf({ a: ['three'], b: ['two'] }), two);
  expect(apart.selection.main).toBe('two');
  expect(apart.of('a', 'main')?.verdict).toMatchObject({
    status: 'rejected',
    reason: 'quorum',
    candidate: null,
  });
  expect(apart.of('b', 'main')?.verdict).toMatchObject({ status: 'accepted' });
  expect(look(floor, offersOf({ a: ['two'], b: ['two'] }), two).selection.main).toBe('two');
  expect(look(floor, offersOf({ a: ['two'] }), two).selection.main).toBe('root');
  expect(look(floor, offersOf({ a: ['two'], b: ['other'] }), two).selection.main).toBe('root');
  const refused = offersOf({ a: ['three'], b: [head('three', verdict('rejected', 'one'))] });
  expect(look(floor, refused, two).selection.main).toBe('one');
  const trials = offersOf({ a: ['three', 'trial3'], b: ['three', 'trial3'] });
  expect(look(floor, trials, two).selection.desired?.commit).toBe('trial3');
  expect(look(floor, offersOf({ a: ['three', 'trial3'], b: ['three'] }), two).selection.desired?.commit).toBe(
    'three',
  );
});
