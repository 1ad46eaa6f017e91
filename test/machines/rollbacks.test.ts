import { describe, expect, test } from 'vitest';
import type { ReconcilerEvent } from '../../machines/reconciler-context.ts';
import type { CheckSeen } from '../../src/domain/check.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { stalledRetryMs } from '../../src/domain/policy.ts';
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
  seen,
  startReconciler,
  top,
  untilEvaluating,
  went,
  type Driven,
} from './harness.ts';

const web = (status: CheckSeen['status']) => [seen('web', status)];
const reboots = { ...policy, rollback: { enabled: true, lastResort: 'reboot' as const } };

/** The switch to the evaluated commit fails, and the way back begins. */
async function fails(driven: Driven, name: string): Promise<void> {
  await driven.settle('evaluate', evaluation(name));
  await driven.settle('realise');
  await driven.settle('prepare', web('passing'));
  await driven.settle('activate', { ...fine, exitCode: 2 });
  await driven.settle('look', host(name));
  expect(driven.pipeline()).toBe('rollingBack.running');
}

async function isUndone(driven: Driven, name: string): Promise<void> {
  await fails(driven, name);
  await driven.settle('rollBack', went(host('old')));
}

const recovery = (driven: Driven) =>
  (driven.actor.getSnapshot().value as { readonly recovery: string }).recovery;
const told = (driven: Driven, type: string) =>
  driven.emitted.flatMap((each) => (each.type === 'event' && each.event.type === type ? [each.event] : []));

describe('what runs after a rollback is looked at again', () => {
  const unwell = async (more: Parameters<typeof startReconciler>[0] = {}) => {
    const driven = startReconciler(more);
    await untilEvaluating(driven, 'old', 'm1');
    await fails(driven, 'm1');
    await driven.settleOnly('rollBack', went(host('old')));
    expect(driven.open('review')?.input).toMatchObject({ withinMs: 10_000 });
    await driven.settleOnly('review', web('failing'));
    return driven;
  };

  test('worse than before, the rollback failed: loud, quarantined all the same, and looked at each minute until well', async () => {
    const driven = await unwell();
    expect(driven.pipeline()).toBe('stalled');
    expect(driven.facts()).toMatchObject({
      deployment: null,
      quarantine: [{ commit: id('m1') }],
      unwell: { deployment: driven.facts().deployments[0]?.id, looks: 1 },
    });
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rollback_failed' });
    expect(driven.facts().deployments[0]?.message).toContain('web: web is failing');
    expect(told(driven, 'deployment.ended').at(-1)?.severity).toBe('error');
    await driven.wait(60_000);
    await driven.settleOnly('review', web('failing'));
    expect(driven.facts().unwell?.looks).toBe(2);
    expect(told(driven, 'health.failing').at(-1)).toMatchObject({ severity: 'error' });
    await driven.wait(60_000);
    await driven.settleOnly('review', web('passing'));
    expect(driven.facts().unwell).toBeNull();
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back' });
    expect(told(driven, 'health.passing')).toHaveLength(1);
    expect(recovery(driven)).toBe('idle');
  });

  test('a restart goes on looking, and a newer commit is tried at once', async () => {
    const { facts } = (await unwell()).context();
    const next = startReconciler({ facts });
    next.knows(history('m1 m2'));
    await untilEvaluating(next, 'old', 'm2');
    expect(recovery(next)).toBe('pausing');
    await next.wait(60_000);
    expect(recovery(next)).toBe('looking');
    const look = next.open('review');
    await next.settle('evaluate', evaluation('m2'));
    await next.settle('realise');
    expect(next.pipeline()).toBe('activating.preparing');
    expect(look?.signal.aborted).toBe(true);
    expect(next.facts().unwell).toBeNull();
  });

  test('a check that did not pass before says nothing of the system before', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await fails(driven, 'm1');
    await driven.settleOnly('rollBack', went(host('old')));
    await driven.settleOnly('review', [seen('web', 'passing'), seen('new', 'failing')]);
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back' });
    expect(driven.facts().unwell).toBeNull();
  });

  test('where a person has mended the host by another system nothing is said of it', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await fails(driven, 'm1');
    await driven.settleOnly('rollBack', went(host('hand')));
    await driven.settleOnly('review', web('failing'));
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back' });
  });

  test('one that stays unwell is rebooted once where that is the last resort, and not while a person holds the loop', async () => {
    const driven = await unwell({ policy: reboots });
    const look = async () => {
      await driven.wait(60_000);
      if (driven.open('review')) await driven.settleOnly('review', web('failing'));
    };
    for (let i = 0; i < 3; i += 1) await look();
    driven.actor.send({
      type: 'suspend',
      suspension: { reason: 'I look', by: 'ada', since: '', until: null },
    });
    await look();
    expect(driven.facts().unwell?.looks).toBe(5);
    expect(recovery(driven)).toBe('pausing');
    driven.actor.send({ type: 'resume', by: 'ada' });
    expect(recovery(driven)).toBe('rebooting');
    await driven.settle('reboot', new Problem('rollback_failed', 'no systemd'));
    for (let i = 0; i < 3; i += 1) await look();
    expect(told(driven, 'host.rebooting')).toHaveLength(1);
    expect(recovery(driven)).toBe('pausing');
    await driven.wait(60_000);
    await driven.settleOnly('review', web('passing'));
    expect(driven.facts().deployments[0]?.message).toMatch(/reboot as the last resort .*; it is well again/);
  });
});

describe('a rollback that cannot be done', () => {
  const failing = async (tries: number, observed = host('m1', { bootDefault: top('old') })) => {
    const driven = startReconciler({ policy: reboots });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare', web('passing'));
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', observed);
    for (let i = 0; i < tries; i += 1) {
      await driven.settle('rollBack', new Problem('rollback_failed', 'exit 1'));
      if (driven.pipeline() === 'rollingBack.pausing') await driven.wait(60_000);
    }
    return driven;
  };

  test('reboots the host at the fifth try, once, told and remembered before', async () => {
    const four = await failing(4);
    expect(four.pipeline()).toBe('rollingBack.running');
    const driven = await failing(5);
    expect(driven.pipeline()).toBe('rollingBack.rebooting');
    const { deployment, lastResort } = driven.facts();
    expect(deployment?.step).toBe('rollback');
    expect(lastResort?.deployment).toBe(deployment?.id);
    expect(told(driven, 'host.rebooting')[0]).toMatchObject({ severity: 'error' });
    await driven.settle('reboot');
    for (let i = 0; i < 7; i += 1) {
      await driven.wait(60_000);
      await driven.settle('rollBack', new Problem('rollback_failed', 'exit 1'));
    }
    expect(driven.pipeline()).toBe('rollingBack.pausing');
    expect(told(driven, 'host.rebooting')).toHaveLength(1);
  });

  test('after that reboot the commit is quarantined, and the record says what it took', async () => {
    const { facts } = (await failing(5)).context();
    const next = startReconciler({ policy: reboots, facts });
    await next.observes(host('old', { bootId: 'boot-2' }));
    expect(next.pipeline()).toBe('rollingBack.running');
    await next.settle('rollBack', went(host('old', { bootId: 'boot-2' })));
    expect(next.facts().quarantine).toMatchObject([{ commit: id('m1') }]);
    expect(next.facts().deployments[0]?.message).toContain('reboot as the last resort');
  });

  test.each([
    ['is not known', host('m1', { bootDefault: null })],
    ['is another system', host('m1', { bootDefault: top('m1') })],
  ])('reboots nothing where the boot default %s', async (_, observed) => {
    const driven = await failing(8, observed);
    expect(told(driven, 'host.rebooting')).toEqual([]);
    expect(driven.facts().lastResort).toBeNull();
  });
});

describe('two commits rolled back one after the other on the same system', () => {
  const twice = async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2 m3 m4'));
    await untilEvaluating(driven, 'old', 'm1');
    await isUndone(driven, 'm1');
    await next(driven, 'm2');
    expect(driven.pipeline()).toBe('evaluating');
    await isUndone(driven, 'm2');
    return driven;
  };
  const next = async (driven: Driven, name: string) => {
    await driven.wait(70_000);
    await driven.offers(offer('origin', name));
  };

  test('stall the loop: the next commit is evaluated and not built, and is tried after six hours', async () => {
    const driven = await twice();
    await next(driven, 'm3');
    await driven.settle('evaluate', evaluation('m3'));
    expect(driven.pipeline()).toBe('stalled');
    expect(told(driven, 'stalled').at(-1)?.message).toContain('one after the other on the system that runs');
    await driven.wait(stalledRetryMs);
    expect(driven.pipeline()).toBe('evaluating');
    await driven.settle('evaluate', evaluation('m3'));
    expect(driven.pipeline()).toBe('building');
  });

  const suspension = { reason: 'x', by: null, since: '', until: null };
  test.each<[string, readonly ReconcilerEvent[]]>([
    ['retry', [{ type: 'retry', commit: null, by: 'ada' }]],
    ['resume', [{ type: 'resume', by: 'ada' }]],
    [
      'suspend and resume',
      [
        { type: 'suspend', suspension },
        { type: 'resume', by: 'ada' },
      ],
    ],
  ])('are forgotten when a person says %s', async (_, wishes) => {
    const driven = await twice();
    await next(driven, 'm3');
    await driven.settle('evaluate', evaluation('m3'));
    for (const wish of wishes) driven.actor.send(wish);
    expect(driven.facts().rollbackRow).toBeNull();
    expect(driven.pipeline()).toBe('evaluating');
  });

  test('let a commit pass that gives just the system that runs', async () => {
    const driven = await twice();
    await next(driven, 'm3');
    await driven.settle('evaluate', evaluation('m3', 'old'));
    expect(driven.pipeline()).toBe('settled');
    expect(driven.facts().expected).toMatchObject({ commit: id('m3'), current: top('old') });
  });

  test('a commit that is committed ends the row', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2 m3'));
    await untilEvaluating(driven, 'old', 'm1');
    await isUndone(driven, 'm1');
    await next(driven, 'm2');
    await deploy(driven, 'm2');
    const facts: Facts = driven.facts();
    expect(facts).toMatchObject({ rollbackRow: null, expected: { commit: id('m2') } });
  });

  test('a commit that a person rejects, or that nobody confirmed, is not counted', async () => {
    const driven = startReconciler({ facts: noFacts });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare', web('passing'));
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1'));
    driven.actor.send({ type: 'reject', id: null, reason: 'no', by: 'ada' });
    await driven.settle('rollBack', went(host('old')));
    expect(driven.facts().quarantine).toHaveLength(1);
    expect(driven.facts().rollbackRow).toBeNull();
  });
});
