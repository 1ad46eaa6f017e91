import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestryPair, noAncestry } from '../../src/domain/ancestry.ts';
import type { Judgement } from '../../src/domain/judgement.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { rejectionReasons, type Head, type Verdict } from '../../src/domain/remote.ts';
import {
  commitsForWhy,
  explainCommit,
  explainUnknown,
  offeredHeads,
  whyRemarks,
} from '../../src/domain/why.ts';
import { arbitraryView } from './arbitrary-view.ts';
import {
  accepted,
  exampleDeployment,
  exampleFacts,
  exampleFailure,
  exampleJudgement,
  exampleRemote,
  later,
  newCommit,
  newSystem,
  oldCommit,
  oldSystem,
  settledView,
  towardsNew,
} from './example-view.ts';

const other = 'c'.repeat(40);
const third = 'd'.repeat(40);
/** `oldCommit` <- `newCommit` <- `third`; `other` has nothing to do with them. */
const ancestry = {
  pairs: new Set([
    ancestryPair(oldCommit, newCommit),
    ancestryPair(oldCommit, third),
    ancestryPair(newCommit, third),
  ]),
};
const headAt = (id: string, verdict: Verdict): Head => ({
  commit: { id, subject: `subject of ${id[0]}`, author: 'alice', committedAt: later },
  verdict,
  candidate: null,
  refused: [],
  rangeSize: 1,
});
const offer = (id: string, change: Partial<Judgement> = {}): Judgement => {
  const verdict = change.verdict ?? { ...accepted, candidate: id };
  return exampleJudgement('origin', {
    head: headAt(id, verdict),
    relation: 'ahead',
    verdict,
    candidate: verdict.candidate,
    ...change,
  });
};
const refused = (reason: Verdict['reason'], change: Partial<Verdict> = {}): Verdict => ({
  status: 'rejected',
  reason,
  message: 'it is so',
  candidate: null,
  signer: null,
  ...change,
});
const ask = (view: LoopView, commit = newCommit, known = ancestry) =>
  explainCommit({ view, ancestry: known }, commit);
const reasonsOf = (view: LoopView, commit = newCommit) =>
  ask(view, commit).reasons.map(({ decision, message, next }) => [decision, message, next]);
const wanting = (change: Partial<LoopView> = {}, facts: Partial<LoopView['facts']> = {}) =>
  towardsNew({ judgements: [offer(newCommit)], ...change }, facts);
const refusing = (verdict: Verdict, more: Partial<Judgement> = {}) => ({
  ...settledView,
  judgements: [offer(newCommit, { verdict, ...more })],
});

describe('a head that is well', () => {
  test('runs', () => {
    expect(ask(settledView, oldCommit)).toEqual({
      commit: oldCommit,
      subject: 'the old one',
      standing: 'running',
      message: 'it runs on web1 and is desired',
      offers: [
        { remote: 'origin', role: 'main', ref: 'main' },
        { remote: 'mirror', role: 'main', ref: 'main' },
      ],
      reasons: [],
    });
  });

  test('is on its way', () => {
    expect(ask(wanting())).toMatchObject({
      standing: 'coming',
      message: 'nothing keeps it from running: it is on its way (evaluating)',
      reasons: [],
    });
  });

  test('starts at the next reboot', () => {
    const staged = { ...exampleDeployment, outcome: 'staged', step: null, endedAt: later } as const;
    const expected = { ...exampleFacts.expected!, commit: newCommit, bootDefault: newSystem };
    const view = wanting({ state: 'settled' }, { deployments: [staged], expected });
    expect(ask(view)).toMatchObject({ standing: 'staged', reasons: [] });
  });

  test('runs until the desired one comes', () => {
    expect(ask(wanting({}, {}), oldCommit)).toMatchObject({
      standing: 'running',
      message: 'it runs on web1; bbbbbbbb is desired in its place',
    });
  });
});

describe('what the host says against its desired commit', () => {
  test.each<[string, LoopView, string, RegExp, RegExp | null]>([
    [
      'a suspension',
      wanting({ state: 'settled' }, { suspended: { reason: 'tea', by: 'bob', since: later, until: null } }),
      'suspension',
      /^web1 is suspended by bob: tea$/,
      /^abide resume$/,
    ],
    [
      'lost state',
      wanting({ desired: null }, { hold: { reason: 'state was lost', since: later } }),
      'state',
      /deploys nothing: state was lost/,
      /abide accept/,
    ],
    [
      'a quarantine',
      wanting(
        { state: 'stalled' },
        {
          quarantine: [
            {
              commit: newCommit,
              toplevel: newSystem,
              reason: 'ActivationFailed',
              since: later,
              deployment: 'd1',
            },
          ],
          deployments: [{ ...exampleDeployment, outcome: 'rolled_back', message: 'nginx failed' }],
        },
      ),
      'quarantine',
      /rolled back here at 2026.*\(ActivationFailed\): nginx failed/,
      /abide retry bbbbbbbb/,
    ],
    [
      'a failure that is retried',
      wanting({ state: 'backoff' }, { failure: exampleFailure }),
      'failure',
      /failed in evaluate \(attempt 2 of 3\): error: attribute 'x' missing/,
      /tried again at 2026/,
    ],
    [
      'a stall',
      wanting({ state: 'stalled' }, { failure: { ...exampleFailure, stalled: true } }),
      'failure',
      /failed in evaluate/,
      /^push a commit that mends it, or .*abide retry bbbbbbbb/,
    ],
    [
      'a gate',
      wanting({
        state: 'gating',
        waiting: { gate: 'mode', reason: 'mode is observe', since: 0, nextCheck: null },
      }),
      'gate',
      /gate mode: mode is observe/,
      /mode: enforce/,
    ],
    [
      'a gate of another kind',
      wanting({
        state: 'gating',
        waiting: { gate: 'window', reason: 'not now', since: 0, nextCheck: Date.parse(later) },
      }),
      'gate',
      /gate window: not now/,
      /^it is looked at again at 2026/,
    ],
    [
      'another deployment',
      wanting({ state: 'activating' }, { deployment: { ...exampleDeployment, commit: other } }),
      'deployment',
      /deployment of cccccccc .* comes to its end first/,
      null,
    ],
    [
      'a host that was not seen',
      wanting({ observed: null, state: 'observing' }),
      'state',
      /could not be looked at/,
      null,
    ],
    [
      'a switch by hand',
      {
        ...settledView,
        observed: {
          ...settledView.observed!,
          current: '/nix/store/hand',
          profile: { generation: 9, toplevel: '/nix/store/hand' },
        },
        judgements: [offer(oldCommit, { relation: 'same' })],
      },
      'drift',
      /switched by hand to \/nix\/store\/hand/,
      /abide retry aaaaaaaa/,
    ],
  ])('%s', (_what, view, decision, message, next) => {
    const commit = decision === 'drift' ? oldCommit : newCommit;
    const [reason, ...more] = ask(view, commit).reasons;
    expect([reason?.decision, more]).toEqual([decision, []]);
    expect(reason?.message).toMatch(message);
    if (next === null) expect(reason?.next).toBeNull();
    else expect(reason?.next).toMatch(next);
  });

  test('all of it at once', () => {
    const suspended = { reason: 'tea', by: null, since: later, until: later };
    const view = wanting({ state: 'settled' }, { suspended, failure: exampleFailure });
    expect(ask(view)).toMatchObject({ standing: 'held', message: 'these 2 keep it from running' });
  });
});

describe('a refused head', () => {
  test.each(rejectionReasons)('says what would make it acceptable: %s', (reason) => {
    const [why] = reasonsOf(refusing(refused(reason)));
    expect(why?.[1]).toBe(`main of origin is refused (${reason}: it is so)`);
    expect(why?.[2]).toEqual(expect.stringMatching(/.{20}/));
  });

  test('names what stands in for it', () => {
    const verdict = refused('unsigned', { candidate: oldCommit });
    const [why] = reasonsOf(refusing(verdict, { candidate: oldCommit }));
    expect(why?.[1]).toContain('aaaaaaaa below it is offered meanwhile');
  });

  test('names every commit below it that is refused, and not hundreds', () => {
    const one = { commit: other, status: 'rejected', reason: 'unknown_key', message: 'a stranger' } as const;
    const verdict = refused('unknown_key');
    const below = (blamed: Head['refused']) =>
      reasonsOf(refusing(verdict, { head: { ...headAt(newCommit, verdict), refused: blamed } }));
    const few = below([one]);
    expect(few).toEqual([
      [
        'verdict',
        'cccccccc below main of origin is refused (unknown_key: a stranger)',
        expect.stringContaining('trust.signers'),
      ],
    ]);
    const many = Array.from({ length: 400 }, (_, index) => ({ ...one, message: `number ${index}` }));
    const shown = below(many);
    expect([shown.length, shown.at(-1)?.[1]]).toEqual([11, 'and 390 more commits below it are refused']);
  });

  test('that only has to wait says so', () => {
    const pending = { ...refused('date_out_of_range'), status: 'pending' } as const;
    expect(ask(refusing(pending)).reasons).toMatchObject([
      {
        decision: 'verdict',
        message: expect.stringContaining('not accepted yet'),
        next: expect.stringContaining('clock'),
      },
    ]);
  });

  test('by one remote keeps nothing back that another one offers with good right', () => {
    const judgements = [offer(newCommit), offer(newCommit, { remote: 'mirror', verdict: refused('quorum') })];
    expect(ask(wanting({ judgements }))).toMatchObject({ standing: 'coming', reasons: [] });
  });

  test('that runs all the same is said to', () => {
    const judgements = [offer(oldCommit, { verdict: refused('expired_key'), relation: 'same' })];
    expect(ask({ ...settledView, judgements }, oldCommit)).toMatchObject({
      standing: 'running',
      reasons: [{ decision: 'verdict' }],
    });
  });
});

describe('an accepted head that is not chosen', () => {
  test('because another one contains it', () => {
    const judgements = [offer(newCommit), offer(third, { remote: 'mirror' })];
    const desired = { ...settledView.desired!, commit: third, remote: 'mirror' };
    expect(reasonsOf({ ...settledView, judgements, desired })).toEqual([
      ['selection', 'dddddddd on main of mirror is further ahead and contains it', null],
    ]);
  });

  test('because a test runs on top of it', () => {
    const testing = offer(third, { role: 'testing', ref: 'testing-web1' });
    const desired = {
      ...settledView.desired!,
      commit: third,
      role: 'testing',
      branch: 'testing-web1',
    } as const;
    const view: LoopView = { ...settledView, judgements: [offer(newCommit), testing], desired };
    expect(reasonsOf(view)).toEqual([
      [
        'selection',
        'dddddddd on testing-web1 of origin is tested here on top of it',
        expect.stringContaining('merge'),
      ],
    ]);
  });

  test('because remotes have diverged', () => {
    const judgements = [offer(newCommit), offer(other, { remote: 'mirror' })];
    expect(reasonsOf(wanting({ judgements }), other)).toMatchObject([
      ['selection', expect.stringContaining('the remote listed first wins'), expect.any(String)],
    ]);
  });

  test('because it is below the floor, of no relation to it, or nothing to test', () => {
    const behind = offer(oldCommit, { candidate: null, relation: 'behind' });
    const floor = { commit: newCommit, payloadHash: null };
    const view = { ...wanting({ judgements: [behind] }, { floor, expected: null }), observed: null };
    expect(ask(view, oldCommit)).toMatchObject({
      standing: 'past',
      reasons: [{ decision: 'floor', next: expect.stringContaining('abide accept aaaaaaaa') }],
    });
    const apart = offer(other, { candidate: null, relation: 'diverged' });
    expect(reasonsOf({ ...settledView, judgements: [apart] }, other)).toMatchObject([
      [
        'floor',
        expect.stringContaining('does not continue the floor aaaaaaaa'),
        expect.stringContaining('abide accept cccccccc'),
      ],
    ]);
    const test = offer(other, {
      role: 'testing',
      ref: 'testing-web1',
      candidate: null,
      relation: 'diverged',
    });
    expect(reasonsOf({ ...settledView, judgements: [test] }, other)).toMatchObject([
      ['main', expect.stringContaining('does not build on desired main'), expect.stringContaining('rebase')],
    ]);
  });

  test('because its test was ended by a reboot', () => {
    const test = offer(newCommit, { role: 'testing', ref: 'testing-web1', candidate: null });
    const view = { ...settledView, judgements: [test], facts: { ...exampleFacts, spentTesting: newCommit } };
    expect(reasonsOf(view)).toMatchObject([
      ['spent', expect.any(String), expect.stringContaining('abide retry')],
    ]);
  });
});

describe('a commit that is no head', () => {
  test('is deployed as part of the one above it', () => {
    const view = {
      ...settledView,
      judgements: [offer(third)],
      desired: { ...settledView.desired!, commit: third },
    };
    expect(ask(view)).toMatchObject({
      standing: 'held',
      reasons: [{ decision: 'history', message: expect.stringContaining('dddddddd, which contains it') }],
    });
  });

  test('shares the fate of a head that is refused', () => {
    const view = { ...settledView, judgements: [offer(third, { verdict: refused('unsigned') })] };
    expect(ask(view).reasons.map(({ decision }) => decision)).toEqual(['history', 'verdict']);
  });

  test('is told when it is the one that is refused', () => {
    const verdict = refused('unsigned');
    const blamed = [{ commit: newCommit, status: 'rejected', reason: 'unsigned', message: 'no' }] as const;
    const head = { ...headAt(third, verdict), refused: blamed };
    const view = { ...settledView, judgements: [offer(third, { verdict, head })] };
    expect(reasonsOf(view)).toMatchObject([
      [
        'verdict',
        'bbbbbbbb below main of origin is refused (unsigned: no)',
        expect.stringContaining('sign it'),
      ],
    ]);
  });

  test('and stands in for a refused head may itself not be chosen', () => {
    const standIn = offer(other, {
      verdict: refused('unsigned', { candidate: newCommit }),
      candidate: newCommit,
    });
    const desired = { ...settledView.desired!, commit: third };
    expect(reasonsOf({ ...settledView, judgements: [standIn, offer(third)], desired })).toEqual([
      ['selection', 'dddddddd on main of origin is further ahead and contains it', null],
    ]);
    expect(ask(wanting({ judgements: [standIn] }))).toMatchObject({ standing: 'coming' });
  });

  test('lies behind', () => {
    const floor = { commit: newCommit, payloadHash: null };
    const view = { ...settledView, facts: { ...exampleFacts, floor } };
    expect(ask(view, oldCommit).standing).toBe('running');
    const moved = { ...view, desired: { ...settledView.desired!, commit: newCommit } };
    expect(ask({ ...moved, observed: null }, oldCommit)).toMatchObject({ standing: 'past' });
  });

  test('is on no branch at all', () => {
    expect(ask(settledView, other)).toMatchObject({ standing: 'held', reasons: [{ decision: 'unknown' }] });
    expect(explainUnknown('abcdef1', 'abcdef1 is no commit')).toMatchObject({
      commit: 'abcdef1',
      standing: 'unknown',
      reasons: [{ message: 'abcdef1 is no commit' }],
    });
  });
});

test('remotes that were not heard are remarked', () => {
  const remotes = [exampleRemote('origin', false), exampleRemote('mirror', null), exampleRemote('third')];
  expect(whyRemarks({ ...settledView, remotes })).toEqual([
    'origin cannot be reached, so what it had last counts: connection refused',
    'mirror has not been asked yet',
    'third has none of the branches that it is asked for',
  ]);
});

test('nothing of a commit reaches people unsanitised', () => {
  const evil = '\u001b[2J\u202eevil';
  const judgement = offer(newCommit, { verdict: refused('unsigned', { message: evil }) });
  const head = { ...judgement.head!, commit: { ...judgement.head!.commit, subject: evil } };
  const view = { ...settledView, judgements: [{ ...judgement, head }] };
  expect(JSON.stringify(ask(view))).not.toMatch(/\\u001b|\u202e/);
});

test('whatever the loop looks like, every head is explained, and what is held has a reason', () => {
  fc.assert(
    fc.property(arbitraryView, (view) => {
      for (const commit of [...offeredHeads(view), ...commitsForWhy(view), 'e'.repeat(40)]) {
        const why = explainCommit({ view, ancestry: noAncestry }, commit);
        expect(why.standing === 'held' || why.standing === 'past').toBe(
          why.reasons.length > 0 && why.standing !== 'running',
        );
        expect(
          why.reasons.every(({ message }) => message.length > 10 && !/undefined|null/.test(message)),
        ).toBe(true);
      }
    }),
  );
});

test('a toplevel that two commits share runs both', () => {
  const twin = { ...exampleFacts.commits[0]!, commit: newCommit };
  const view = { ...settledView, facts: { ...exampleFacts, commits: [...exampleFacts.commits, twin] } };
  expect(view.observed?.current).toBe(oldSystem);
  expect(ask(view)).toMatchObject({ standing: 'running' });
});
