import { describe, expect, test } from 'vitest';
import type { CheckSeen } from '../../src/domain/check.ts';
import type { Evaluation } from '../../src/domain/evaluation.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { ProbeOrder } from '../../src/domain/probe.ts';
import {
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
  unhindered,
  untilEvaluating,
  went,
  type Driven,
} from './harness.ts';

const stages: Policy = { ...policy, stageWhen: ['kernel'] };
const off: Policy = { ...policy, rollback: { enabled: false, lastResort: 'none' } };
const asks = (what: Partial<NonNullable<Evaluation['asks']>>): Partial<Evaluation> => ({
  asks: { noRollback: null, confirm: null, remarks: [], ...what },
});
const proven = (...names: string[]) =>
  names.map((name) => ({ toplevel: top(name), since: '2026-01-01T00:00:00.000Z' }));

interface Way {
  readonly before?: readonly CheckSeen[];
  readonly after?: readonly CheckSeen[];
  readonly more?: Partial<Evaluation>;
}

/** Switches to a commit and commits it; the checks say `before` before it and `after` on it. */
async function switchTo(driven: Driven, name: string, { before = [], after = [], more }: Way = {}) {
  const runs = host(name, { profile: null, bootDefault: null });
  await driven.settle('evaluate', evaluation(name, name, more));
  await driven.settle('realise');
  await driven.settle('prepare', before);
  await driven.settle('activate', fine);
  await driven.settle('look', runs);
  await driven.settle('probe', probed(runs, ...after));
  await driven.settle('disarm');
  await driven.settle('setProfile');
  await driven.settle('installLoader');
  await driven.settle('finish', host(name));
}

/** Stages the evaluated commit on a host that runs `old`, because its kernel is another. */
async function stage(
  driven: Driven,
  name: string,
  { before = [], more, once = false }: Way & { once?: boolean } = {},
) {
  await driven.settle('evaluate', evaluation(name, name, more));
  await driven.settle('realise');
  await driven.settleOnly('prepare', before);
  await driven.settleOnly('compare', { ...unhindered, rebootReasons: ['kernel'] });
  await driven.settleOnly('check', undefined);
  await driven.settle('disarm');
  await driven.settle('setProfile');
  await driven.settle('installLoader', { once, why: null });
  const bootDefault = once ? top('old') : top(name);
  await driven.settle(
    'finish',
    host('old', { profile: { generation: 2, toplevel: top(name) }, bootDefault }),
  );
  expect(driven.facts().deployments[0]?.outcome).toBe('staged');
}

const rebooted = (name: string) => host(name, { bootId: 'boot-2' });

/** A new daemon after a reboot, up to the first look of the booted system's trial. */
async function boots(facts: Facts, name: string, more: Partial<Policy> = {}): Promise<Driven> {
  const driven = startReconciler({ facts, policy: { ...policy, ...more } });
  await driven.observes(rebooted(name));
  await driven.settle('prepare', null);
  expect(driven.pipeline()).toBe('probation.probing');
  return driven;
}

const beforeIn = (driven: Driven) => (driven.open('probe')!.input as ProbeOrder).before;

describe('the first boot after a rollback that left the host unwell', () => {
  const unwell = async (keep: number) => {
    const driven = startReconciler({ policy: { ...policy, keepDeployments: keep } });
    driven.knows(history('m1 m2'));
    await untilEvaluating(driven, 'old', 'm1');
    await switchTo(driven, 'm1');
    await driven.wait(60_000);
    await driven.offers(offer('origin', 'm2'));
    await driven.settle('evaluate', evaluation('m2'));
    await driven.settle('realise');
    await driven.settle('prepare', [seen('web', 'passing')]);
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', host('m2'));
    await driven.settleOnly('rollBack', went(host('m1')));
    await driven.settleOnly('review', [seen('web', 'failing')]);
    expect(driven.facts().unwell).not.toBeNull();
    return driven.facts();
  };

  test.each([1, 50])('judges the host anew, also where history keeps %i deployments', async (keep) => {
    const driven = await boots(await unwell(keep), 'm1', { keepDeployments: keep });
    expect(driven.facts().unwell).toBeNull();
    await driven.settle('probe', probed(rebooted('m1'), seen('web', 'passing')));
    await driven.settle('disarm');
    await driven.settle('finish', rebooted('m1'));
    expect(driven.errors).toEqual([]);
    expect(driven.facts().deployments[0]).toMatchObject({ trigger: 'boot', outcome: 'committed' });
  });

  test('a journal that has lost its record is no reason to look again', async () => {
    const facts = { ...(await unwell(1)), deployments: [] };
    const driven = startReconciler({
      facts,
      policy: { ...policy, rollback: { enabled: true, lastResort: 'reboot' } },
    });
    await driven.observes(host('m1'));
    await driven.wait(60_000);
    expect([driven.errors, driven.waiting().includes('review')]).toEqual([[], false]);
  });
});

describe('the first boot is compared', () => {
  test('with what the newest look before the commit found', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    const before = [
      seen('web', 'failing'),
      seen('units', 'passing', { well: ['sshd.service'], unwell: ['a.service'] }),
    ];
    const units = seen('units', 'passing', { well: ['sshd.service'], unwell: ['b.service'] });
    const inbound = seen('inbound', 'passing', { well: ['22'] });
    await switchTo(driven, 'm1', { before, after: [seen('web', 'failing'), units, inbound] });
    const trial = await boots(driven.facts(), 'm1');
    expect(beforeIn(trial)).toMatchObject([
      { name: 'web', status: 'failing' },
      { name: 'units', well: [], unwell: ['b.service'] },
      { name: 'inbound', well: ['22'] },
    ]);
    await trial.settle('probe', probed(rebooted('m1'), seen('web', 'failing'), units, inbound));
    expect(trial.pipeline()).toBe('committing.passing');
  });

  test('after a staged deployment with what ran when it was staged', async () => {
    const driven = startReconciler({ policy: stages });
    await untilEvaluating(driven, 'old', 'm1');
    const units = seen('units', 'passing', { well: ['sshd.service'], unwell: ['a.service'] });
    await stage(driven, 'm1', {
      before: [seen('web', 'failing'), units, seen('inbound', 'passing', { well: ['22'] })],
    });
    const trial = await boots(driven.facts(), 'm1');
    expect(beforeIn(trial)).toMatchObject([
      { name: 'web', status: 'failing' },
      { name: 'units', well: [], unwell: ['a.service'] },
      { name: 'inbound', status: 'passing', well: ['22'] },
    ]);
    const lost = seen('inbound', 'failing');
    await trial.settle('probe', probed(rebooted('m1'), seen('web', 'failing'), units, lost));
    await trial.wait(300_000);
    expect(trial.pipeline()).toBe('rollingBack.running');
    expect(trial.facts().deployment?.message).toContain('inbound');
    expect(trial.facts().deployment?.message).not.toContain('web');
  });

  test('as ever where only the boot loader had to be tried again', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    const runs = host('m1', { profile: null, bootDefault: null });
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare', [seen('web', 'failing')]);
    await driven.settle('activate', fine);
    await driven.settle('look', runs);
    await driven.settle('probe', probed(runs, seen('web', 'failing')));
    await driven.settle('disarm');
    await driven.settle('setProfile', new Error('no space'));
    expect(driven.facts().expected).toMatchObject({
      committed: false,
      firstBoot: { checks: [{ name: 'web' }] },
    });
  });

  test('of main with main, although a test ran in between', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 t1'));
    await untilEvaluating(driven, 'old', 'm1');
    await switchTo(driven, 'm1', { after: [seen('inbound', 'passing', { well: ['22'] })] });
    await driven.wait(60_000);
    await driven.offers(offer('origin', 'm1', 't1'));
    await driven.settle('evaluate', evaluation('t1', 't1', asks({ noRollback: id('t1') })));
    await driven.settle('realise');
    await driven.settle('prepare');
    await driven.settle('activate', fine);
    await driven.settle('look', host('t1'));
    await driven.settle('probe', probed(host('t1')));
    await driven.settle('disarm');
    await driven.settle(
      'finish',
      host('t1', { profile: { generation: 1, toplevel: top('m1') }, bootDefault: top('m1') }),
    );
    expect(driven.facts().expected).toMatchObject({ operation: 'test', firstBoot: { noRollback: id('t1') } });
    const trial = await boots(driven.facts(), 'm1');
    expect(beforeIn(trial)).toMatchObject([{ name: 'inbound', well: ['22'] }]);
    expect(trial.facts().deployment?.noRollback).toBeNull();
  });
});

describe('a first boot from which nothing goes back by itself', () => {
  const fails = async (trial: Driven, name: string) => {
    await trial.settle('probe', probed(rebooted(name), seen('web', 'failing', { definitive: true })));
  };

  test('stays after a commit that forbids it, and says so', async () => {
    const driven = startReconciler({ facts: { ...noFacts, bootProven: proven('old') } });
    await untilEvaluating(driven, 'old', 'm1');
    await switchTo(driven, 'm1', { more: asks({ noRollback: id('m1') }) });
    const trial = await boots(driven.facts(), 'm1');
    expect(trial.facts().deployment).toMatchObject({
      noRollback: id('m1'),
      previous: { toplevel: top('old') },
    });
    await fails(trial, 'm1');
    expect(trial.pipeline()).toBe('settled');
    expect(trial.facts()).toMatchObject({
      quarantine: [{ commit: id('m1') }],
      expected: { current: top('m1') },
    });
    const [ended] = trial.facts().deployments;
    expect(ended?.outcome).toBe('failed');
    expect(ended?.message).toContain('Abide-Rollback: no');
    expect(ended?.message).not.toContain('no other system');
  });

  test('counts every commit since the system that proved that it boots, and no older one', async () => {
    const driven = startReconciler({ facts: { ...noFacts, bootProven: proven('old') } });
    driven.knows(history('m1 m2 m3'));
    await untilEvaluating(driven, 'old', 'm1');
    await switchTo(driven, 'm1', { more: asks({ noRollback: id('m1') }) });
    await driven.wait(60_000);
    await driven.offers(offer('origin', 'm2'));
    await switchTo(driven, 'm2');
    const trial = await boots(driven.facts(), 'm2');
    expect(trial.facts().deployment?.noRollback).toBe(id('m1'));
    await trial.settle('probe', probed(rebooted('m2')));
    await trial.settle('disarm');
    await trial.settle('finish', rebooted('m2'));
    expect(trial.facts().expected?.firstBoot).toBeUndefined();
  });

  test('is every one where rollback.enabled is false', async () => {
    const driven = startReconciler({ facts: { ...noFacts, bootProven: proven('old') }, policy: off });
    await untilEvaluating(driven, 'old', 'm1');
    await switchTo(driven, 'm1');
    const trial = await boots(driven.facts(), 'm1', off);
    await fails(trial, 'm1');
    expect(trial.facts().deployments[0]).toMatchObject({ outcome: 'failed', noRollback: 'rollback.enabled' });
    expect(trial.facts().deployments[0]?.message).toContain('rollback.enabled: false');
  });

  test('goes where the boot loader goes, if only earlier commits forbid more', async () => {
    const staged = startReconciler({ facts: { ...noFacts, bootProven: proven('older') }, policy: stages });
    await untilEvaluating(staged, 'old', 'm1');
    await stage(staged, 'm1', { once: true });
    const { expected } = staged.facts();
    const facts = {
      ...staged.facts(),
      expected: { ...expected!, firstBoot: { ...expected!.firstBoot!, noRollback: id('m0') } },
    };
    const trial = startReconciler({ facts });
    await trial.observes(host('m1', { bootId: 'boot-2', bootDefault: top('old') }));
    expect(trial.facts().deployment).toMatchObject({ noRollback: null, previous: { toplevel: top('old') } });
  });
});

describe('the first boot of what only a boot starts', () => {
  const staged = async (more: Partial<Evaluation>, confirm = false) => {
    const driven = startReconciler({
      policy: { ...stages, confirm },
      facts: { ...noFacts, bootProven: proven('old') },
    });
    await untilEvaluating(driven, 'old', 'm1');
    await stage(driven, 'm1', { more });
    return driven.facts();
  };

  test.each([
    { who: 'health.confirm', more: {}, confirm: true },
    { who: id('m1'), more: asks({ confirm: id('m1') }), confirm: false },
  ])('asks the person that nobody could ask before ($who)', async ({ who, more, confirm }) => {
    const trial = await boots(await staged(more, confirm), 'm1');
    expect(trial.facts().deployment?.confirmation).toEqual({ askedBy: who, by: null, at: null });
    await trial.settle('probe', probed(rebooted('m1')));
    expect(trial.pipeline()).toBe('probation.pausing');
    trial.actor.send({ type: 'confirm', id: null, by: 'ada' });
    await trial.wait(1000);
    expect(trial.pipeline()).toBe('committing.passing');
  });

  test('goes back when nobody answers, and asks nobody after a switch that was confirmed', async () => {
    const trial = await boots(await staged({}, true), 'm1');
    await trial.settle('probe', probed(rebooted('m1')));
    await trial.wait(300_000);
    expect(trial.facts().deployment).toMatchObject({ step: 'rollback', reason: 'NotConfirmed' });

    const switched = startReconciler({ facts: { ...noFacts, bootProven: proven('old') } });
    await untilEvaluating(switched, 'old', 'm1');
    await switchTo(switched, 'm1');
    expect(
      (await boots(switched.facts(), 'm1', { confirm: true })).facts().deployment?.confirmation,
    ).toBeNull();
  });

  test('has its abide prove itself, and hands over to no other', async () => {
    const self = { supervised: true, startedAt: 0 };
    const driven = startReconciler({ policy: stages, self });
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise', inspected(top('old'), { abide: 'changed' }));
    await driven.settleOnly('prepare', []);
    await driven.settleOnly('compare', { ...unhindered, rebootReasons: ['kernel'] });
    await driven.settleOnly('check', undefined);
    for (const step of ['disarm', 'setProfile', 'installLoader']) await driven.settle(step);
    await driven.settle(
      'finish',
      host('old', { profile: { generation: 2, toplevel: top('m1') }, bootDefault: top('m1') }),
    );
    const short = { ...policy, probation: { ...policy.probation, deadlineMs: 8000 } };
    const trial = startReconciler({ facts: driven.facts(), policy: short, self, uptime: () => 5000 });
    await trial.observes(rebooted('m1'));
    await trial.settle('prepare', null);
    expect(trial.pipeline()).toBe('probation.probing');
    expect(trial.facts()).toMatchObject({
      deployment: { abide: 'changed', trigger: 'boot' },
      probation: { rules: { deadlineMs: 60_000 } },
    });
  });
});

describe('a power cut', () => {
  const cutDuring = async (facts: Facts): Promise<Facts> => {
    const driven = startReconciler({ facts });
    await driven.observes(host('old', { bootId: facts.bootId ?? 'boot-1' }));
    await driven.offers(offer('origin', 'm1'));
    await driven.settle('evaluate', evaluation('m1'));
    await driven.settle('realise');
    await driven.settle('prepare');
    return driven.facts();
  };
  const comesBack = async (facts: Facts, bootId: string) => {
    const driven = startReconciler({ facts });
    await driven.observes(host('old', { bootId }));
    return driven.facts();
  };

  test('after a restart before anything was changed is the first, and the next one is the second', async () => {
    const begun = startReconciler();
    await untilEvaluating(begun, 'old', 'm1');
    await begun.settle('evaluate', evaluation('m1'));
    await begun.settle('realise');
    const restarted = await comesBack(begun.facts(), 'boot-1');
    expect(restarted.deployments).toMatchObject([
      { outcome: 'interrupted', message: expect.stringContaining('before') },
    ]);
    const once = await comesBack(await cutDuring(restarted), 'boot-2');
    expect(once.deployments[0]).toMatchObject({ outcome: 'interrupted', cutOffAt: 'switch' });
    expect(once.quarantine).toEqual([]);
    const twice = await comesBack(await cutDuring(once), 'boot-3');
    expect(twice.quarantine).toMatchObject([{ commit: id('m1') }]);
  });
});

test('a boot that came up in the system before is told with both ways to get there', async () => {
  const driven = startReconciler({ policy: stages, facts: { ...noFacts, bootProven: proven('old') } });
  await untilEvaluating(driven, 'old', 'm1');
  await stage(driven, 'm1', { once: true });
  const next = startReconciler({ facts: driven.facts() });
  const profile = { generation: 2, toplevel: top('m1') };
  await next.observes(host('old', { bootId: 'boot-2', profile }));
  expect(next.facts().deployment).toMatchObject({ trigger: 'boot', reason: 'BootFailed', step: 'rollback' });
  const { message } = next.facts().deployment!;
  for (const part of ['did not come up so far', 'or somebody chose', 'abide retry'])
    expect(message).toContain(part);
});

test('what is deployed instead of what was only staged goes back to the commit that runs, and not to the staged one', async () => {
  const driven = startReconciler({ policy: stages });
  driven.knows(history('old m1 m2'));
  await untilEvaluating(driven, 'older', 'old');
  await switchTo(driven, 'old');
  await driven.wait(60_000);
  await driven.offers(offer('origin', 'm1'));
  await stage(driven, 'm1');
  await driven.wait(60_000);
  await driven.offers(offer('origin', 'm2'));
  await driven.settle('evaluate', evaluation('m2'));
  await driven.settle('realise');
  expect(driven.facts().deployment?.previous).toMatchObject({ toplevel: top('old'), commit: id('old') });
});
