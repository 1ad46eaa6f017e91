import { describe, expect, test } from 'vitest';
import { hookKinds } from '../../src/domain/hook.ts';
import { Problem } from '../../src/domain/problem.ts';
import {
  deploy,
  evaluation,
  fine,
  history,
  host,
  id,
  offer,
  policy,
  startReconciler,
  top,
  untilEvaluating,
  went,
  type Driven,
} from './harness.ts';

const hooked = (more: Parameters<typeof startReconciler>[0] = {}) =>
  startReconciler({ policy: { ...policy, hooks: hookKinds }, ...more });
const no = { ...fine, exitCode: 1, log: ['backup runs'] };

async function untilAdmitting(driven: Driven): Promise<void> {
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
}

async function untilProfile(driven: Driven, name: string): Promise<void> {
  await driven.settle('prepare');
  await driven.settle('activate', fine);
  await driven.settle('look', host(name));
  await driven.settle('probe', { observed: host(name), checks: [] });
  await driven.settle('disarm');
}

const told = (driven: Driven, type: string) =>
  driven.emitted.flatMap((each) => (each.type === 'event' && each.event.type === type ? [each.event] : []));

describe('hooks.preActivate', () => {
  test('is asked once the system is built, and before a deployment begins', async () => {
    const driven = hooked();
    await untilAdmitting(driven);
    expect(driven.pipeline()).toBe('admitting');
    expect(driven.facts().deployment).toBeNull();
    expect(driven.open('admit')?.input).toMatchObject({
      hook: 'preActivate',
      environment: {
        ABIDE_HOOK: 'preActivate',
        ABIDE_COMMIT: id('m1'),
        ABIDE_TOPLEVEL: top('m1'),
        ABIDE_PREVIOUS_TOPLEVEL: top('old'),
        ABIDE_PREVIOUS_COMMIT: '',
        ABIDE_BRANCH: 'main',
        ABIDE_OPERATION: 'switch',
        ABIDE_OUTCOME: '',
      },
    });
    await driven.settle('admit', fine);
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  test('that says no is waited for without a failure, is asked again each minute, and told once', async () => {
    const driven = hooked();
    await untilAdmitting(driven);
    for (let times = 0; times < 3; times += 1) {
      await driven.settle('admit', no);
      expect(driven.pipeline()).toBe('gating');
      expect(driven.context().waiting).toMatchObject({
        gate: 'hook',
        reason: 'hooks.preActivate does not let it pass: exit code 1: backup runs',
        since: driven.context().now() - times * 60_000,
      });
      await driven.wait(59_000);
      expect(driven.pipeline()).toBe('gating');
      await driven.wait(1000);
      expect(driven.pipeline()).toBe('admitting');
    }
    expect(told(driven, 'waiting')).toHaveLength(1);
    expect(driven.facts()).toMatchObject({ failure: null, deployments: [], quarantine: [] });
    await driven.settle('admit', fine);
    expect(driven.pipeline()).toBe('activating.preparing');
  });

  test('that cannot be run is waited for too', async () => {
    const driven = hooked();
    await untilAdmitting(driven);
    await driven.settle('admit', new Problem('tool_missing', 'it is not there'));
    expect(driven.context().waiting?.reason).toBe('hooks.preActivate does not let it pass: it is not there');
    expect(driven.facts().failure).toBeNull();
  });

  test('is aborted by a suspension and by another commit', async () => {
    const driven = hooked();
    driven.knows(history('m1 m2'));
    await untilAdmitting(driven);
    const first = driven.open('admit')!;
    await driven.wait(61_000);
    await driven.offers(offer('origin', 'm2'));
    expect(first.signal.aborted).toBe(true);
    expect(driven.context().target?.commit).toBe(id('m2'));
    await driven.settle('evaluate', evaluation('m2'));
    await driven.settle('realise');
    const second = driven.open('admit')!;
    driven.actor.send({ type: 'suspend', suspension: { reason: 'x', by: null, since: '', until: null } });
    expect(second.signal.aborted).toBe(true);
    expect(driven.pipeline()).toBe('settled');
  });

  test('is asked again where a busy lock put the deployment off', async () => {
    const driven = hooked();
    await untilAdmitting(driven);
    await driven.settle('admit', fine);
    await driven.settle('prepare');
    await driven.settle('activate', { ...fine, exitCode: 11 });
    await driven.settle('look', host('old'));
    expect(driven.context().waiting?.gate).toBe('lock');
    await driven.wait(15_000);
    expect(driven.pipeline()).toBe('admitting');
  });

  test('is not asked where nothing is configured, nor where only profile and boot default move', async () => {
    const plain = startReconciler();
    await untilAdmitting(plain);
    expect(plain.pipeline()).toBe('activating.preparing');
    const driven = hooked();
    await driven.observes({ ...host('m1'), profile: { generation: 1, toplevel: top('old') } });
    await driven.offers(offer('origin', 'm1'));
    await driven.settle('evaluate', evaluation('m1'));
    if (driven.open('realise')) await driven.settle('realise');
    expect(driven.pipeline()).toBe('committing.passing');
  });
});

describe('a hook after a deployment', () => {
  test('is owed in the same step in which the deployment ends, and runs beside the loop', async () => {
    const driven = hooked();
    await untilAdmitting(driven);
    await driven.settle('admit', fine);
    await untilProfile(driven, 'm1');
    await driven.settle('setProfile');
    await driven.settle('installLoader');
    await driven.settle('finish', host('m1'));
    const { deployments, pendingHooks } = driven.facts();
    expect(driven.pipeline()).toBe('settled');
    expect(pendingHooks).toMatchObject([
      {
        hook: 'postCommit',
        deployment: deployments[0]!.id,
        environment: {
          ABIDE_HOOK: 'postCommit',
          ABIDE_OUTCOME: 'committed',
          ABIDE_REASON: 'Succeeded',
          ABIDE_DEPLOYMENT: deployments[0]!.id,
          ABIDE_PREVIOUS_TOPLEVEL: top('old'),
        },
      },
    ]);
    await driven.settle('runHook', fine);
    expect(driven.facts().pendingHooks).toEqual([]);
    expect(told(driven, 'hook.failed')).toEqual([]);
  });

  test('that fails is told and changes nothing', async () => {
    const driven = hooked({ policy: { ...policy, hooks: ['postRollback'] } });
    await untilAdmitting(driven);
    await driven.settle('prepare');
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', host('m1'));
    await driven.settle('rollBack', went(host('old')));
    expect(driven.open('runHook')?.input).toMatchObject({ environment: { ABIDE_OUTCOME: 'rolled_back' } });
    const { pendingHooks: _owed, ...before } = driven.facts();
    await driven.settle('runHook', { ...fine, exitCode: null, timedOut: true });
    expect(driven.facts()).toEqual({ ...before, pendingHooks: [] });
    expect(told(driven, 'hook.failed')).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringMatching(
          /^hooks\.postRollback failed for [0-9a-f]+: it did not end within hooks\.timeout$/,
        ),
        deployment: before.deployments[0]!.id,
      },
    ]);
  });

  test('that hangs holds no later deployment up, and the next hook waits for its turn', async () => {
    const driven = hooked({ policy: { ...policy, hooks: ['postCommit'] } });
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await deploy(driven, 'm1');
    await driven.wait(61_000);
    await driven.offers(offer('origin', 'm2'));
    await deploy(driven, 'm2');
    expect(driven.facts().expected?.commit).toBe(id('m2'));
    expect(driven.facts().pendingHooks.map(({ commit }) => commit)).toEqual([id('m1'), id('m2')]);
    expect(driven.calls.filter(({ name }) => name === 'runHook')).toHaveLength(1);
    await driven.settle('runHook', fine);
    expect(driven.open('runHook')?.input).toMatchObject({ environment: { ABIDE_COMMIT: id('m2') } });
  });

  test('is run by the daemon that comes after one that was killed', async () => {
    const driven = hooked({ policy: { ...policy, hooks: ['postCommit'] } });
    await untilEvaluating(driven, 'old', 'm1');
    await deploy(driven, 'm1');
    const order = driven.open('runHook')!.input;
    driven.actor.stop();
    const next = hooked({ facts: driven.facts() });
    expect(next.open('runHook')!.input).toEqual(order);
    await next.settle('runHook', fine);
    expect(next.facts().pendingHooks).toEqual([]);
  });

  test('that is no longer configured is forgotten', async () => {
    const driven = hooked({ policy: { ...policy, hooks: ['postCommit'] } });
    await untilEvaluating(driven, 'old', 'm1');
    await deploy(driven, 'm1');
    driven.actor.stop();
    const next = startReconciler({ facts: driven.facts() });
    expect(next.open('runHook')).toBeUndefined();
    expect(next.facts().pendingHooks).toEqual([]);
    expect(told(next, 'hook.failed')).toEqual([]);
  });
});
