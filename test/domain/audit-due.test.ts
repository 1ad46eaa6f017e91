import { describe, expect, test } from 'vitest';
import {
  auditedAfter,
  dueEntries,
  nothingAudited,
  type Audited,
  type AuditQuestion,
} from '../../src/domain/audit-due.ts';
import { plainEntry } from '../../src/domain/audit.ts';
import type { Verdict } from '../../src/domain/remote.ts';
import { sampleEntries } from '../api/sample-audit.ts';
import {
  accepted,
  exampleDeployment,
  exampleFacts,
  exampleJudgement,
  later,
  newCommit,
  oldCommit,
  settledView,
} from './example-view.ts';

const policy = { digest: 'd1', mode: 'range', signers: [], versions: { git: '2.50.1' } } as const;
const now: AuditQuestion = {
  facts: exampleFacts,
  judgements: settledView.judgements,
  desired: settledView.desired,
  heard: true,
  policy,
  modeOf: () => 'range',
};
const kinds = (known: Audited, question: AuditQuestion) =>
  dueEntries(known, question).map(({ kind }) => kind);
/** The log once everything that is due was written. */
const settled = (question: AuditQuestion, known = nothingAudited) =>
  dueEntries(known, question).reduce(auditedAfter, known);
const withFacts = (change: Partial<AuditQuestion['facts']>): AuditQuestion => ({
  ...now,
  facts: { ...exampleFacts, ...change },
});
const exampleHead = exampleJudgement('origin').head!;
const rejected: Verdict = {
  status: 'rejected',
  reason: 'unsigned',
  message: 'no signature',
  candidate: oldCommit,
  signer: null,
};
const judged = (verdict: Verdict): AuditQuestion => ({
  ...now,
  judgements: [exampleJudgement('origin', { verdict, head: { ...exampleHead, rangeSize: 7 } })],
});

test('an empty log is told the policy first, then every verdict, then what is desired', () => {
  expect(kinds(nothingAudited, now)).toEqual(['policy', 'verdict', 'verdict', 'desired']);
});

test('what is on record is not recorded again', () => {
  expect(kinds(settled(now), now)).toEqual([]);
});

test('before a remote was heard nothing is said of heads', () => {
  expect(kinds(nothingAudited, { ...now, heard: false })).toEqual(['policy']);
});

describe('a verdict', () => {
  test('names what it was about', () => {
    const [entry] = dueEntries(settled(now), judged(rejected));
    expect(entry).toEqual({
      kind: 'verdict',
      remote: 'origin',
      role: 'main',
      ref: 'main',
      commit: oldCommit,
      base: oldCommit,
      mode: 'range',
      policy: 'd1',
      verdict: 'rejected',
      reason: 'unsigned',
      message: 'no signature',
      candidate: oldCommit,
      signer: null,
      rangeSize: 7,
    });
  });

  test.each<[string, Verdict, boolean]>([
    ['another status', { ...rejected, status: 'pending', reason: 'date_out_of_range' }, true],
    ['another reason', { ...rejected, reason: 'bad_signature' }, true],
    ['another stand-in', { ...rejected, candidate: null }, true],
    ['another wording', { ...rejected, message: 'still none' }, false],
  ])('%s is news: %s', (_what, verdict, isNews) => {
    expect(kinds(settled(judged(rejected), settled(now)), judged(verdict))).toEqual(
      isNews ? ['verdict'] : [],
    );
  });

  test('that comes back after another one is recorded again', () => {
    const known = settled(judged(rejected), settled(now));
    expect(kinds(known, judged(accepted))).toEqual(['verdict']);
  });

  test('of a branch that is gone for a while is not repeated when it comes back', () => {
    const gone = { ...now, judgements: [exampleJudgement('origin', { head: null, verdict: null })] };
    expect(kinds(settled(now), gone)).toEqual([]);
    expect(kinds(settled(gone, settled(now)), now)).toEqual([]);
  });
});

test('another desired commit or operation is recorded, another remote that offers it is not', () => {
  const desired = settledView.desired!;
  const known = settled(now);
  expect(kinds(known, { ...now, desired: { ...desired, remote: 'mirror' } })).toEqual([]);
  expect(kinds(known, { ...now, desired: { ...desired, operation: 'boot' } })).toEqual(['desired']);
  expect(dueEntries(known, { ...now, desired: { ...desired, commit: newCommit } })).toMatchObject([
    { commit: newCommit, previous: oldCommit },
  ]);
});

test('a policy with other keys is recorded, one that is not known yet is not', () => {
  expect(kinds(settled(now), { ...now, policy: { ...policy, digest: 'd2' } })).toEqual(['policy']);
  expect(kinds(settled(now), { ...now, policy: null })).toEqual([]);
});

describe('a deployment', () => {
  const ended = { ...exampleDeployment, outcome: 'committed', step: null, endedAt: later } as const;
  const running = withFacts({ deployment: exampleDeployment });

  test('is recorded when it begins and when it ends', () => {
    const begun = settled(running, settled(now));
    expect(dueEntries(settled(now), running)).toMatchObject([{ kind: 'deployment', change: 'started' }]);
    expect(kinds(begun, running)).toEqual([]);
    const over = withFacts({ deployments: [ended] });
    expect(dueEntries(begun, over)).toMatchObject([{ change: 'ended', outcome: 'committed' }]);
    expect(kinds(settled(over, begun), over)).toEqual([]);
  });

  test('that a crash ended between journal and log is made up for', () => {
    const next = { ...exampleDeployment, id: 'd2' };
    const known = settled(running, settled(now));
    expect(dueEntries(known, withFacts({ deployment: next, deployments: [ended] }))).toMatchObject([
      { change: 'ended', deployment: 'd1' },
      { change: 'started', deployment: 'd2' },
    ]);
  });

  test('of a time before there was a log is left alone', () => {
    expect(kinds(settled(now), withFacts({ deployments: [ended] }))).toEqual([]);
  });
});

describe('a suspension', () => {
  const suspended = { reason: 'tea', by: 'bob', since: later, until: null };

  test('that a command recorded is not recorded again, its end by time is', () => {
    const known = auditedAfter(settled(now), { kind: 'suspend', reason: 'tea', until: null, actor: 'bob' });
    expect(kinds(known, withFacts({ suspended }))).toEqual([]);
    expect(dueEntries(known, now)).toEqual([{ kind: 'resume', actor: null }]);
    expect(kinds(auditedAfter(known, { kind: 'resume', actor: 'bob' }), now)).toEqual([]);
  });

  test('that is not on record is recorded as the journal has it', () => {
    expect(dueEntries(settled(now), withFacts({ suspended }))).toEqual([
      { kind: 'suspend', reason: 'tea', until: null, actor: 'bob' },
    ]);
  });
});

test.each([
  ['https://user:secret@host/x', 'https://host/x'],
  ['ssh://git@host:22/x and https://a:b@c', 'ssh://host:22/x and https://c'],
  ['mail bob@example.org about https://host/a@b', 'mail bob@example.org about https://host/a@b'],
  ['a\u001b[2J\u202e\nb', 'a b'],
])('%j is kept as %j', (reason, kept) => {
  expect(plainEntry({ kind: 'suspend', reason, until: null, actor: null }).reason).toBe(kept);
});

test('what is plain already is kept as it is', () => {
  for (const entry of sampleEntries) expect(plainEntry(entry)).toEqual(entry);
});
