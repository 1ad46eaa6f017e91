import { describe, expect, test } from 'vitest';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { summarize } from '../../src/domain/summary.ts';
import {
  accepted,
  begin,
  exampleDeployment,
  exampleExpected,
  exampleFailure,
  exampleJudgement,
  exampleRemote,
  foreignSystem,
  later,
  newCommit,
  newSystem,
  seenWith,
  settledView,
  towardsNew,
  withFacts,
} from './example-view.ts';

const suspended = { reason: 'maintenance', by: 'alice', since: begin, until: null };
const hold = { reason: 'the journal is damaged and there is no witness', since: begin };
const quarantine = [
  { commit: newCommit, toplevel: newSystem, reason: 'ActivationFailed', since: begin, deployment: 'd1' },
];
const rolledBack = { ...exampleDeployment, outcome: 'rolled_back' as const, message: 'exit code 2' };
const waiting = { gate: 'mode', reason: 'mode is observe', since: 0, nextCheck: null };

const cases: readonly [LoopView, string, string][] = [
  [settledView, 'InSync', 'web1 runs the desired commit aaaaaaaa "the old one"'],
  [{ ...settledView, observed: null }, 'Unknown', 'web1 has not been looked at yet'],
  [
    withFacts({ hold }),
    'Unknown',
    'web1 deploys nothing: the journal is damaged and there is no witness; go on with abide accept COMMIT --reason TEXT',
  ],
  [withFacts({ suspended }), 'Suspended', 'web1 is suspended by alice, until abide resume: maintenance'],
  [
    towardsNew({ state: 'activating' }, { suspended: { ...suspended, until: later } }),
    'Suspended',
    `web1 is suspended by alice, until ${later}: maintenance; the running deployment comes to its end first`,
  ],
  [
    towardsNew({ state: 'settled' }, { deployments: [{ ...rolledBack, outcome: 'rollback_failed' }] }),
    'Failed',
    'the rollback of web1 failed and needs a person: exit code 2',
  ],
  [
    towardsNew(
      { state: 'rollingBack' },
      { deployment: { ...exampleDeployment, message: 'the activation script failed' } },
    ),
    'Failed',
    'web1 goes back to /nix/store/old-nixos: the activation script failed',
  ],
  [
    towardsNew({ state: 'backoff' }, { failure: exampleFailure }),
    'Failed',
    `bbbbbbbb failed: error: attribute 'x' missing (attempt 2 of 3); tried again at ${later}`,
  ],
  [
    towardsNew({ state: 'evaluating' }, { failure: exampleFailure }),
    'Failed',
    "bbbbbbbb failed: error: attribute 'x' missing (attempt 2 of 3); being tried again",
  ],
  [
    { ...settledView, uncommitted: true },
    'Failed',
    'aaaaaaaa "the old one" runs and is healthy, but its profile or boot default could not be set; tried again',
  ],
  [
    towardsNew({ state: 'stalled' }, { failure: { ...exampleFailure, attempt: 3, stalled: true } }),
    'Stalled',
    `bbbbbbbb is given up: error: attribute 'x' missing (attempt 3 of 3); looked at again at ${later}, at a new commit, or by abide retry`,
  ],
  [
    towardsNew({ state: 'stalled' }, { quarantine, deployments: [rolledBack] }),
    'Stalled',
    'bbbbbbbb was rolled back: exit code 2; waiting for a new commit or abide retry',
  ],
  [towardsNew({ state: 'gating', waiting }), 'Waiting', 'bbbbbbbb waits at gate mode: mode is observe'],
  [
    towardsNew({ state: 'gating', waiting: { ...waiting, nextCheck: Date.parse(later) } }),
    'Waiting',
    `bbbbbbbb waits at gate mode: mode is observe; looked at again at ${later}`,
  ],
  [
    towardsNew(
      { state: 'settled', desired: { ...towardsNew().desired!, operation: 'boot' } },
      {
        expected: { ...exampleExpected, commit: newCommit, operation: 'boot', profile: newSystem },
        deployments: [{ ...exampleDeployment, outcome: 'staged' }],
      },
    ),
    'Waiting',
    'bbbbbbbb is staged and starts at the next reboot of web1; there is no unattended way back from it: a person has to choose another entry in the boot menu',
  ],
  [towardsNew(), 'Progressing', 'bbbbbbbb is being evaluated on web1'],
  [towardsNew({ uncommitted: true }), 'Progressing', 'bbbbbbbb is being evaluated on web1'],
  [
    towardsNew({
      state: 'building',
      progress: { phase: 'build', text: '3 of 7 paths', done: 3, expected: 7, since: 0 },
    }),
    'Progressing',
    'bbbbbbbb is being built on web1 (3 of 7 paths)',
  ],
  [
    { ...settledView, desired: null, everSelected: false, remotes: [exampleRemote('origin', null)] },
    'Progressing',
    'web1 waits for the first answer of origin',
  ],
  [
    {
      ...settledView,
      desired: null,
      everSelected: false,
      remotes: [exampleRemote('origin', false), exampleRemote('mirror')],
      judgements: [exampleJudgement('mirror', { head: null, verdict: null, relation: 'missing' })],
    },
    'Failed',
    'no remote offers a commit that web1 may run: origin connection refused; mirror has no branch main; every remote is asked again',
  ],
  [
    seenWith({ current: foreignSystem, profile: { generation: 8, toplevel: foreignSystem } }),
    'Drifted',
    `web1 has drifted: the system was switched by hand to ${foreignSystem} (profile generation 8) at 2026-01-01T00:00:00.000Z`,
  ],
  [
    seenWith({ rebootReasons: ['kernel'] }),
    'InSync',
    'web1 runs the desired commit aaaaaaaa "the old one"; a reboot is needed (kernel)',
  ],
];

describe('the summary', () => {
  test.each(cases.map(([view, summary, message]) => ({ view, summary, message })))(
    'is $summary: $message',
    ({ view, summary, message }) => {
      expect(summarize(view)).toEqual({ summary, message });
    },
  );

  test('is not changed by unreachable remotes and refused heads, which its message names', () => {
    const refused = { ...accepted, status: 'rejected' as const, reason: 'unsigned' as const };
    const view = {
      ...settledView,
      remotes: [exampleRemote('origin'), exampleRemote('mirror', false)],
      judgements: [exampleJudgement('origin'), exampleJudgement('mirror', { verdict: refused })],
    };
    expect(summarize(view)).toEqual({
      summary: 'InSync',
      message:
        'web1 runs the desired commit aaaaaaaa "the old one"; mirror cannot be reached; main of mirror is refused (unsigned)',
    });
  });

  test('puts state lost before suspension, and suspension before failure', () => {
    expect(summarize(withFacts({ hold, suspended })).summary).toBe('Unknown');
    const failing = towardsNew({ state: 'backoff' }, { failure: exampleFailure, suspended });
    expect(summarize(failing).summary).toBe('Suspended');
  });
});
