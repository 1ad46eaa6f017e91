import { describe, expect, test } from 'vitest';
import { deriveConditions } from '../../src/domain/conditions.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { rejectionReasons } from '../../src/domain/remote.ts';
import { conditionTypes, loopStates, type ConditionType } from '../../src/domain/status.ts';
import {
  accepted,
  begin,
  exampleDeployment,
  exampleExpected,
  exampleFacts,
  exampleFailure,
  exampleJudgement,
  exampleObserved,
  exampleRemote,
  foreignSystem,
  later,
  newCommit,
  newSystem,
  oldCommit,
  oldSystem,
  seenWith,
  settledView,
  towardsNew,
  withFacts,
} from './example-view.ts';

const derive = (view: LoopView) => deriveConditions(view, [], begin);

function short(view: LoopView, ...types: readonly ConditionType[]): string[] {
  return derive(view)
    .filter(({ type }) => types.includes(type))
    .map(({ type, status, reason }) => `${type}=${status}/${reason}`);
}

function messageOf(view: LoopView, type: ConditionType): string {
  return derive(view).find((condition) => condition.type === type)?.message ?? '';
}

const top = ['Ready', 'Reconciling', 'Stalled'] as const;
const quarantine = [
  { commit: newCommit, toplevel: newSystem, reason: 'ActivationFailed', since: begin, deployment: 'd1' },
];
const rolledBack = {
  ...exampleDeployment,
  outcome: 'rolled_back' as const,
  step: null,
  message: 'the activation script failed (exit code 2)',
};

test('all conditions are there, in their order, for the desired commit', () => {
  const conditions = derive(settledView);
  expect(conditions.map(({ type }) => type)).toEqual([...conditionTypes]);
  expect(new Set(conditions.map(({ observedCommit }) => observedCommit))).toEqual(new Set([oldCommit]));
});

test('a settled host is ready and nothing else is wrong', () => {
  expect(short(settledView, ...conditionTypes)).toEqual([
    'Ready=True/Succeeded',
    'Reconciling=False/Idle',
    'Stalled=False/NotStalled',
    'SourceReachable=True/Fetched',
    'SourceTrusted=True/Verified',
    'Built=True/Succeeded',
    'Activated=True/Succeeded',
    'Healthy=Unknown/NotChecked',
    'InSync=True/NoDriftDetected',
    'RebootRequired=False/NotRequired',
  ]);
});

describe('the time of the last transition', () => {
  test('stays when only reason and message change', () => {
    const before = deriveConditions(towardsNew(), [], begin);
    const failed = towardsNew({ state: 'backoff' }, { failure: exampleFailure });
    const after = deriveConditions(failed, before, later);
    const ready = after.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ reason: 'EvaluationFailed', lastTransitionTime: begin });
  });

  test('moves with the status', () => {
    const before = deriveConditions(settledView, [], begin);
    const after = deriveConditions(towardsNew(), before, later);
    expect(after.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(later);
    expect(after.find(({ type }) => type === 'SourceReachable')?.lastTransitionTime).toBe(begin);
  });
});

describe('Ready', () => {
  test.each(['observing', 'settled', 'evaluating', 'building', 'gating'] as const)(
    'does not flap in %s when a deployed and undisturbed commit is only looked at again',
    (state) => {
      expect(short({ ...settledView, state }, ...top)).toEqual([
        'Ready=True/Succeeded',
        'Reconciling=False/Idle',
        'Stalled=False/NotStalled',
      ]);
    },
  );

  test.each(['evaluating', 'building', 'gating', 'activating', 'probation', 'committing'] as const)(
    'is False while a new commit is in %s',
    (state) => {
      expect(short(towardsNew({ state }), ...top)).toEqual([
        'Ready=False/Progressing',
        'Reconciling=True/Progressing',
        'Stalled=False/NotStalled',
      ]);
    },
  );

  test('is Unknown before the host was looked at', () => {
    expect(short({ ...settledView, observed: null, state: 'observing' }, ...top)).toEqual([
      'Ready=Unknown/Progressing',
      'Reconciling=True/Progressing',
      'Stalled=False/NotStalled',
    ]);
  });

  test('says which phase failed, its message first, and that it is retried', () => {
    const view = towardsNew({ state: 'backoff' }, { failure: exampleFailure });
    expect(short(view, ...top)).toEqual([
      'Ready=False/EvaluationFailed',
      'Reconciling=True/ProgressingWithRetry',
      'Stalled=False/NotStalled',
    ]);
    expect(messageOf(view, 'Ready')).toBe("error: attribute 'x' missing (attempt 2 of 3)");
    expect(messageOf(view, 'Built')).toMatch(/^error: attribute 'x' missing/);
  });

  test('stays failed while the next attempt repeats the phase, and not once it has come further', () => {
    const failure = { ...exampleFailure, class: 'build' as const, code: 'build_failed' as const };
    expect(short(towardsNew({ state: 'building' }, { failure }), 'Ready')).toEqual([
      'Ready=False/BuildFailed',
    ]);
    expect(short(towardsNew({ state: 'activating' }, { failure }), 'Ready')).toEqual([
      'Ready=False/Progressing',
    ]);
  });

  test('forgets a failure of another commit', () => {
    const view = withFacts({ failure: exampleFailure });
    expect(short(view, 'Ready')).toEqual(['Ready=True/Succeeded']);
  });

  test.each([
    [{ ...exampleFailure, stalled: true }, 'EvaluationFailed', 'RetriesExceeded'],
    [{ ...exampleFailure, stalled: true, code: 'no_such_host' as const }, 'NoSuchHost', 'NoSuchHost'],
  ])('is False and Stalled True when the attempts are used up (%#)', (failure, reason, stalled) => {
    expect(short(towardsNew({ state: 'stalled' }, { failure }), ...top)).toEqual([
      `Ready=False/${reason}`,
      'Reconciling=False/Idle',
      `Stalled=True/${stalled}`,
    ]);
  });

  test('says RolledBack for a quarantined commit, with the reason of the deployment', () => {
    const view = towardsNew({ state: 'stalled' }, { quarantine, deployments: [rolledBack] });
    expect(short(view, ...top, 'Activated')).toEqual([
      'Ready=False/RolledBack',
      'Reconciling=False/Idle',
      'Stalled=True/RolledBack',
      'Activated=False/ActivationFailed',
    ]);
    expect(messageOf(view, 'Stalled')).toBe('the activation script failed (exit code 2)');
  });

  test('is loud about a failed rollback', () => {
    const failed = { ...rolledBack, outcome: 'rollback_failed' as const, message: 'exit code 1' };
    expect(short(towardsNew({ state: 'stalled' }, { deployments: [failed] }), ...top)).toEqual([
      'Ready=False/RollbackFailed',
      'Reconciling=False/Idle',
      'Stalled=True/RollbackFailed',
    ]);
  });

  test('is False while it waits at a gate', () => {
    const waiting = { gate: 'mode', reason: 'mode is observe', since: 0, nextCheck: null };
    expect(short(towardsNew({ state: 'gating', waiting }), ...top, 'Built', 'Activated')).toEqual([
      'Ready=False/Waiting',
      'Reconciling=False/Idle',
      'Stalled=False/NotStalled',
      'Built=True/Succeeded',
      'Activated=False/WaitingForGate',
    ]);
    expect(short(towardsNew({ state: 'gating', waiting: { ...waiting, gate: 'cache' } }), 'Built')).toEqual([
      'Built=False/Waiting',
    ]);
  });

  test('stays while what is deployed and undisturbed is looked at again and a gate is shut before it', () => {
    const waiting = { gate: 'cache', reason: 'no cache has it', since: 0, nextCheck: null };
    const again = { ...settledView, state: 'gating' as const, waiting };
    expect(short(again, 'Ready')).toEqual(['Ready=True/Succeeded']);
    const drifted = seenWith({ current: foreignSystem }, { state: 'gating', waiting });
    expect(short(drifted, 'Ready')).toEqual(['Ready=False/Waiting']);
  });

  test('is not held back by the failure of an attempt before the one that waits at a gate', () => {
    const waiting = { gate: 'mode', reason: 'mode is observe', since: 0, nextCheck: null };
    const view = towardsNew({ state: 'gating', waiting }, { failure: exampleFailure });
    expect(short(view, 'Ready', 'Built')).toEqual(['Ready=False/Waiting', 'Built=True/Succeeded']);
  });

  test('is False on drift', () => {
    expect(short(seenWith({ current: foreignSystem }), ...top, 'InSync', 'Activated')).toEqual([
      'Ready=False/Drifted',
      'Reconciling=False/Idle',
      'Stalled=False/NotStalled',
      'Activated=False/Drifted',
      'InSync=False/DriftDetected',
    ]);
  });

  test('is False and retried when the healthy system could not be committed', () => {
    const view = { ...settledView, uncommitted: true, state: 'backoff' as const };
    expect(short(view, 'Ready', 'Reconciling')).toEqual([
      'Ready=False/CommitFailed',
      'Reconciling=True/ProgressingWithRetry',
    ]);
  });

  test('is False and Stalled True when state was lost', () => {
    const view = withFacts({ hold: { reason: 'the journal is damaged', since: begin } });
    expect(short(view, 'Ready', 'Stalled')).toEqual(['Ready=False/StateLost', 'Stalled=True/StateLost']);
  });

  test('says that a staged system waits for the reboot', () => {
    const staged = {
      expected: {
        ...exampleExpected,
        commit: newCommit,
        operation: 'boot' as const,
        profile: newSystem,
        bootDefault: newSystem,
      },
      deployments: [{ ...exampleDeployment, outcome: 'staged' as const, operation: 'boot' as const }],
    };
    const observed = {
      ...exampleObserved,
      profile: { generation: 8, toplevel: newSystem },
      bootDefault: newSystem,
    };
    const desired = { ...towardsNew().desired!, operation: 'boot' as const };
    const view = towardsNew({ state: 'settled', desired, observed }, staged);
    expect(short(view, 'Ready', 'Activated', 'InSync', 'RebootRequired')).toEqual([
      'Ready=False/RebootPending',
      'Activated=False/RebootPending',
      'InSync=True/NoDriftDetected',
      'RebootRequired=True/Other',
    ]);
  });
});

describe('while suspended', () => {
  const suspended = { reason: 'maintenance', by: 'alice', since: begin, until: null };

  test('Ready keeps its last status', () => {
    const before = deriveConditions(settledView, [], begin);
    const after = deriveConditions(towardsNew({ state: 'settled' }, { suspended }), before, later);
    expect(after.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'True',
      lastTransitionTime: begin,
    });
  });

  test('what was on its way is said to be suspended', () => {
    const before = deriveConditions(towardsNew(), [], begin);
    const after = deriveConditions(towardsNew({ state: 'settled' }, { suspended }), before, later);
    expect(after[0]).toMatchObject({ status: 'False', reason: 'Suspended', message: 'maintenance' });
    expect(after[1]).toMatchObject({ type: 'Reconciling', status: 'False' });
  });

  test('a deployment that comes to its end first is still shown as work', () => {
    const view = towardsNew({ state: 'activating' }, { suspended, deployment: exampleDeployment });
    expect(short(view, 'Ready', 'Reconciling')).toEqual([
      'Ready=False/Progressing',
      'Reconciling=True/Progressing',
    ]);
  });
});

describe('SourceReachable', () => {
  const reach = (...up: readonly (boolean | null)[]) => ({
    ...settledView,
    remotes: up.map((value, index) => exampleRemote(`r${index}`, value)),
  });

  test.each([
    [[true, true], 'True/Fetched'],
    [[true, false], 'True/PartiallyFailed'],
    [[true, null], 'True/Fetched'],
    [[false, null], 'Unknown/Progressing'],
    [[false, false], 'False/AllRemotesFailed'],
  ])('of remotes %j is %s', (up, expected) => {
    expect(short(reach(...up), 'SourceReachable')).toEqual([`SourceReachable=${expected}`]);
  });

  test('is what it was before a restart until the remotes were asked again, with its time', () => {
    const before = deriveConditions(reach(true, false), [], begin);
    const of = (view: LoopView) =>
      deriveConditions(view, before, later).find(({ type }) => type === 'SourceReachable');
    const was = { status: 'True', reason: 'PartiallyFailed', lastTransitionTime: begin };
    expect(of(reach(null, null))).toMatchObject(was);
    expect(of(reach(false, null))).toMatchObject(was);
    expect(of(reach(false, false))).toMatchObject({ status: 'False', lastTransitionTime: later });
  });

  test('leaves Ready alone once something was selected', () => {
    expect(short(reach(false, false), 'Ready')).toEqual(['Ready=True/Succeeded']);
  });

  test('is why a host is not ready that never had anything to run', () => {
    const view = { ...reach(false, false), desired: null, everSelected: false };
    expect(short(view, 'Ready', 'Reconciling')).toEqual([
      'Ready=False/SourceUnreachable',
      'Reconciling=True/ProgressingWithRetry',
    ]);
    expect(messageOf(view, 'Ready')).toBe('r0: connection refused; r1: connection refused');
  });
});

describe('SourceTrusted', () => {
  const judged = (...judgements: LoopView['judgements']) => ({ ...settledView, judgements });
  const refusal = (reason: (typeof rejectionReasons)[number]) => ({
    ...accepted,
    status: 'rejected' as const,
    reason,
    message: 'no',
  });

  test('says with trust mode none that nothing is verified, and what that means', () => {
    const remotes = settledView.remotes.map((remote) => ({ ...remote, signed: false }));
    const view = { ...settledView, remotes };
    expect(short(view, 'SourceTrusted')).toEqual(['SourceTrusted=True/Unverified']);
    expect(messageOf(view, 'SourceTrusted')).toBe(
      'UNSIGNED: anyone who can push to https://git.example.org/origin.git, https://git.example.org/mirror.git is root on this host',
    );
    const [first, ...rest] = settledView.remotes;
    const one = { ...settledView, remotes: [{ ...first!, signed: false }, ...rest] };
    expect(messageOf(one, 'SourceTrusted')).toBe(
      'UNSIGNED: anyone who can push to https://git.example.org/origin.git is root on this host',
    );
  });

  test.each([
    ['unsigned', 'Unsigned'],
    ['bad_signature', 'BadSignature'],
    ['rewritten', 'Rewritten'],
  ] as const)('names the refusal %s in CamelCase and leaves Ready alone', (reason, name) => {
    const view = judged(exampleJudgement('origin', { verdict: refusal(reason) }), exampleJudgement('mirror'));
    expect(short(view, 'Ready', 'SourceTrusted')).toEqual([
      'Ready=True/Succeeded',
      `SourceTrusted=False/${name}`,
    ]);
    expect(messageOf(view, 'SourceTrusted')).toContain('origin offers aaaaaaaa on main, refused: no');
  });

  test('is False with reason Diverged for diverged candidates and for a head apart from the floor', () => {
    expect(short({ ...settledView, diverged: true }, 'SourceTrusted')).toEqual([
      'SourceTrusted=False/Diverged',
    ]);
    expect(short(judged(exampleJudgement('origin', { relation: 'diverged' })), 'SourceTrusted')).toEqual([
      'SourceTrusted=False/Diverged',
    ]);
  });

  test('does not mind a lagging mirror or a testing branch beside main', () => {
    const view = judged(
      exampleJudgement('origin'),
      exampleJudgement('mirror', { relation: 'behind', candidate: null }),
      exampleJudgement('origin', { role: 'testing', relation: 'diverged', candidate: null }),
    );
    expect(short(view, 'SourceTrusted')).toEqual(['SourceTrusted=True/Verified']);
  });

  test('is Unknown while a head is pending or nothing was heard', () => {
    const pending = { ...accepted, status: 'pending' as const, message: 'dated tomorrow' };
    expect(short(judged(exampleJudgement('origin', { verdict: pending })), 'SourceTrusted')).toEqual([
      'SourceTrusted=Unknown/Pending',
    ]);
    expect(short(judged(exampleJudgement('origin', { head: null, verdict: null })), 'SourceTrusted')).toEqual(
      ['SourceTrusted=Unknown/Progressing'],
    );
  });
});

describe('Healthy', () => {
  const check = { name: 'http', durationSeconds: 1, message: 'got 503' };
  const withCheck = (status: 'passing' | 'failing', baseline: 'passing' | 'failing') =>
    withFacts({
      deployments: [
        {
          ...exampleDeployment,
          commit: oldCommit,
          toplevel: oldSystem,
          outcome: 'committed',
          checks: [{ ...check, status, baseline }],
        },
      ],
    });

  test('is False for a check that got worse', () => {
    const view = withCheck('failing', 'passing');
    expect(short(view, 'Ready', 'Healthy')).toEqual([
      'Ready=False/HealthCheckFailed',
      'Healthy=False/HealthCheckFailed',
    ]);
    expect(messageOf(view, 'Healthy')).toBe('http: got 503');
  });

  test('stays True for a check that failed before and after, and names it', () => {
    const view = withCheck('failing', 'failing');
    expect(short(view, 'Ready', 'Healthy')).toEqual(['Ready=True/Succeeded', 'Healthy=True/Succeeded']);
    expect(messageOf(view, 'Healthy')).toBe('failing before and after: http: got 503');
  });
});

test('RebootRequired names the first reason and tells all; it does not disturb Ready', () => {
  const view = seenWith({ rebootReasons: ['kernel-params', 'systemd'] });
  expect(short(view, 'Ready', 'InSync', 'RebootRequired')).toEqual([
    'Ready=True/Succeeded',
    'InSync=True/NoDriftDetected',
    'RebootRequired=True/KernelParams',
  ]);
});

test('no space and other trouble of the machine are told apart from a failed build', () => {
  const failure = { ...exampleFailure, class: 'environment' as const, code: 'no_space' as const };
  expect(short(towardsNew({ state: 'backoff' }, { failure }), 'Ready', 'Built')).toEqual([
    'Ready=False/InsufficientSpace',
    'Built=False/InsufficientSpace',
  ]);
});

test('control characters of tools never reach a message', () => {
  const failure = { ...exampleFailure, message: '\u001b[31merror:\u001b[0m bad\u202e' };
  expect(messageOf(towardsNew({ state: 'backoff' }, { failure }), 'Ready')).toMatch(/^error: bad/);
});

test('every state of the loop has its conditions', () => {
  for (const state of loopStates) {
    expect(derive(towardsNew({ state }, { ...exampleFacts, failure: exampleFailure }))).toHaveLength(10);
  }
});
