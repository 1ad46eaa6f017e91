import { setImmediate as tick } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckSeen } from '../../src/domain/check.ts';
import type { Deployment, SwitchResult } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Observed } from '../../src/domain/observed.ts';
import type { RemoteOffer } from '../../src/domain/remote.ts';
import { wayByHand } from '../../src/domain/go-back.ts';
import { selectFor } from '../../src/domain/select-for.ts';
import { Problem } from '../../src/domain/problem.ts';
import {
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
  type Driven,
  unhindered,
  untilEvaluating,
  went,
} from './harness.ts';

import { conditionsBrokenBy } from './condition-rules.ts';
import { brokenBy, brokenIn, pipelineOf, type Snapshot, type Transition } from './invariants.ts';

const suspension = { reason: 'x', by: null, since: '', until: null };

/** What may happen next; what does not fit the moment is passed over. */
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('poll' as const),
      remote: fc.constantFrom('origin', 'local'),
      main: fc.constantFrom('m1', 'm2', 'm3', 'x1', null),
      testing: fc.constantFrom('t1', null, null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pollFails' as const),
      remote: fc.constantFrom('origin', 'local'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('observe' as const),
      hand: fc.constantFrom(null, null, null, 'hand', 'm1', 'm2'),
    }),
  },
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('work' as const), how: fc.nat({ max: 10 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 2000, 15_000, 60_000, 600_000, 7 * 3_600_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wish' as const),
      wish: fc.constantFrom(
        'suspend',
        'resume',
        'retry',
        'retry m1',
        'accept',
        'reconcile',
        'confirm',
        'reject',
        'rollback',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      reboots: fc.constantFrom(null, null, 'default' as const, 'chosen' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'mirrorFails' as const }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const known = history('m1 m2 m3', 'm1 m2 t1');
const neverAborted = new Set([
  'prepare',
  'compare',
  'check',
  'arm',
  'activate',
  'look',
  'disarm',
  'setProfile',
  'installLoader',
  'finish',
  'restore',
  'rollBack',
  'reboot',
]);
// What is worse after a rollback is looked at by a review too, until something newer begins.
const effects = new Set(['evaluate', 'realise', 'probe', 'admit', 'review', ...neverAborted]);

describe('whatever happens', () => {
  test('no rule is broken, and when all goes well from some point on the host comes to rest at the desired commit', async () => {
    const seen: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 20, maxLength: 250, size: 'max' }),
        fc.boolean(),
        async (commands, asksPerson) => {
          const world = createWorld(asksPerson);
          for (const each of commands) {
            await world.take(each);
            seen[world.driven().pipeline()] = (seen[world.driven().pipeline()] ?? 0) + 1;
            expect(world.broken).toEqual([]);
          }
          const hadFloor = world.facts().floor !== null;
          const crashed = createWorld(asksPerson, world);
          await world.goWell();
          await crashed.goWell();
          expect([...world.broken, ...crashed.broken]).toEqual([]);
          // A shut gate is not kept on disk: a new daemon asks again, and this host may answer otherwise the second time.
          // Without a floor, which of two histories is deployed first depends on who answers first.
          const ends = [world.end(), crashed.end()];
          const areComparable = hadFloor && ends.every(({ pipeline }) => pipeline !== 'gating');
          if (areComparable) expect(ends[1]).toEqual(ends[0]);
          world.driven().actor.stop();
          crashed.driven().actor.stop();
        },
      ),
      { numRuns: 80, endOnFailure: true },
    );
    for (const state of [
      'activating.switching',
      'rollingBack.running',
      'committing.loader',
      'probation.probing',
      'probation.pausing',
      'rollingBack.reviewing',
      'gating',
      'admitting',
    ]) {
      expect(seen[state] ?? 0, state).toBeGreaterThan(0);
    }
  }, 600_000);
});

interface Before {
  now(): number;
  facts(): Facts;
  system(): Observed;
  branches(): ReadonlyMap<string, RemoteOffer>;
  results(): ReadonlyMap<string, SwitchResult>;
  proven(): ReadonlySet<string>;
}

/** A host, its remotes and a live reconciler; `before`: the same host and remotes after the daemon crashed. */
function createWorld(asksPerson: boolean, before?: Before) {
  let system = before?.system() ?? host('old');
  let branches = new Map<string, RemoteOffer>(
    before?.branches() ?? [
      ['origin', offer('origin', 'm1')],
      ['local', offer('local', null)],
    ],
  );
  // A switch outlives the daemon, and so does what it said: the next daemon is told the same.
  const results = new Map(before?.results());
  // What a probation let pass, by its way and not by what is on record; the rest must never become the boot default.
  const proven = new Set(before?.proven() ?? [top('old')]);
  const broken: string[] = [];
  let now = (
    (at) => () =>
      at
  )(before?.now() ?? epoch);
  let driven = start(before?.facts() ?? noFacts);

  function start(facts: Facts): Driven {
    const since = now();
    let sinceStart = () => 0;
    now = () => since + sinceStart();
    const next = startReconciler({
      policy: {
        ...policy,
        hooks: ['preActivate', 'postCommit', 'postRollback'],
        confirm: asksPerson,
        stageWhen: ['kernel'],
        probation: { settleMs: 10_000, stableForMs: 30_000, deadlineMs: 300_000 },
      },
      facts: JSON.parse(JSON.stringify(facts)) as Facts,
      now: () => now(),
      uptime: () => now() - epoch,
    });
    sinceStart = () => next.clock.now();
    next.knows(known);
    let last = next.actor.getSnapshot();
    broken.push(...brokenIn(last));
    next.actor.system.inspect((inspected) => {
      if (inspected.type !== '@xstate.snapshot' || inspected.actorRef !== next.actor) return;
      if (inspected.event.type === 'xstate.stop') return;
      const after = inspected.snapshot as Snapshot;
      const transition = { before: last, event: inspected.event, after };
      broken.push(...brokenBy(transition), ...conditionsBrokenBy(transition));
      noteProof(proven, transition);
      last = after;
    });
    return next;
  }

  const check = () => {
    const own = driven.calls.filter(({ name }) => effects.has(name));
    const isUnwell = driven.facts().unwell !== null;
    const running = own.filter(({ name, signal }) => !signal.aborted && !(isUnwell && name === 'review'));
    if (running.length > 1) broken.push(`${running.map(({ name }) => name).join(' and ')} run at once`);
    for (const { name, signal } of own)
      if (signal.aborted && neverAborted.has(name)) broken.push(`${name} was aborted`);
    broken.push(...driven.errors.map(String));
  };

  const settle = async (name: string, how: number) => {
    const { deployment } = driven.facts();
    const said =
      name === 'activate' && deployment ? results.get(`${deployment.id} ${deployment.retried}`) : undefined;
    const outcome = said ?? outcomeOf(name, how, driven);
    if (name === 'activate' && deployment && !(outcome instanceof Error))
      results.set(`${deployment.id} ${deployment.retried}`, outcome as SwitchResult);
    if (deployment && ['setProfile', 'installLoader'].includes(name) && mustBeProven(deployment)) {
      if (!proven.has(deployment.toplevel)) broken.push(`${name} of what was never proved`);
    }
    if (deployment && !said && !(outcome instanceof Error)) system = moved(system, name, deployment, outcome);
    await driven.settleOnly(name, toldOf(name, outcome, system));
  };

  /** Lets the effect that runs end; false when none does. */
  const work = async (how: number): Promise<boolean> => {
    const running = driven.calls.find(({ name, signal }) => effects.has(name) && !signal.aborted);
    if (running) await settle(running.name, how);
    // A hook that is owed runs beside all else.
    if (driven.open('runHook')) await driven.settleOnly('runHook', outcomeOf('runHook', how, driven));
    return running !== undefined;
  };

  const poll = async (remote: string) => {
    if (driven.open('fetch', ({ input }) => input === remote)) await driven.offers(branches.get(remote)!);
  };

  const observe = async () => {
    if (driven.open('observe')) await driven.observes({ ...system, at: now() });
  };

  const crash = (reboots: 'default' | 'chosen' | null) => {
    const facts = driven.facts();
    driven.actor.stop();
    if (reboots) {
      const boots = reboots === 'chosen' ? top('chosen') : (system.bootDefault ?? system.current);
      system = { ...system, bootId: `${system.bootId}+`, current: boots, booted: boots };
    }
    driven = start(facts);
  };

  const take = async (next: Command) => {
    if (next.kind === 'work') await work(next.how);
    if (next.kind === 'wait') await driven.wait(next.ms);
    if (next.kind === 'wish') wish(driven, next.wish);
    if (next.kind === 'crash') crash(next.reboots);
    if (next.kind === 'mirrorFails' && driven.open('assess'))
      await driven.settle('assess', new Problem('mirror_broken', 'no'));
    if (next.kind === 'observe') {
      if (next.hand && driven.facts().deployment === null) system = { ...system, current: top(next.hand) };
      await observe();
    }
    // Only what was served counts: a head that no poll saw may be refused after one end and accepted before it.
    if (next.kind === 'poll' && driven.open('fetch', ({ input }) => input === next.remote)) {
      const { remote, main, testing } = next;
      branches = new Map([...branches, [remote, offer(remote, main, remote === 'origin' ? testing : null)]]);
      await poll(remote);
    }
    if (next.kind === 'pollFails' && driven.open('fetch', ({ input }) => input === next.remote)) {
      await driven.fails(next.remote, new Problem('remote_connect', 'down'));
    }
    await driven.assessAll();
    check();
  };

  /** From here on every effect succeeds, people are quiet, and time passes. */
  const goWell = async () => {
    for (let round = 0; round < 24; round += 1) {
      driven.actor.send({ type: 'resume', by: null });
      const isLong = round % 3 === 0 && driven.facts().deployment === null;
      await driven.wait(isLong ? 7 * 3_600_000 : 70_000);
      await observe();
      for (const remote of branches.keys()) await poll(remote);
      driven.actor.send({ type: 'confirm', id: null, by: 'ada' });
      for (let i = 0; i < 20 && (await work(0)); i += 1);
      check();
    }
  };

  /** Where the host came to rest: the desired commit, and what keeps it from running. */
  const end = () => {
    const { desired } = selectFor(driven.context());
    const { expected, quarantine, deployment } = driven.facts();
    const pipeline = driven.pipeline();
    const rests = {
      desired: desired?.commit ?? null,
      floor: driven.facts().floor?.commit ?? null,
      pipeline,
      deployment,
    };
    const isThere = desired === null || expected?.commit === desired.commit;
    const isRefused = pipeline === 'stalled' && quarantine.some(({ commit }) => commit === desired?.commit);
    const isReasoned = pipeline === 'gating' && driven.context().waiting !== null;
    if (!(pipeline === 'settled' && isThere) && !isRefused && !isReasoned)
      broken.push(`came to rest ${JSON.stringify(rests)}`);
    return rests;
  };

  return {
    driven: () => driven,
    now: () => now(),
    facts: () => driven.facts(),
    system: () => system,
    branches: () => branches,
    results: () => results,
    proven: () => proven,
    broken,
    take,
    goWell,
    end,
  };
}

/** Only what a boot brings is set without a proof; its first boot is its probation. */
function mustBeProven({ operation, staged, exitCode, inPlace }: Deployment): boolean {
  return inPlace || (operation !== 'boot' && staged === null && exitCode !== 100);
}

function noteProof(proven: Set<string>, { before, after }: Transition): void {
  const { deployment } = before.context.facts;
  if (!deployment) return;
  if (pipelineOf(before).startsWith('probation') && pipelineOf(after).startsWith('committing'))
    proven.add(deployment.toplevel);
  const ended = after.context.facts.deployments.find(({ id: other }) => other === deployment.id);
  if (ended && !['committed', 'uncommitted', 'staged'].includes(ended.outcome ?? ''))
    proven.delete(deployment.toplevel);
}

function wish({ actor, context }: Driven, wanted: string): void {
  if (wanted === 'suspend') actor.send({ type: 'suspend', suspension });
  if (wanted === 'resume') actor.send({ type: 'resume', by: null });
  if (wanted === 'retry') actor.send({ type: 'retry', commit: null, by: 'ada' });
  if (wanted === 'retry m1') actor.send({ type: 'retry', commit: id('m1'), by: 'ada' });
  if (wanted === 'confirm') actor.send({ type: 'confirm', id: null, by: 'ada' });
  if (wanted === 'rollback') {
    const way = wayByHand(context(), null);
    const toplevel = way.way === 'deploy' ? way.to.toplevel : null;
    actor.send({ type: 'rollback', to: null, toplevel, reason: 'x', by: 'ada' });
  }
  if (wanted === 'reject') actor.send({ type: 'reject', id: null, reason: 'x', by: 'ada' });
  if (wanted === 'accept')
    actor.send({
      type: 'accept',
      floor: { commit: id('x1'), payloadHash: null },
      reason: 'meant',
      by: 'ada',
    });
  if (wanted === 'reconcile') actor.send({ type: 'reconcile', token: 'token' });
}

/** What an effect tells of the host as it is now. */
function toldOf(name: string, outcome: unknown, system: Observed): unknown {
  if (outcome instanceof Error) return outcome;
  if (name === 'probe') return probed(system, ...(outcome as readonly CheckSeen[]));
  if (name === 'rollBack') return went(system);
  // Armed: there is nothing that keeps the host from going back.
  if (name === 'arm') return null;
  return observing.has(name) ? system : outcome;
}

/** Effects that end with a look at the host. */
const observing = new Set(['look', 'finish', 'restore', 'rollBack']);

const connectivity = (status: CheckSeen['status']) => [seen('connectivity', status)];

const inhibitors = [{ key: 'dbus', running: 'dbus', candidate: 'broker' }];

/** The effect's end: 0 to 5 is success, the rest the ways it can fail; 10 is a switch that could not be begun. */
function outcomeOf(name: string, how: number, driven: Driven): unknown {
  const { target } = driven.context();
  const failure = {
    evaluate: 'evaluation_failed',
    realise: 'build_failed',
    disarm: 'process_failed',
    check: how === 6 ? 'check_failed' : 'activation_busy',
    probe: 'unit_failed',
    rollBack: 'rollback_failed',
  } as const;
  if (name === 'activate' && how === 10) return new Problem('journal_unwritable', 'no');
  if (name === 'activate') return { ...fine, exitCode: [0, 0, 0, 0, 0, 4, 2, 1, 11, 100][how] };
  if (name === 'admit' || name === 'runHook') return how < 7 ? fine : { ...fine, exitCode: 1 };
  if (name === 'compare' && how < 8)
    return how < 6
      ? unhindered
      : { ...unhindered, ...(how === 6 ? { inhibitors } : { rebootReasons: ['kernel'] }) };
  if (name === 'prepare' && how < 8) return connectivity('passing');
  if (name === 'probe' && how < 9)
    return how < 6
      ? connectivity('passing')
      : how < 8
        ? connectivity('failing')
        : [seen('web', 'failing', { definitive: true })];
  if (name === 'review' && how < 9) return connectivity(how < 6 ? 'passing' : 'failing');
  if (name === 'evaluate' && how < 6)
    return evaluation(Buffer.from(target!.commit, 'hex').toString().replaceAll('\0', ''));
  if (name === 'realise' && how === 9)
    return new Problem('not_in_cache', 'no', { retry: { afterMs: 60_000 } });
  if (how === 8) return new Problem('no_space', 'no');
  if (name === 'realise' && how < 6) return inspected(driven.context().observed?.current ?? null);
  if (name === 'arm' && how < 6) return null;
  if (how < 6) return undefined;
  return new Problem(name in failure ? failure[name as keyof typeof failure] : 'unexpected', 'no');
}

/** The host after the effect: only these move it. */
function moved(
  system: Observed,
  name: string,
  { toplevel, previous }: Deployment,
  outcome: unknown,
): Observed {
  const exitCode = name === 'activate' ? (outcome as SwitchResult).exitCode : null;
  if (name === 'activate')
    return exitCode !== null && [0, 2, 4].includes(exitCode) ? { ...system, current: toplevel } : system;
  if (name === 'setProfile') return { ...system, profile: { generation: 2, toplevel } };
  if (name === 'installLoader') return { ...system, bootDefault: toplevel };
  if (name === 'restore') return putBack(system, toplevel, previous);
  return name === 'rollBack'
    ? { ...putBack(system, toplevel, previous), current: previous.toplevel }
    : system;
}

function putBack(system: Observed, toplevel: string, previous: Deployment['previous']): Observed {
  const { profile, bootDefault } = system;
  const before = previous.profile === null ? null : { generation: 3, toplevel: previous.profile };
  return {
    ...system,
    profile: profile?.toplevel === toplevel ? before : profile,
    bootDefault: bootDefault === toplevel ? previous.bootDefault : bootDefault,
  };
}

async function untilActivating(driven: Driven, name: string, toplevel = name): Promise<void> {
  await driven.settle('evaluate', evaluation(name, toplevel));
  await driven.settle('realise');
  await driven.settle('prepare');
}

describe('found by the walk', () => {
  test('a retry asked for during a switch that is then undone stalls once, and not for ever in one step', async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await untilActivating(driven, 'm1');
    driven.actor.send({ type: 'retry', commit: null, by: 'ada' });
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', host('m1'));
    await driven.settle('rollBack', went(host('old')));
    expect(driven.errors).toEqual([]);
    expect(driven.pipeline()).toBe('stalled');
    expect(driven.context().asked).toBeNull();
  });

  test('a quarantined commit that came after three supersessions gives way to the next', async () => {
    const driven = startReconciler();
    driven.knows(history('m1 m2 m3 m4', 'm1 m2 m3 b1'));
    await untilEvaluating(driven, 'old', 'b1');
    await untilActivating(driven, 'b1');
    await driven.settle('activate', { ...fine, exitCode: 2 });
    await driven.settle('look', host('b1'));
    await driven.settle('rollBack', went(host('old')));
    for (const name of ['m1', 'm2', 'm3', 'b1']) {
      await driven.wait(70_000);
      await driven.offers(offer('origin', name));
    }
    expect([driven.pipeline(), driven.context().target?.commit]).toEqual(['stalled', id('b1')]);
    await driven.wait(70_000);
    await driven.offers(offer('origin', 'm4'));
    expect(driven.context().target?.commit).toBe(id('m4'));
  });
});

describe('found by the walk: while the mirror has not answered yet', () => {
  const unanswered = async () => {
    const driven = startReconciler();
    await untilEvaluating(driven, 'old', 'm1');
    await driven.settle('evaluate', evaluation('m1'));
    driven.actor.send({
      type: 'accept',
      floor: { commit: id('x1'), payloadHash: null },
      reason: 'meant',
      by: null,
    });
    expect(driven.waiting()).toContain('assess');
    return driven;
  };

  test('a suspension stops the build at once', async () => {
    const driven = await unanswered();
    driven.actor.send({ type: 'suspend', suspension });
    expect(driven.pipeline()).toBe('settled');
  });

  test('nothing is activated before it is known whether the commit is still wanted', async () => {
    const driven = await unanswered();
    driven.open('realise')!.resolve(inspected(top('old')));
    await tick();
    expect(driven.pipeline()).toBe('gating');
    await driven.assessAll();
    expect(driven.context().target?.commit).toBe(id('x1'));
  });
});

test('a test that only a reboot could bring waits, and is not switched to over and over', async () => {
  const driven = startReconciler();
  driven.knows(history('m1 t1'));
  await untilEvaluating(driven, 'm1', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.wait(70_000);
  await driven.offers(offer('origin', 'm1', 't1'));
  await untilActivating(driven, 't1');
  await driven.settle('activate', { ...fine, exitCode: 100 });
  await driven.settle('look', host('m1'));
  expect(driven.pipeline()).toBe('gating');
  expect(driven.context().waiting).toMatchObject({ gate: 'reboot', nextCheck: null });
});

test('a staged deployment that a crash interrupts ends as staged', async () => {
  const driven = startReconciler();
  await untilEvaluating(driven, 'old', 'm1');
  await untilActivating(driven, 'm1');
  await driven.settle('activate', { ...fine, exitCode: 100 });
  await driven.settle('look', host('old'));
  const next = startReconciler({ facts: driven.facts() });
  await next.observes(host('old'));
  await next.settle('disarm');
  await next.settle('setProfile');
  await next.settle('installLoader');
  await next.settle('finish', host('old'));
  expect(next.facts().deployments[0]?.outcome).toBe('staged');
});

test('a gate that shuts is told, and counts as an end, also when the clock moves between two looks at it', async () => {
  let moves = 0;
  const driven = startReconciler({ policy: { ...policy, mode: 'observe' }, now: () => epoch + (moves += 1) });
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  await driven.settle('realise');
  expect(driven.emitted).toContainEqual({ type: 'reconciled', result: 'blocked' });
});

test('a cache that has not the closure yet is told once, also when the clock moves', async () => {
  let moves = 0;
  const driven = startReconciler({ now: () => epoch + (moves += 1) });
  await untilEvaluating(driven, 'old', 'm1');
  await driven.settle('evaluate', evaluation('m1'));
  for (let i = 0; i < 3; i += 1) {
    await driven.settle('realise', new Problem('not_in_cache', 'not there', { retry: { afterMs: 60_000 } }));
    moves += 60_000;
    await driven.wait(60_000);
    expect(driven.pipeline()).toBe('building');
  }
  expect(driven.emitted.filter((event) => event.type === 'reconciled')).toHaveLength(1);
});
