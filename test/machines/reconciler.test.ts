import { describe, expect, test } from 'vitest';
import type { CommitAsks } from '../../src/domain/commit-asks.ts';
import { noFacts } from '../../src/domain/facts.ts';
import type { Inspection } from '../../src/domain/inspection.ts';
import { Problem } from '../../src/domain/problem.ts';
import {
  deploy,
  epoch,
  evaluation,
  fine,
  history,
  host,
  id,
  inspected,
  offer,
  policy,
  probed,
  seen,
  startReconciler,
  top,
  untilEvaluating,
  went,
} from './harness.ts';

describe('the way of a commit', () => {
  test('a first commit on a fresh host goes through every step and raises the floor', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, null, 'm1');
    expect(driven.pipeline()).toBe('evaluating');
    await driven.settle('evaluate', evaluation('m1'));
    expect(driven.pipeline()).toBe('building');
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('activating.preparing');
    expect(driven.facts().deployment).toMatchObject({ commit: id('m1'), step: 'prepare', outcome: null });
    await driven.settle('prepare');
    expect(driven.facts().deployment?.step).toBe('switch');
    await driven.settle('activate', fine);
    expect(driven.facts().deployment?.step).toBe('look');
    await driven.settle('look', host('m1', { profile: null, bootDefault: null }));
    expect(driven.pipeline()).toBe('probation.probing');
    await driven.settle('probe', probed(host('m1', { profile: null, bootDefault: null })));
    expect(driven.facts().deployment?.step).toBe('passed');
    await driven.settle('disarm');
    expect(driven.facts().deployment?.step).toBe('profile');
    await driven.settle('setProfile');
    expect(driven.facts().deployment?.step).toBe('loader');
    await driven.settle('installLoader');
    await driven.settle('finish', host('m1'));
    expect(driven.pipeline()).toBe('settled');
    expect(driven.facts()).toMatchObject({
      floor: { commit: id('m1') },
      deployment: null,
      expected: { commit: id('m1'), current: top('m1'), profile: top('m1') },
    });
    expect(driven.facts().deployments[0]).toMatchObject({
      outcome: 'committed',
      step: null,
      subject: 'subject of m1',
    });
    expect(driven.facts().deployments[0]?.phases.map(({ phase }) => phase)).toEqual([
      'evaluate',
      'build',
      'gate',
      'activate',
      'probation',
      'commit',
    ]);
  });

  test('a commit that needs no change is recorded and makes no deployment', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'same', 'm1');
    await driven.settle('evaluate', evaluation('m1', 'same'));
    expect(driven.pipeline()).toBe('settled');
    expect(driven.facts()).toMatchObject({
      deployments: [],
      floor: { commit: id('m1') },
      expected: { commit: id('m1') },
    });
  });

  test('what runs already but does not boot goes straight to committing', async () => {
    const driven = startReconciler();
    await driven.observes(
      host('same', { profile: { generation: 1, toplevel: top('old') }, bootDefault: top('old') }),
    );
    await driven.offers(offer('origin', 'm1'));
    await driven.settle('evaluate', evaluation('m1', 'same'));
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('committing.passing');
    expect(driven.waiting()).not.toContain('activate');
  });

  test('a testing branch deploys on top and main comes back when it is deleted', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 t1'));
    await untilEvaluating(driven, null, 'm1');
    await deploy(driven, 'm1');
    await driven.wait(60_000);
    await driven.offers(offer('origin', 'm1', 't1'));
    expect(driven.context().target).toMatchObject({ commit: id('t1'), role: 'testing', operation: 'test' });
    await driven.settle('evaluate', evaluation('t1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', fine);
    const tested = host('t1', { profile: { generation: 1, toplevel: top('m1') }, bootDefault: top('m1') });
    await driven.settle('look', tested);
    await driven.settle('probe', probed(tested));
    await driven.settle('disarm');
    expect(driven.waiting()).not.toContain('setProfile');
    await driven.settle('finish', tested);
    expect(driven.facts()).toMatchObject({
      floor: { commit: id('m1') },
      expected: { commit: id('t1'), profile: top('m1') },
    });
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'm1'));
    expect(driven.context().target).toMatchObject({ commit: id('m1'), operation: 'switch' });
  });

  test('a test deployment is not applied again after a reboot until its head moves', async () => {
    const driven = startReconciler({
      facts: {
        ...noFacts,
        bootId: 'boot-1',
        bootProven: [{ toplevel: top('m1'), since: '' }],
        floor: { commit: id('m1'), payloadHash: null },
        expected: expectedOf('t1', 'test'),
        committedMain: expectedOf('m1', 'switch'),
      },
    });
    driven.knows(history('m1 t1 t2'));
    await driven.observes(host('m1', { bootId: 'boot-2' }));
    await driven.offers(offer('origin', 'm1', 't1'));
    expect(driven.pipeline()).toBe('settled');
    expect(driven.facts()).toMatchObject({ spentTesting: id('t1'), expected: { commit: id('m1') } });
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'm1', 't2'));
    expect(driven.context().target?.commit).toBe(id('t2'));
  });
});

describe('supersession', () => {
  test('a newer commit aborts the evaluation of the older one', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    const running = driven.open('evaluate');
    await driven.offers(offer('local', 'm2'));
    expect(running?.signal.aborted).toBe(true);
    expect(driven.context().target?.commit).toBe(id('m2'));
    expect(driven.pipeline()).toBe('evaluating');
  });

  test('a newer commit waits for a switch that runs', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    const running = driven.open('activate');
    await driven.offers(offer('local', 'm2'));
    expect(running?.signal.aborted).toBe(false);
    expect(driven.pipeline()).toBe('activating.switching');
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1'));
    await driven.settle('probe', probed(host('m1')));
    await driven.settle('disarm');
    await driven.settle('setProfile');
    await driven.settle('installLoader');
    await driven.settle('finish', host('m1'));
    expect(driven.context().target?.commit).toBe(id('m2'));
  });

  test('after three supersessions in a row the next commit comes to its end', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2 m3 m4 m5'));
    await untilEvaluating(driven, 'old', 'm1');
    for (const name of ['m2', 'm3', 'm4', 'm5']) {
      await driven.offers(offer('local', name));
      await driven.wait(6000);
    }
    expect(driven.context().target?.commit).toBe(id('m4'));
    expect(driven.pipeline()).toBe('evaluating');
    await deploy(driven, 'm4');
    expect(driven.context().target?.commit).toBe(id('m5'));
  });
});

describe('what is not done', () => {
  test('a failing evaluation is tried with backoff, then stalls, and the next commit goes on at once', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    for (const attempt of [1, 2]) {
      await driven.settle('evaluate', new Problem('evaluation_failed', 'error: on purpose'));
      expect(driven.pipeline()).toBe('backoff');
      expect(driven.facts().failure).toMatchObject({ attempt, attempts: 3, stalled: false });
      await driven.wait(60_000 * 2 ** (attempt - 1));
      expect(driven.pipeline()).toBe('evaluating');
    }
    await driven.settle('evaluate', new Problem('evaluation_failed', 'error: on purpose'));
    expect(driven.pipeline()).toBe('stalled');
    const poll = driven.open('fetch', ({ input }) => input === 'local');
    expect(poll).toBeDefined();
    await driven.offers(offer('local', 'm2'));
    expect(driven.pipeline()).toBe('evaluating');
    expect(driven.context().target?.commit).toBe(id('m2'));
  });

  test('a stalled commit is looked at again after six hours', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', new Problem('no_such_host', 'no host web1', { retry: 'never' }));
    expect(driven.pipeline()).toBe('stalled');
    await driven.wait(6 * 3_600_000 - 1);
    expect(driven.pipeline()).toBe('stalled');
    await driven.wait(1);
    expect(driven.pipeline()).toBe('evaluating');
  });

  test('a full disk uses up no attempt', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    for (let i = 0; i < 8; i += 1) {
      await driven.settle('realise', new Problem('no_space', 'no space left'));
      expect(driven.pipeline()).toBe('backoff');
      expect(driven.facts().failure).toMatchObject({ class: 'environment', attempt: 0, stalled: false });
      await driven.wait(3_600_000);
      await driven.settle('evaluate', evaluation('m1'));
    }
    expect(driven.pipeline()).toBe('building');
  });

  test('a cache without the closure is waited for, not failed', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle(
      'realise',
      new Problem('not_in_cache', 'not there yet', { retry: { afterMs: 60_000 } }),
    );
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting).toMatchObject({ gate: 'cache', reason: 'not there yet' });
    expect(driven.facts().failure).toBeNull();
    await driven.wait(60_000);
    expect(driven.pipeline()).toBe('building');
  });

  test('the configuration of another machine is neither built nor a failure', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1', 'm1', { machineId: 'another' }));
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting).toMatchObject({ gate: 'machine-id', nextCheck: null });
    expect(driven.waiting()).not.toContain('realise');
    await driven.wait(24 * 3_600_000);
    expect(driven.pipeline()).toBe('gating');
  });

  test('mode observe builds and never activates', async () => {
    const driven = startReconciler({ policy: { ...policy, mode: 'observe' } });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting?.gate).toBe('mode');
    expect(driven.facts().deployment).toBeNull();
  });

  test('a busy lock is waited for', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', { ...fine, exitCode: 11 });
    await driven.settle('look', host('old'));
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting?.gate).toBe('lock');
    expect(driven.facts().deployments).toEqual([]);
    await driven.wait(15_000);
    expect(driven.pipeline()).toBe('activating.preparing');
  });
});

describe('a bad system', () => {
  const switched = async (exitCode: number, after: string) => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', { ...fine, exitCode });
    await driven.settle('look', host(after));
    return driven;
  };

  test('a failed activation goes back to the previous system and quarantines the commit', async () => {
    const driven = await switched(2, 'm1');
    expect(driven.pipeline()).toBe('rollingBack.running');
    expect(driven.facts().deployment).toMatchObject({ step: 'rollback', previous: { toplevel: top('old') } });
    await driven.settle('rollBack', went(host('old')));
    expect(driven.pipeline()).toBe('stalled');
    expect(driven.facts()).toMatchObject({
      floor: null,
      quarantine: [{ commit: id('m1'), toplevel: top('m1'), reason: 'ActivationFailed' }],
    });
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back', exitCode: 2 });
  });

  test('abide retry lifts the quarantine and tries again', async () => {
    const driven = await switched(2, 'm1');
    await driven.settle('rollBack', went(host('old')));
    driven.actor.send({ type: 'retry', commit: null, by: 'ada' });
    expect(driven.pipeline()).toBe('evaluating');
    expect(driven.context().target).toMatchObject({ trigger: 'operator', by: 'ada' });
    expect(driven.facts().quarantine).toEqual([]);
  });

  test('a failed rollback is tried again every minute until it is done', async () => {
    const driven = await switched(2, 'm1');
    await driven.settle('rollBack', new Problem('rollback_failed', 'exit 1'));
    expect(driven.pipeline()).toBe('rollingBack.pausing');
    await driven.wait(60_000);
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settle('rollBack', went(host('old')));
    expect(driven.facts().deployments[0]?.outcome).toBe('rolled_back');
  });

  test('a dead-man that acted by itself is told apart, in the record and in the count', async () => {
    const driven = await switched(2, 'm1');
    await driven.settle('rollBack', went(host('old'), { byItself: true, note: 'in time' }));
    expect(driven.emitted).toContainEqual(expect.objectContaining({ type: 'rolledBack', byItself: true }));
    expect(driven.facts().deployments[0]?.message).toMatch(/; in time$/);
  });

  test('a commit whose dead-man was faster is rolled back, and one that cannot be called off waits', async () => {
    const driven = await switched(0, 'm1');
    await driven.settle('probe', probed(host('m1')));
    await driven.settle('disarm', new Problem('process_failed', 'no answer'));
    expect(driven.pipeline()).toBe('committing.passingAgain');
    await driven.wait(2000);
    await driven.settle('disarm', new Problem('way_back_taken', 'too late'));
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settle('rollBack', went(host('old'), { byItself: true }));
    expect(driven.facts()).toMatchObject({ floor: null, quarantine: [{ commit: id('m1') }] });
  });

  test('units that fail are given one more switch, then probation', async () => {
    const driven = await switched(4, 'm1');
    expect(driven.pipeline()).toBe('activating.pausing');
    await driven.wait(2000);
    expect(driven.facts().deployment?.retried).toBe(true);
    await driven.settle('activate', { ...fine, exitCode: 4 });
    await driven.settle('look', host('m1'));
    expect(driven.pipeline()).toBe('probation.probing');
  });

  test('a switch that did nothing is an attempt, not a quarantine', async () => {
    const driven = await switched(1, 'old');
    expect(driven.pipeline()).toBe('backoff');
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'failed' });
    expect(driven.facts()).toMatchObject({ quarantine: [], failure: { class: 'activate', attempt: 1 } });
  });

  test('exit 100 stages the system for the next boot', async () => {
    const driven = await switched(100, 'old');
    expect(driven.pipeline()).toBe('committing.passing');
    await driven.settle('disarm');
    await driven.settle('setProfile');
    await driven.settle('installLoader');
    await driven.settle(
      'finish',
      host('old', { profile: { generation: 2, toplevel: top('m1') }, bootDefault: top('m1') }),
    );
    expect(driven.facts().deployments[0]?.outcome).toBe('staged');
    expect(driven.facts().expected).toMatchObject({ current: top('old'), profile: top('m1') });
    expect(driven.pipeline()).toBe('settled');
  });

  test('a boot loader that fails keeps the healthy system and tries just that again', async () => {
    const driven = await switched(0, 'm1');
    const running = host('m1', { profile: { generation: 1, toplevel: top('old') }, bootDefault: top('old') });
    await driven.settle('probe', probed(running));
    await driven.settle('disarm');
    await driven.settle('setProfile');
    await driven.settle('installLoader', new Problem('boot_loader_failed', 'no room on /boot'));
    expect(driven.facts().deployments[0]?.outcome).toBe('uncommitted');
    expect(driven.facts()).toMatchObject({
      quarantine: [],
      floor: null,
      failure: { class: 'commit', attempts: null },
    });
    await driven.observes(running).catch(() => undefined);
    await driven.wait(60_000);
    expect(driven.pipeline()).toBe('evaluating');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('committing.passing');
  });

  test('what is left of a commit whose boot loader failed is looked at, before anything begins with it', async () => {
    const driven = await switched(0, 'm1');
    const moved = host('m1', { profile: { generation: 2, toplevel: top('m1') }, bootDefault: top('old') });
    const left = host('m1', { profile: { generation: 3, toplevel: top('old') }, bootDefault: top('old') });
    await driven.settle('probe', probed(moved));
    await driven.settle('disarm');
    await driven.settle('setProfile');
    await driven.observes(moved).catch(() => undefined);
    await driven.settleOnly('installLoader', new Problem('boot_loader_failed', 'no room on /boot'));
    expect(driven.pipeline()).toBe('committing.leaving');
    expect(driven.facts().deployment?.step).toBe('loader');
    await driven.settle('look', left);
    expect(driven.context().observed).toEqual(left);
    expect(driven.facts().deployments[0]?.outcome).toBe('uncommitted');
  });

  test('a fresh host has nothing to go back to: the commit is quarantined and the host left as it is', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, null, 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', host('m1'));
    expect(driven.pipeline()).toBe('stalled');
    expect(driven.facts().deployments[0]?.message).toContain('nothing to go back to');
  });
});

describe('trouble of one commit leaves another alone', () => {
  const quarantined = (name: string, toplevel: string) => [
    { commit: id(name), toplevel: top(toplevel), reason: 'x', since: '', deployment: null },
  ];

  test('a quarantined commit stands still, also when an older failure is due', async () => {
    const failure = {
      commit: id('m0'),
      class: 'build' as const,
      code: 'build_failed' as const,
      message: 'no',
      log: [],
      attempt: 1,
      attempts: 5,
      since: '',
      row: 1,
      until: 0,
      stalled: false,
    };
    const driven = startReconciler({ facts: { ...noFacts, quarantine: quarantined('m1', 'm1'), failure } });
    await untilEvaluating(driven, 'old', 'm1');
    expect(driven.pipeline()).toBe('stalled');
    await driven.wait(24 * 3_600_000);
    expect(driven.pipeline()).toBe('stalled');
    expect(driven.errors).toEqual([]);
  });

  test('a twin of a quarantined system stands still although it had failed before', async () => {
    const driven = startReconciler({ facts: { ...noFacts, quarantine: quarantined('m0', 'bad') } });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', new Problem('evaluation_failed', 'no'));
    await driven.wait(60_000);
    await driven.settle('evaluate', evaluation('m1', 'bad'));
    expect(driven.pipeline()).toBe('stalled');
    await driven.wait(24 * 3_600_000);
    expect(driven.pipeline()).toBe('stalled');
  });

  test('what could not be committed is committed later, also after another commit failed in between', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', fine);
    const running = host('m1', { profile: { generation: 1, toplevel: top('old') }, bootDefault: top('old') });
    await driven.settle('look', running);
    await driven.settle('probe', probed(running));
    await driven.settle('disarm');
    await driven.settle('setProfile', new Problem('profile_failed', 'no'));
    expect(driven.facts().expected).toMatchObject({ commit: id('m1'), committed: false });
    await driven.offers(offer('local', 'm2'));
    await driven.settle('evaluate', new Problem('evaluation_failed', 'no'));
    await driven.wait(6000);
    await driven.offers(offer('local', null));
    expect(driven.context().target?.commit).toBe(id('m1'));
    expect(driven.pipeline()).toBe('evaluating');
  });
});

describe('people', () => {
  test('suspension stops the evaluation, survives in the facts, and resume goes on', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    driven.actor.send({ type: 'suspend', suspension: { reason: 'demo', by: 'ada', since: '', until: null } });
    expect(driven.pipeline()).toBe('settled');
    expect(driven.mode()).toBe('suspended');
    expect(driven.facts().suspended?.reason).toBe('demo');
    driven.actor.send({ type: 'resume', by: 'ada' });
    expect(driven.pipeline()).toBe('evaluating');
  });

  test('a suspension with an end ends by itself', async () => {
    const until = new Date(Date.parse('2026-01-01T00:00:00Z') + 7_200_000).toISOString();
    const driven = startReconciler({
      facts: { ...noFacts, suspended: { reason: 'x', by: null, since: '', until } },
    });
    await driven.observes(host('old'));
    await driven.offers(offer('origin', 'm1'));
    expect(driven.pipeline()).toBe('settled');
    await driven.wait(7_200_000);
    expect(driven.mode()).toBe('active');
    expect(driven.pipeline()).toBe('evaluating');
  });

  test('a request is served when every remote and the host were looked at after it', async () => {
    const driven = startReconciler();
    await driven.observes(host('old'));
    driven.actor.send({ type: 'reconcile', token: 'token-1' });
    await driven.offers(offer('origin', 'm1'));
    await driven.offers(offer('local', 'm1'));
    await driven.observes(host('old'));
    expect(driven.context().handled).toBeNull();
    await driven.offers(offer('origin', 'm1'));
    await driven.fails('local', new Problem('remote_connect', 'down'));
    expect(driven.context().handled).toBe('token-1');
  });

  test('a rewritten head is refused until it is accepted', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, null, 'm2');
    await deploy(driven, 'm2');
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'x1'));
    expect(driven.pipeline()).toBe('settled');
    expect(driven.emitted).toContainEqual(expect.objectContaining({ type: 'rejected', reason: 'rewritten' }));
    driven.actor.send({
      type: 'accept',
      floor: { commit: id('x1'), payloadHash: null },
      reason: 'meant',
      by: 'ada',
    });
    await driven.assessAll();
    expect(driven.context().target?.commit).toBe(id('x1'));
  });
});

describe('drift', () => {
  const deployed = async (drift: typeof policy.drift) => {
    const driven = startReconciler({ policy: { ...policy, drift } });
    await untilEvaluating(driven, null, 'm1');
    await deploy(driven, 'm1');
    return driven;
  };

  test('alone it only reports', async () => {
    const driven = await deployed({ policy: 'report', graceMs: 0 });
    await driven.wait(30_000);
    await driven.observes(host('by-hand'));
    expect(driven.pipeline()).toBe('settled');
    expect(Object.keys(driven.facts().driftSince)).not.toEqual([]);
  });

  test('policy correct brings the host back after its grace', async () => {
    const driven = await deployed({ policy: 'correct', graceMs: 60_000 });
    for (const looks of [1, 2]) {
      await driven.wait(30_000);
      await driven.observes(host('by-hand'));
      expect([looks, driven.pipeline()]).toEqual([looks, 'settled']);
    }
    await driven.wait(30_000);
    await driven.observes(host('by-hand'));
    expect(driven.context().target).toMatchObject({ commit: id('m1'), trigger: 'drift' });
    await deploy(driven, 'm1');
    // Its begin is forgotten at the next look only, and until then there is nothing more to correct.
    expect(driven.facts().driftSince).not.toEqual({});
    expect(driven.pipeline()).toBe('settled');
    expect(driven.context().target).toBeNull();
  });

  test('policy correct leaves an older generation of the profile alone until a person goes on', async () => {
    const driven = await deployed({ policy: 'correct', graceMs: 0 });
    const older = host('older', { profile: { generation: 3, toplevel: top('older') }, newestGeneration: 9 });
    for (let looks = 0; looks < 3; looks += 1) {
      await driven.wait(30_000);
      await driven.observes(older);
      expect(driven.pipeline()).toBe('settled');
    }
    expect(driven.facts().choice).toMatchObject({ what: 'generation', commit: id('m1') });
    driven.actor.send({ type: 'resume', by: 'ada' });
    expect(driven.context().target).toMatchObject({ commit: id('m1'), trigger: 'operator' });
    await driven.wait(30_000);
    await driven.observes(older);
    expect([driven.facts().choice, driven.pipeline()]).toEqual([null, 'evaluating']);
  });

  test('policy correct starts nothing for units, which no activation mends', async () => {
    const driven = await deployed({ policy: 'correct', graceMs: 0 });
    const units = [{ unit: 'sshd.service', is: 'masked', where: '/run/systemd/system' }] as const;
    for (let looks = 0; looks < 2; looks += 1) {
      await driven.wait(30_000);
      await driven.observes(host('m1', { units }));
    }
    expect(driven.facts().driftSince).toHaveProperty('units');
    expect(driven.pipeline()).toBe('settled');
  });
});

function expectedOf(name: string, operation: 'switch' | 'test') {
  return {
    commit: id(name),
    branch: operation === 'test' ? ('testing' as const) : ('main' as const),
    operation,
    current: top(name),
    profile: top('m1'),
    bootDefault: top('m1'),
    committed: true,
    since: '2026-01-01T00:00:00.000Z',
  };
}

describe('probation', () => {
  const times = { settleMs: 10_000, stableForMs: 3000, deadlineMs: 60_000 };
  const onProbation = async (more: Parameters<typeof startReconciler>[0] = {}) => {
    const driven = startReconciler({ policy: { ...policy, probation: times }, ...more });
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare', [seen('web', 'passing'), seen('connectivity', 'passing')]);
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1'));
    return driven;
  };
  const says = (web: 'passing' | 'failing', more = {}) =>
    probed(host('m1'), seen('web', web, more), seen('connectivity', 'passing'));

  test('settles, then looks until all held long enough', async () => {
    const driven = await onProbation();
    expect(driven.facts().deployment?.checks).toMatchObject([
      { name: 'web', status: 'unknown', baseline: 'passing' },
      { name: 'connectivity', baseline: 'passing' },
    ]);
    expect(driven.pipeline()).toBe('probation.settling');
    await driven.wait(10_000);
    for (const status of ['passing', 'failing', 'passing', 'passing', 'passing'] as const) {
      expect(driven.pipeline()).toBe('probation.probing');
      await driven.settle('probe', says(status));
      expect(driven.pipeline()).toBe('probation.pausing');
      await driven.wait(1000);
    }
    await driven.settle('probe', says('passing'));
    expect(driven.pipeline()).toBe('committing.passing');
    const told = driven.emitted.flatMap((each) => (each.type === 'event' ? [each.event.type] : []));
    expect(told.filter((type) => type.startsWith('health'))).toEqual(['health.failing', 'health.passing']);
  });

  test('a failure for good goes back at once and names the check', async () => {
    const driven = await onProbation();
    await driven.wait(10_000);
    await driven.settle('probe', says('failing', { definitive: true }));
    expect(driven.pipeline()).toBe('rollingBack.running');
    expect(driven.facts().deployment).toMatchObject({
      reason: 'HealthCheckFailed',
      message: 'health checks failed: web: web is failing',
    });
  });

  test('the deadline fails the rest, also for a daemon that took over, and the wall clock has no say', async () => {
    const driven = await onProbation({ now: () => epoch });
    await driven.wait(10_000);
    await driven.settle('probe', says('failing'));
    await driven.wait(1000);
    const { clock } = driven.facts().probation!;
    expect(clock).toMatchObject({ bootId: 'boot-1', activatedAt: 0, steadySince: null });
    let uptime = 50_000;
    const next = startReconciler({
      facts: driven.facts(),
      policy: { ...policy, probation: times },
      now: () => epoch + 1e10,
      uptime: () => uptime,
    });
    await next.observes(host('m1'));
    expect(next.pipeline()).toBe('probation.probing');
    expect(next.open('probe')?.input).toMatchObject({ withinMs: 10_000 });
    uptime = 60_000;
    await next.settle('probe', says('failing'));
    expect(next.pipeline()).toBe('rollingBack.running');
    expect(next.facts().deployment?.message).toBe(
      'health checks did not pass by the deadline, 60 s after the activation: web: web is failing',
    );
  });

  test('after a sleep it settles again, says so, and a restart of the daemon does not hide the sleep', async () => {
    let slept = 0;
    const driven = await onProbation({ asleep: () => slept });
    await driven.wait(10_000);
    slept = 8 * 3_600_000;
    await driven.settle('probe', says('failing'));
    expect(driven.pipeline()).toBe('probation.settling');
    await driven.wait(9999);
    expect(driven.pipeline()).toBe('probation.settling');
    await driven.wait(1);
    expect(driven.pipeline()).toBe('probation.probing');
    const told = driven.emitted.flatMap((each) => (each.type === 'event' ? [each.event.type] : []));
    expect(told.filter((type) => type === 'host.resumed')).toHaveLength(1);
    const next = startReconciler({
      facts: driven.facts(),
      policy: { ...policy, probation: times },
      uptime: () => 30_000,
      asleep: () => slept + 60_000,
    });
    await next.observes(host('m1'));
    expect(next.pipeline()).toBe('probation.settling');
  });

  test('a newer commit ends a failing probation, and waits for a good one', async () => {
    const driven = await onProbation();
    await driven.wait(10_000);
    await driven.settle('probe', says('passing'));
    await driven.offers(offer('local', 'm2'));
    expect(driven.pipeline()).toBe('probation.pausing');
    await driven.wait(1000);
    await driven.settle('probe', says('failing'));
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settle('rollBack', went(host('old')));
    expect(driven.context().target?.commit).toBe(id('m2'));
  });

  test('a network that stays away exonerates the commit, which waits for an answer', async () => {
    const driven = await onProbation();
    await driven.wait(10_000);
    const lost = seen('connectivity', 'failing');
    await driven.settle('probe', probed(host('m1'), seen('web', 'passing'), lost));
    await driven.wait(50_000);
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settleOnly('rollBack', went(host('old')));
    await driven.settleOnly('review', [seen('web', 'passing'), lost]);
    expect(driven.facts()).toMatchObject({ quarantine: [], awaitsNetwork: { commit: id('m1') } });
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back', reason: 'Inconclusive' });
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting?.gate).toBe('network');
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'm1'));
    expect(driven.pipeline()).toBe('activating.preparing');
  });
});

describe('a commit that is about abide itself', () => {
  const changing = { abide: 'changed' } as const;
  const untilOnProbation = async (self: { supervised: boolean; startedAt: number }) => {
    const driven = startReconciler({ self });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise', inspected(top('old'), changing));
    await driven.settle('prepare');
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1', { profile: null, bootDefault: null }));
    return driven;
  };

  test('waits at its gate when abide would be gone, uses no attempt, and gives way to the next commit', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise', inspected(top('old'), { abide: 'removed', removal: 'abide is gone' }));
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting).toMatchObject({ gate: 'removal', nextCheck: null });
    expect(driven.context().waiting?.reason).toContain('abide is gone');
    expect(driven.facts()).toMatchObject({ failure: null, deployment: null });
    await driven.wait(60_000);
    await driven.offers(offer('origin', 'm2'));
    expect(driven.context().target?.commit).toBe(id('m2'));
  });

  test('is activated when the configuration consents', async () => {
    const driven = startReconciler({ policy: { ...policy, allowRemovingAbide: true } });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise', inspected(top('old'), { abide: 'removed', removal: 'abide is gone' }));
    expect(driven.pipeline()).toBe('activating.preparing');
    expect(driven.facts().deployment?.abide).toBe('removed');
  });

  const nothingAsked: CommitAsks = { noRollback: null, confirm: null, remarks: [] };
  const untilLookedInto = async (
    driven: ReturnType<typeof startReconciler>,
    asks: Partial<CommitAsks>,
    more: Partial<Inspection> = {},
  ) => {
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', { ...evaluation('m1'), asks: { ...nothingAsked, ...asks } });
    await driven.settle('realise', inspected(top('old'), { ...changing, ...more }));
    return driven;
  };
  const supervised = { self: { supervised: true, startedAt: 0 } };

  test.each<[string, Partial<CommitAsks>, Partial<Inspection>, RegExp]>([
    [
      'the commit forbids it',
      { noRollback: id('m1') },
      {},
      /Abide-Rollback: no in [0-9a-f]{8}; it is activated only by consent/,
    ],
    ['what runs cannot be gone back to', {}, { canGoBack: false }, /old, which runs, has no switch-to-conf/],
  ])('that changes it waits for consent where nothing would undo it: %s', async (_, asks, more, why) => {
    const driven = await untilLookedInto(startReconciler(supervised), asks, more);
    expect(driven.pipeline()).toBe('gating');
    expect(driven.context().waiting).toMatchObject({ gate: 'removal', nextCheck: null });
    expect(driven.context().waiting?.reason).toMatch(/nothing would undo a new abide that does not work/);
    expect(driven.context().waiting?.reason).toMatch(why);
    driven.actor.send({ type: 'confirm', id: null, by: 'ada' });
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  const uncertain = { noRollback: id('m1') };
  test.each<[string, Parameters<typeof startReconciler>[0], Partial<Inspection>]>([
    [
      'the host has it switched off',
      { ...supervised, policy: { ...policy, rollback: { enabled: false, lastResort: 'none' } } },
      {},
    ],
    ['the host consents to all', { ...supervised, policy: { ...policy, allowRemovingAbide: true } }, {}],
    ['the old one stays and commits', { self: { supervised: false, startedAt: 0 } }, {}],
    ['abide stays the same', supervised, { abide: 'unchanged' }],
  ])('waits for nobody though nothing would undo it: %s', async (_, options, more) => {
    const driven = await untilLookedInto(startReconciler(options), uncertain, more);
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  test('waits for nobody at the first deployment on a host where no system and no abide ran before', async () => {
    const driven = startReconciler(supervised);
    await untilEvaluating(driven, null, 'm1');
    await driven.settle('evaluate', { ...evaluation('m1'), asks: { ...nothingAsked, ...uncertain } });
    await driven.settle('realise', inspected(null, { canGoBack: false }));
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  test('is looked into again when another system runs meanwhile', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise', inspected(top('another')));
    expect(driven.pipeline()).toBe('building');
    await driven.settle('realise');
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  test('is handed over, and never looked at, by the abide that was there before', async () => {
    const driven = await untilOnProbation({ supervised: true, startedAt: 0 });
    expect(driven.pipeline()).toBe('probation.handingOver');
    expect(driven.facts().deployment?.step).toBe('probation');
    await driven.settle('handOver');
    expect(driven.pipeline()).toBe('probation.handedOver');
    await driven.wait(10_000);
    expect(driven.pipeline()).toBe('probation.handingOver');
    await driven.settle('handOver', new Problem('journal_unwritable', 'full'));
    await driven.wait(300_000);
    expect(driven.pipeline()).toBe('rollingBack.running');
  });

  test('is committed by the one that was started after the switch', async () => {
    const old = await untilOnProbation({ supervised: true, startedAt: 0 });
    const facts = old.facts();
    const { activatedAt } = facts.probation!.clock!;
    const now = () => activatedAt + 5000;
    const fresh = startReconciler({
      facts,
      uptime: now,
      self: { supervised: true, startedAt: activatedAt + 2000 },
    });
    const system = host('m1', { profile: null, bootDefault: null });
    await fresh.observes(system);
    expect(fresh.pipeline()).toBe('probation.probing');
    await fresh.settle('probe', probed(system, seen('abide', 'passing')));
    expect(fresh.pipeline()).toBe('committing.passing');
  });

  test('is committed as ever where nobody would start another one', async () => {
    const driven = await untilOnProbation({ supervised: false, startedAt: 0 });
    expect(driven.pipeline()).toBe('probation.probing');
  });

  test('is watched as its own configuration says', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    const probation = { settleMs: 7000, stableForMs: 0, deadlineMs: 60_000 };
    await driven.settle('realise', inspected(top('old'), { probation }));
    await driven.settle('prepare');
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1', { profile: null, bootDefault: null }));
    expect(driven.pipeline()).toBe('probation.settling');
    await driven.wait(6999);
    expect(driven.pipeline()).toBe('probation.settling');
    await driven.wait(1);
    expect(driven.pipeline()).toBe('probation.probing');
    expect(driven.facts().probation?.rules).toEqual(probation);
  });
});
