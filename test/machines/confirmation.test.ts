import { describe, expect, test } from 'vitest';
import { awaitedWord } from '../../machines/probing.ts';
import {
  epoch,
  evaluation,
  fine,
  history,
  host,
  offer,
  policy,
  probed,
  seen,
  startReconciler,
  top,
  untilEvaluating,
  went,
  id,
} from './harness.ts';

const times = { settleMs: 0, stableForMs: 3000, deadlineMs: 60_000 };
const asking = { policy: { ...policy, probation: times, confirm: true } };
const well = probed(host('m1'), seen('web', 'passing'));

async function onProbation(
  more: Parameters<typeof startReconciler>[0] = asking,
  current: string | null = 'old',
) {
  const driven = startReconciler(more);
  driven.knows(history('m1 m2'));
  await untilEvaluating(driven, current, 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
  await driven.settle('prepare', [seen('web', 'passing')]);
  await driven.settle('activate', fine);
  await driven.settle('look', host('m1'));
  return driven;
}

/** Lets it look at a healthy system for so long. */
async function holds(driven: Awaited<ReturnType<typeof onProbation>>, seconds: number) {
  for (let passed = 0; passed < seconds; passed += 1) {
    if (driven.open('probe')) await driven.settle('probe', well);
    await driven.wait(1000);
  }
}

const events = (driven: Awaited<ReturnType<typeof onProbation>>) =>
  driven.emitted.flatMap((each) => (each.type === 'event' ? [each.event.type] : []));

describe('a system on probation that a person has to confirm', () => {
  test('waits although all checks held, and is committed once somebody did', async () => {
    const driven = await onProbation();
    expect(driven.facts().deployment?.confirmation).toEqual({
      askedBy: 'health.confirm',
      by: null,
      at: null,
    });
    await holds(driven, 20);
    expect(driven.pipeline()).toMatch(/^probation/);
    expect(awaitedWord(driven.context())).toMatchObject({
      gate: 'confirmation',
      since: epoch,
      nextCheck: epoch + 60_000,
    });
    driven.actor.send({ type: 'confirm', id: null, by: 'ada' });
    await holds(driven, 1);
    expect(driven.pipeline()).toBe('committing.passing');
    expect(driven.facts().deployment?.confirmation).toMatchObject({ by: 'ada', at: expect.any(String) });
    expect(events(driven)).toEqual(expect.arrayContaining(['confirmation.asked', 'confirmed']));
  });

  test('is asked about once, also when the daemon is another one, which goes on with the time that is left', async () => {
    const driven = await onProbation();
    await holds(driven, 10);
    const next = startReconciler({ ...asking, facts: driven.facts(), uptime: () => 30_000 });
    await next.observes(host('m1'));
    expect(events(driven)).toContain('confirmation.asked');
    expect(events(next)).not.toContain('confirmation.asked');
    expect(awaitedWord(next.context())?.nextCheck).toBe(epoch + 30_000);
  });

  test('is not committed by a yes alone: its checks must hold', async () => {
    const driven = await onProbation();
    driven.actor.send({ type: 'confirm', id: null, by: 'ada' });
    await driven.settle('probe', probed(host('m1'), seen('web', 'failing')));
    await driven.wait(1000);
    expect(driven.pipeline()).toBe('probation.probing');
    await driven.wait(60_000);
    await driven.settle('probe', probed(host('m1'), seen('web', 'failing')));
    expect(driven.facts().deployment).toMatchObject({ step: 'rollback', reason: 'HealthCheckFailed' });
  });

  test('is rolled back at the deadline without an answer, and says why', async () => {
    const driven = await onProbation();
    await holds(driven, 61);
    expect(driven.pipeline()).toBe('rollingBack.running');
    await driven.settle('rollBack', went(host('old')));
    expect(driven.facts().deployments[0]).toMatchObject({
      outcome: 'rolled_back',
      reason: 'NotConfirmed',
      message: 'nobody confirmed it by the deadline, 60 s after the activation',
    });
    expect(driven.facts().quarantine).toMatchObject([{ commit: id('m1'), reason: 'NotConfirmed' }]);
  });

  test.each([
    ['the deployment of somebody else', 'another'],
    ['another commit', id('m2')],
  ])('an answer to %s changes nothing', async (_what, named) => {
    const driven = await onProbation();
    const before = driven.facts();
    driven.actor.send({ type: 'confirm', id: named, by: 'ada' });
    driven.actor.send({ type: 'reject', id: named, reason: 'no', by: 'ada' });
    expect(driven.facts()).toBe(before);
  });

  test('is answered by the beginning of its id or of its commit', async () => {
    const driven = await onProbation();
    driven.actor.send({ type: 'confirm', id: id('m1').slice(0, 8), by: 'ada' });
    expect(driven.facts().deployment?.confirmation?.by).toBe('ada');
  });
});

describe('a system on probation that a person rejects', () => {
  const plain = { policy: { ...policy, probation: times } };

  test('is rolled back at once, and who and why is kept with its commit', async () => {
    const driven = await onProbation(plain);
    const looking = driven.open('probe');
    driven.actor.send({ type: 'reject', id: null, reason: 'the wiki is empty', by: 'ada' });
    expect(driven.pipeline()).toBe('rollingBack.running');
    expect(looking?.signal.aborted).toBe(true);
    await driven.settle('rollBack', went(host('old')));
    const said = 'rejected by ada: the wiki is empty';
    expect(driven.facts().deployments[0]).toMatchObject({ reason: 'Rejected', message: said });
    expect(driven.facts().quarantine).toMatchObject([
      { commit: id('m1'), toplevel: top('m1'), reason: 'Rejected', message: said },
    ]);
    expect(driven.pipeline()).toBe('stalled');
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'm2'));
    expect(driven.context().target?.commit).toBe(id('m2'));
  });

  test('is rolled back by the next daemon when this one ends right after the answer', async () => {
    const driven = await onProbation(plain);
    driven.actor.send({ type: 'reject', id: null, reason: 'no', by: 'ada' });
    const facts = {
      ...driven.facts(),
      deployment: { ...driven.facts().deployment!, step: 'probation' as const },
    };
    const next = startReconciler({ ...plain, facts });
    await next.observes(host('m1'));
    expect(next.pipeline()).toBe('rollingBack.running');
  });

  test('stays where no other system ran before, and is given up', async () => {
    const driven = await onProbation(plain, null);
    driven.actor.send({ type: 'reject', id: null, reason: 'no', by: 'ada' });
    expect(driven.facts().deployments[0]).toMatchObject({ outcome: 'failed', reason: 'Rejected' });
    expect(driven.pipeline()).toBe('stalled');
  });

  test('is left alone while it is switched to, and once it has passed', async () => {
    const driven = startReconciler(plain);
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare', []);
    driven.actor.send({ type: 'reject', id: null, reason: 'no', by: 'ada' });
    expect(driven.facts().deployment?.reason).toBeNull();
    await driven.settle('activate', fine);
    await driven.settle('look', host('m1'));
    await holds(driven, 4);
    expect(driven.pipeline()).toBe('committing.passing');
    driven.actor.send({ type: 'reject', id: null, reason: 'no', by: 'ada' });
    expect(driven.pipeline()).toBe('committing.passing');
    expect(driven.facts().deployment?.reason).toBeNull();
  });
});
