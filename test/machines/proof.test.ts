import { describe, expect, test } from 'vitest';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { Operation } from '../../src/domain/remote.ts';
import {
  evaluation,
  fine,
  history,
  host,
  id,
  offer,
  policy,
  probed,
  seen,
  startReconciler,
  top,
  untilEvaluating,
  went,
  type Driven,
} from './harness.ts';

/** Activated, and neither booted nor the boot default. */
const running = (name: string, more: Partial<Observed> = {}) =>
  host(name, {
    booted: top('old'),
    profile: { generation: 1, toplevel: top('old') },
    bootDefault: top('old'),
    ...more,
  });

const sick = (name: string, more: Partial<Observed> = {}) =>
  probed(running(name, more), seen('app', 'failing', { definitive: true }));
const well = (name: string, more: Partial<Observed> = {}) =>
  probed(running(name, more), seen('app', 'passing'));

const noRollback = { ...policy, rollback: { enabled: false, lastResort: 'none' as const } };

async function untilSwitching(driven: Driven): Promise<void> {
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
  await driven.settle('prepare', [seen('app', 'passing')]);
}

async function untilDecided(driven: Driven, name = 'm1'): Promise<void> {
  await driven.settle('evaluate', evaluation(name));
  await driven.settle('realise');
}

describe('a switch whose end nobody tells', () => {
  const full = new Problem('journal_unwritable', 'no space is left');

  test('failed as any other where the links say that nothing happened', async () => {
    const driven = startReconciler();
    await untilSwitching(driven);
    await driven.settle('activate', full);
    expect(driven.pipeline()).toBe('activating.looking');
    expect(driven.facts().deployment?.step).toBe('look');
    await driven.settle('look', host('old'));
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'failed', message: full.message });
    expect(driven.facts().failure).toMatchObject({ class: 'environment', code: 'journal_unwritable' });
  });

  test.each([
    ['the new system runs', 'm1', 'rollingBack.running'],
    ['nobody can say what runs', null, 'rollingBack.running'],
  ])('is undone where %s', async (_, current, pipeline) => {
    const driven = startReconciler();
    await untilSwitching(driven);
    await driven.settle('activate', full);
    await driven.settle('look', current === null ? running('m1', { current: null }) : running(current));
    expect(driven.pipeline()).toBe(pipeline);
    expect(driven.facts().deployment?.message).toContain(full.message);
  });

  test('is left alone where a third system runs', async () => {
    const driven = startReconciler();
    await untilSwitching(driven);
    await driven.settle('activate', full);
    await driven.settle('look', running('hand'));
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'failed' });
  });

  const untilSecond = async () => {
    const driven = startReconciler();
    await untilSwitching(driven);
    await driven.settle('activate', { ...fine, exitCode: 4 });
    await driven.settle('look', running('m1'));
    await driven.wait(2000);
    await driven.settle('activate', new Problem('process_failed', 'systemd-run could not start'));
    return driven;
  };

  test('leaves what the first one activated to probation, with the baseline from before it', async () => {
    const driven = await untilSecond();
    await driven.settle('look', running('m1'));
    expect(driven.pipeline()).toBe('probation.probing');
    await driven.settle('probe', sick('m1'));
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settle('rollBack', went(host('old')));
    expect(driven.facts()).toMatchObject({ expected: null, floor: null, quarantine: [{ commit: id('m1') }] });
  });

  test('was undone where the system before runs after a second try', async () => {
    const driven = await untilSecond();
    await driven.settle('look', host('old'));
    expect(driven.pipeline()).toBe('rollingBack.running');
  });
});

describe('a system that runs and never proved itself', () => {
  test('is not committed by a retry after it failed, but looked at again, against what was before it', async () => {
    const driven = startReconciler({ policy: noRollback });
    await untilEvaluating(driven, 'old', 'm1');
    await untilDecided(driven);
    await driven.settle('prepare', [seen('app', 'passing'), seen('web', 'failing')]);
    await driven.settle('activate', fine);
    await driven.settle('look', running('m1'));
    await driven.settle('probe', sick('m1'));
    expect(driven.facts().deployments[0]?.outcome).toBe('failed');
    await driven.wait(30_000);
    await driven.observes(running('m1'));

    driven.actor.send({ type: 'retry', commit: null, by: 'ada' });
    await untilDecided(driven);
    expect(driven.pipeline()).toBe('activating.preparing');
    expect(driven.facts().deployment).toMatchObject({ inPlace: true, previous: { toplevel: top('old') } });
    await driven.settle('prepare', null);
    expect(driven.pipeline()).toBe('probation.probing');
    await driven.settle('probe', sick('m1'));
    expect(driven.facts().deployments.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    expect(driven.facts()).toMatchObject({ expected: null, floor: null, quarantine: [{ commit: id('m1') }] });

    driven.actor.send({ type: 'retry', commit: null, by: 'ada' });
    await untilDecided(driven);
    await driven.settle('prepare', null);
    const mended = probed(running('m1'), seen('app', 'passing'), seen('web', 'failing'));
    await driven.settle('probe', mended);
    expect(driven.pipeline()).toBe('committing.passing');
    await driven.settle('disarm');
    await driven.settle('setProfile');
    await driven.settle('installLoader');
    await driven.settle('finish', host('m1'));
    expect(driven.facts().deployments[0]?.outcome).toBe('committed');
  });

  /** A daemon that knows nothing of the system that runs. */
  const untilFound = async (operation: Operation, facts: Facts = noFacts, observed = running('m1')) => {
    const main = { name: 'main', operation };
    const remotes = [{ ...policy.remotes[0]!, main }, policy.remotes[1]!];
    const driven = startReconciler({ facts, policy: { ...policy, remotes } });
    await driven.observes(observed);
    await driven.offers(offer('origin', 'm1'));
    await untilDecided(driven);
    return driven;
  };

  test.each(['switch', 'test', 'boot'] as const)(
    'is put on probation where it is before operation %s, with the way back armed, and goes back',
    async (operation) => {
      const driven = await untilFound(operation);
      await driven.settleOnly('prepare', null);
      expect(driven.pipeline()).toBe('activating.arming');
      expect(driven.waiting()).not.toContain('compare');
      await driven.settleOnly('arm', null);
      expect(driven.waiting()).not.toContain('activate');
      await driven.settle('probe', sick('m1'));
      expect(driven.pipeline()).toBe('rollingBack.running');
      await driven.settle('rollBack', went(host('old')));
      expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'rolled_back', inPlace: true });
      expect(driven.pipeline()).toBe('stalled');
    },
  );

  test.each([
    ['switch', ['setProfile', 'installLoader']],
    ['test', []],
    ['boot', ['setProfile', 'installLoader']],
  ] as const)('is committed by operation %s once it proved itself', async (operation, effects) => {
    const driven = await untilFound(operation);
    await driven.settle('prepare', null);
    await driven.settle('probe', well('m1'));
    await driven.settle('disarm');
    for (const effect of effects) await driven.settle(effect);
    await driven.settle('finish', operation === 'test' ? running('m1') : host('m1'));
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'committed' });
    expect(driven.facts().expected).toMatchObject({ current: top('m1'), committed: true });
  });

  test('goes back to what proved that it boots where the next boot would start it too', async () => {
    const facts: Facts = {
      ...noFacts,
      bootId: 'boot-1',
      bootProven: [{ toplevel: top('proven'), since: '' }],
    };
    const observed = running('m1', {
      bootDefault: top('m1'),
      profile: { generation: 1, toplevel: top('x') },
    });
    const quarantine = [{ commit: id('x'), toplevel: top('x'), reason: 'x', since: '', deployment: null }];
    const driven = await untilFound('switch', { ...facts, quarantine }, observed);
    expect(driven.facts().deployment?.previous.toplevel).toBe(top('proven'));
  });

  test('waits while an earlier dead-man goes back, and is begun anew by what runs then', async () => {
    const driven = await untilFound('switch');
    await driven.settleOnly('prepare', new Problem('activation_busy', 'the dead-man is going back'));
    expect([driven.pipeline(), driven.context().waiting?.gate]).toEqual(['gating', 'lock']);
    expect(driven.facts()).toMatchObject({ deployment: null, deployments: [] });
    await driven.wait(15_000);
    for (let tries = 0; tries < 2; tries += 1) {
      await driven.settle('prepare', new Problem('activation_busy', 'another system was activated'));
      if (tries === 0) await driven.wait(15_000);
    }
    await driven.observes(host('old'));
    await driven.wait(15_000);
    await driven.settle('realise');
    expect(driven.facts().deployment).toMatchObject({ inPlace: false, previous: { toplevel: top('old') } });
  });

  test('is not committed before its way back is called off, which is said once', async () => {
    const driven = await untilFound('switch');
    await driven.settle('prepare', null);
    await driven.settle('probe', well('m1'));
    for (let tries = 0; tries < 3; tries += 1) {
      await driven.settle('disarm', new Problem('process_failed', 'it cannot be asked'));
      await driven.wait(2000);
    }
    const said = driven.emitted.filter((event) => JSON.stringify(event).includes('it cannot be asked'));
    expect(said).toHaveLength(1);
    expect(driven.facts().deployment?.message).toContain('it cannot be asked');
    expect(driven.pipeline()).toBe('committing.passing');
  });

  test('is tried in its place by a daemon that takes over, and begun anew where it was not armed yet', async () => {
    const first = await untilFound('switch');
    const early = startReconciler({ facts: first.facts() });
    await early.observes(running('m1'));
    expect(early.facts().deployments[0]).toMatchObject({ outcome: 'interrupted' });
    await early.offers(offer('origin', 'm1'));
    await untilDecided(early);
    expect(early.facts().deployment).toMatchObject({ inPlace: true });
    await early.settle('prepare', null);
    const late = startReconciler({ facts: early.facts() });
    await late.observes(running('m1'));
    expect(late.pipeline()).toBe('probation.probing');
  });

  test('is proved by a boot, and by nothing of an earlier boot else', async () => {
    const first = await untilFound('switch');
    await first.settle('prepare', null);
    await first.settle('probe', well('m1'));
    await first.settle('disarm');
    await first.settle('setProfile', new Problem('profile_failed', 'no'));
    expect(first.facts().deployments[0]?.outcome).toBe('uncommitted');
    const again = async (bootId: string) => {
      const driven = startReconciler({ facts: { ...first.facts(), failure: null } });
      await driven.observes(running('m1', { bootId }));
      await driven.offers(offer('origin', 'm1'));
      await untilDecided(driven);
      return driven.pipeline();
    };
    expect(await again('boot-1')).toBe('committing.passing');
    expect(await again('boot-2')).toBe('activating.preparing');
  });

  test('has lost its proof while it is worse than before a deployment that was undone', async () => {
    const driven = startReconciler({ policy: { ...policy, drift: { policy: 'correct', graceMs: 0 } } });
    driven.knows(history('m1 m2'));
    await untilSwitching(driven);
    await driven.settle('activate', fine);
    await driven.settle('look', running('m1'));
    await driven.settle('probe', well('m1'));
    await driven.settle('disarm');
    await driven.settle('setProfile', new Problem('profile_failed', 'no'));
    await driven.offers(offer('local', 'm2'));
    await untilDecided(driven, 'm2');
    await driven.settle('prepare', [seen('app', 'passing')]);
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', running('m2'));
    await driven.settleOnly('rollBack', went(running('m1')));
    await driven.settleOnly('review', [seen('app', 'failing')]);
    expect(driven.facts().deployments[0]?.outcome).toBe('rollback_failed');
    await driven.wait(60_000);
    await driven.observes(running('m1'));
    await driven.offers(offer('local', 'm1'));
    await untilDecided(driven);
    expect(driven.pipeline()).toBe('activating.preparing');
    expect(driven.facts().deployment).toMatchObject({ inPlace: true });
  });
});
