import { describe, expect, test } from 'vitest';
import type { Deployment } from '../../src/domain/deployment.ts';
import { evaluationBack, isGoingBack, orderBack, targetBack, wayByHand } from '../../src/domain/go-back.ts';
import type { Loop } from '../../src/domain/loop.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { host, id, input, policy, top } from '../machines/harness.ts';
import { begin, exampleDeployment, exampleExpected, exampleFacts } from './example-view.ts';

/** A deployment that ended; what ran before has the name of its commit. */
function ended(name: string, before: string | null, more: Partial<Deployment> = {}): Deployment {
  const system = before === null ? null : top(before);
  const previous = {
    toplevel: system,
    commit: before === null ? null : id(before),
    profile: system,
    bootDefault: system,
    specialisation: null,
  };
  const own = {
    id: `d-${name}`,
    commit: id(name),
    toplevel: top(name),
    step: null,
    outcome: 'committed' as const,
  };
  return { ...exampleDeployment, ...own, previous, endedAt: begin, ...more };
}

function loopAt(current: string, deployments: readonly Deployment[], more: Partial<Facts> = {}) {
  const expected = { ...exampleExpected, commit: id(current), current: top(current), profile: top(current) };
  return {
    ...input(),
    facts: { ...exampleFacts, expected, deployments, ...more },
    offers: {},
    ancestry: { pairs: new Set<string>() },
    observed: host(current),
    target: null,
    evaluation: null,
    built: false,
    inspection: null,
    admitted: false,
    waiting: null,
    supersessions: 0,
    asked: null,
  };
}

const quarantined = (name: string) => ({
  commit: id(name),
  toplevel: top(name),
  reason: 'HealthCheckFailed',
  since: begin,
  deployment: null,
});
const refusal = (...given: Parameters<typeof wayByHand>) => {
  const way = wayByHand(...given);
  return way.way === 'none' ? way.message : `${way.way} is possible`;
};

describe('the system before', () => {
  const history = [ended('m3', 'm2'), ended('m2', 'm1'), ended('m1', null)];

  test('is what was deployed before what is deployed now', () => {
    expect(wayByHand(loopAt('m3', history), null)).toMatchObject({
      way: 'deploy',
      to: { commit: id('m2'), toplevel: top('m2'), branch: 'main', operation: 'switch' },
      left: { commit: id('m3'), toplevel: top('m3'), deployment: 'd-m3' },
    });
  });

  test('is never what was itself rolled back, so that going back twice goes further back', () => {
    const back = ended('m2', 'm3', { id: 'd-back', goesBackFrom: id('m3') });
    const loop = loopAt('m2', [back, ...history], { quarantine: [quarantined('m3')] });
    expect(wayByHand(loop, null)).toMatchObject({ to: { commit: id('m1') }, left: { commit: id('m2') } });
  });

  test('is passed over failed attempts', () => {
    const failed = ended('m4', 'm3', { outcome: 'rolled_back' });
    const loop = loopAt('m3', [failed, ...history], { quarantine: [quarantined('m4')] });
    expect(wayByHand(loop, null)).toMatchObject({ to: { commit: id('m2') }, left: { commit: id('m3') } });
  });

  test('is main’s, where a test was deployed on top of it', () => {
    const tested = ended('t1', 'm3', { branch: 'testing', operation: 'test' });
    expect(wayByHand(loopAt('t1', [tested, ...history]), null)).toMatchObject({
      to: { commit: id('m3'), branch: 'main', operation: 'switch' },
      left: { commit: id('t1'), branch: 'testing' },
    });
  });

  test('is not a test, where main is left', () => {
    const tested = ended('t1', 'm1', { branch: 'testing', operation: 'test' });
    const loop = loopAt('m2', [ended('m2', 't1'), tested, ended('m1', null)]);
    expect(wayByHand(loop, null)).toMatchObject({ to: { commit: id('m1') } });
    expect(refusal(loop, 'd-t1')).toContain('was a test, which no boot starts');
  });

  test('is what ran before the first deployment, where its commit is known', () => {
    expect(wayByHand(loopAt('m1', [ended('m1', 'm0')]), null)).toMatchObject({
      to: { commit: id('m0'), toplevel: top('m0'), remote: null, branch: 'main' },
    });
    const unnamed = ended('m1', 'm0');
    const without = { ...unnamed, previous: { ...unnamed.previous, commit: null } };
    const said = refusal(loopAt('m1', [without]), null);
    expect(said).toContain(`${top('m0')} ran before, but no commit is known`);
    expect(said).toContain(`--set ${top('m0')} && ${top('m0')}/bin/switch-to-configuration switch`);
  });

  test('is never a system of the commit that is left, which would be asked for and set aside in one', () => {
    const unfinished = ended('m2', 'm1', { outcome: 'uncommitted' });
    const loop = loopAt('m2', [unfinished, ended('m1', null)]);
    const expected = { ...loop.facts.expected!, current: top('m1') };
    const drifted = { ...loop, facts: { ...loop.facts, expected }, observed: host('hand') };
    expect(refusal(drifted, null)).toContain('no system before');
  });

  test('is what still runs, where only the next boot would start what is left', () => {
    const staged = ended('m3', 'm2', { outcome: 'staged' });
    const expected = { ...exampleExpected, commit: id('m3'), current: top('m2'), profile: top('m3') };
    expect(wayByHand(loopAt('m2', [staged, ended('m2', 'm1')], { expected }), null)).toMatchObject({
      to: { commit: id('m2') },
      left: { commit: id('m3') },
    });
  });
});

describe('there is no way', () => {
  const history = [ended('m2', 'm1'), ended('m1', null)];
  const running = (step: Deployment['step']) => ended('m3', 'm2', { outcome: null, step, endedAt: null });

  const cases: readonly (readonly [string, Loop, string | null, string])[] = [
    ['where nothing was deployed', loopAt('m1', [], { expected: null }), null, 'has deployed nothing'],
    ['where nothing ran before', loopAt('m1', [ended('m1', null)]), null, 'no system before'],
    ['to what is deployed', loopAt('m2', history), 'd-m2', 'is what is deployed now'],
    ['to a deployment nobody knows', loopAt('m2', history), 'd-x', 'no deployment begins with d-x'],
    ['to two deployments', loopAt('m2', history), 'd-', '2 deployments begin with d-'],
    [
      'to what was rolled back',
      loopAt('m2', [ended('m3', 'm2', { outcome: 'rolled_back' }), ...history]),
      'd-m3',
      'ended as rolled_back',
    ],
    [
      'to what was set aside',
      loopAt('m2', history, { quarantine: [quarantined('m1')] }),
      'd-m1',
      'was itself rolled back here; abide retry',
    ],
    ['while state is lost', loopAt('m2', history, { hold: { reason: 'lost', since: begin } }), null, 'lost'],
    [
      'in mode observe',
      { ...loopAt('m2', history), policy: { ...policy, mode: 'observe' as const } },
      null,
      'mode is observe',
    ],
    [
      'on a host that was not looked at',
      { ...loopAt('m2', history), observed: null },
      null,
      'could not be looked at',
    ],
    ...(['prepare', 'switch', 'look', 'passed', 'profile', 'loader'] as const).map(
      (step) =>
        [
          `at step ${step}`,
          loopAt('m2', history, { deployment: running(step) }),
          null,
          'nothing interrupts',
        ] as const,
    ),
    [
      'while it goes back',
      loopAt('m2', history, { deployment: running('rollback') }),
      null,
      'rolled back already',
    ],
    [
      'on probation elsewhere',
      loopAt('m2', history, { deployment: running('probation') }),
      'd-m1',
      'without --to',
    ],
  ];
  test.each(cases)('%s', (_what, loop, to, words) => {
    expect(refusal(loop, to)).toContain(words);
  });

  test('and on probation it is a rejection', () => {
    const loop = loopAt('m2', history, { deployment: running('probation') });
    expect(wayByHand(loop, null)).toMatchObject({ way: 'reject', deployment: { id: 'd-m3' } });
  });
});

test('an order quarantines what is left and holds the loop in one change of the facts', () => {
  const loop = loopAt('m2', [ended('m2', 'm1'), ended('m1', null)]);
  const way = wayByHand(loop, null);
  if (way.way !== 'deploy') throw new Error('no way');
  const facts = orderBack(loop.facts, way, { reason: 'slow', by: 'ada', now: Date.parse(begin) });
  expect(facts).toMatchObject({
    goingBack: { commit: id('m1'), toplevel: top('m1'), from: id('m2'), reason: 'slow', by: 'ada' },
    suspended: { reason: 'rolled back by hand: slow', by: 'ada', until: null },
    quarantine: [
      {
        commit: id('m2'),
        toplevel: top('m2'),
        reason: 'RolledBack',
        message: 'rolled back by hand by ada: slow',
        deployment: 'd-m2',
      },
    ],
  });
  expect(isGoingBack({ facts, target: targetBack(facts.goingBack!) })).toBe(true);
  expect(isGoingBack({ facts: loop.facts, target: targetBack(facts.goingBack!) })).toBe(false);
  expect(evaluationBack(facts.goingBack!)).toMatchObject({ commit: id('m1'), toplevel: top('m1') });
});

test('what was staged and failed its first boot is not what is left', () => {
  const trial = ended('m3', 'm2', { id: 'd-m3-boot', trigger: 'boot', outcome: 'rolled_back' });
  const staged = ended('m3', 'm2', { outcome: 'staged' });
  const history = [trial, staged, ended('m2', 'm1'), ended('m1', 'm0')];
  const way = wayByHand(loopAt('m2', history, { quarantine: [quarantined('m3')] }), null);
  expect(way).toMatchObject({ way: 'deploy', left: { commit: id('m2') }, to: { commit: id('m1') } });
});
