import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { getStateNodes, type AnyStateNode, type EventFromLogic } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { isInspected, type Inspection } from '../../src/domain/inspection.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Comparison } from '../../src/domain/preflight.ts';
import type { RemoteHealth, RemoteOffer } from '../../src/domain/remote.ts';
import * as hearing from '../../machines/hearing.ts';
import { observerMachine } from '../../machines/observer.ts';
import { probationPause } from '../../machines/probing.ts';
import type { ReconcilerInput } from '../../machines/reconciler-context.ts';
import { reconcilerMachine } from '../../machines/reconciler.ts';
import { remoteMachine } from '../../machines/remote.ts';
import {
  epoch,
  evaluation,
  fine,
  history,
  host,
  id,
  input,
  inspected,
  offer,
  policy as base,
  probed,
  seen,
  top,
  unhindered,
  went,
} from './harness.ts';
import { conditionsBrokenBy, shownOf } from './condition-rules.ts';
import { exampleDeployment } from '../domain/example-view.ts';
import { brokenBy, brokenIn, pipelineOf, type Snapshot } from './invariants.ts';

type Event = EventFromLogic<typeof reconcilerMachine>;
type Loose = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What may happen in one walk; the walk then does all of it in every order, until nothing new comes. */
interface Scenario {
  readonly start?: Partial<ReconcilerInput>;
  readonly from?: readonly (RemoteOffer | Observed)[];
  readonly world: readonly Loose[];
  readonly outcomes: Outcomes;
  /** True when the mirror's answers are events of their own; else it answers at once. */
  readonly slowMirror?: boolean;
  /** Breadth first, up to so many states; by default all that there are. */
  readonly most?: number;
}

type Outcomes = Readonly<Record<string, (snapshot: Snapshot) => readonly unknown[]>>;

const up: RemoteHealth = { up: true, lastAttempt: 0, lastSuccess: 0, error: null, failures: 0, nextPoll: 0 };
const known = history('m1 m2 m3', 'm1 m2 t1');

const offers = (remote: string, main: string | null, testing: string | null = null): Loose => ({
  type: 'remote.offered',
  offer: offer(remote, main, testing),
  health: up,
  token: null,
});
const sees = (observed: Observed): Loose => ({ type: 'host.observed', observed, token: null });
const suspend: Loose = {
  type: 'suspend',
  suspension: { reason: 'x', by: null, since: '', until: '2026-01-01T01:00:00.000Z' },
};
const resume: Loose = { type: 'resume', by: null };
const retry = (name: string | null): Loose => ({ type: 'retry', commit: name && id(name), by: 'ada' });
const confirm: Loose = { type: 'confirm', id: null, by: 'ada' };
const reject: Loose = { type: 'reject', id: null, reason: 'x', by: 'ada' };
const rollback: Loose = { type: 'rollback', to: null, toplevel: top('m1'), reason: 'x', by: 'ada' };
const accept = (name: string): Loose => ({
  type: 'accept',
  floor: { commit: id(name), payloadHash: null },
  reason: 'x',
  by: 'ada',
});

const nameOf = (commit: string): string => Buffer.from(commit, 'hex').toString().replaceAll('\0', '');

/** The host after the deployment's switch moved it, or did not, or after somebody else did. */
const after = ({ context }: Snapshot, current: 'new' | 'previous' | 'hand'): Observed => {
  const { toplevel, previous } = context.facts.deployment!;
  const runs = { new: toplevel, previous: previous.toplevel, hand: top('hand') }[current];
  const { profile, bootDefault } = previous;
  const bootId = context.observed?.bootId ?? null;
  return {
    ...host(null, { bootId }),
    current: runs,
    bootDefault,
    profile: profile === null ? null : { generation: 1, toplevel: profile },
  };
};
const committed = ({ context }: Snapshot): Observed => {
  const { toplevel, operation, previous, exitCode, staged } = context.facts.deployment!;
  const moved = operation === 'test' ? previous.profile : toplevel;
  const stays = operation === 'boot' || staged !== null || exitCode === 100;
  return {
    ...host(null, { bootId: context.observed?.bootId ?? null }),
    current: stays ? previous.toplevel : toplevel,
    profile: moved === null ? null : { generation: 2, toplevel: moved },
    bootDefault: operation === 'test' ? previous.bootDefault : toplevel,
  };
};

const inspectedIn = ({ context }: Snapshot, more: Partial<Inspection> = {}) =>
  inspected(context.observed?.current ?? null, more);

/** The way of an effect that works; the commit's toplevel has its name. */
const works: Outcomes = {
  evaluate: ({ context }) => [evaluation(nameOf(context.target!.commit))],
  realise: (s) => [inspectedIn(s)],
  prepare: () => [[seen('connectivity', 'passing')]],
  compare: () => [unhindered],
  check: () => [undefined],
  arm: () => [null],
  activate: () => [fine],
  look: (snapshot) => [after(snapshot, 'new')],
  probe: (snapshot) => [probed(after(snapshot, 'new'))],
  review: () => [[]],
  lookAgain: () => [[]],
  disarm: () => [undefined],
  setProfile: () => [undefined],
  installLoader: () => [{ once: false, why: null }],
  finish: (snapshot) => [committed(snapshot)],
  restore: (snapshot) => [after(snapshot, 'previous')],
  rollBack: (snapshot) => [went(after(snapshot, 'previous'))],
  reboot: () => [undefined],
  admit: () => [fine],
  runHook: () => [fine],
};
const orFails = (outcomes: Outcomes, names: readonly string[]): Outcomes => ({
  ...outcomes,
  ...Object.fromEntries(
    names.map((name) => [name, (s: Snapshot) => [...outcomes[name]!(s), new Problem('unexpected', name)]]),
  ),
});
const inhibited: Comparison = {
  ...unhindered,
  inhibitors: [{ key: 'dbus', running: 'dbus', candidate: 'broker' }],
};
const exits = (...codes: number[]) => codes.map((exitCode) => ({ ...fine, exitCode }));

const everyOutcome: Outcomes = {
  ...orFails(works, ['prepare', 'arm', 'probe', 'setProfile', 'installLoader', 'finish', 'rollBack']),
  evaluate: ({ context }) => {
    const name = nameOf(context.target!.commit);
    return [
      evaluation(name),
      evaluation(name, 'old'),
      evaluation(name, name, { machineId: 'another' }),
      new Problem('evaluation_failed', 'no'),
      new Problem('no_such_host', 'no', { retry: 'never' }),
    ];
  },
  realise: (s) => [
    inspectedIn(s),
    new Problem('build_failed', 'no'),
    new Problem('no_space', 'no'),
    new Problem('not_in_cache', 'no', { retry: { afterMs: 60_000 } }),
  ],
  compare: () => [
    unhindered,
    inhibited,
    { ...unhindered, rebootReasons: ['kernel'] },
    new Problem('no_switch_program', 'no', { retry: 'never' }),
  ],
  check: () => [undefined, new Problem('activation_busy', 'no'), new Problem('check_failed', 'no')],
  activate: () => [
    ...exits(0, 1, 2, 4, 11, 100),
    { ...fine, exitCode: null, timedOut: true },
    new Problem('unexpected', 'no'),
  ],
  look: (s) => [after(s, 'new'), after(s, 'previous'), after(s, 'hand'), new Problem('unexpected', 'look')],
  probe: (s) => [
    probed(after(s, 'new'), seen('connectivity', 'passing')),
    probed(after(s, 'new'), seen('connectivity', 'failing')),
    probed(after(s, 'new'), seen('web', 'failing', { definitive: true })),
    probed(after(s, 'hand')),
    new Problem('unit_failed', 'probe'),
  ],
  review: () => [
    [seen('connectivity', 'passing')],
    [seen('connectivity', 'failing')],
    new Problem('unexpected', 'no'),
  ],
  disarm: () => [undefined, new Problem('way_back_taken', 'disarm'), new Problem('unexpected', 'disarm')],
};
/** Works, or is undone. */
const orUndone: Outcomes = { ...works, activate: () => exits(0, 2) };

/** So short that a walk comes to the deadline; each look is a second after the one before. */
const policy: Policy = {
  ...base,
  stageWhen: ['kernel'],
  probation: { settleMs: 0, stableForMs: 0, deadlineMs: 1000 },
};

/** A switch that the plug was pulled on when its profile had moved, and its boot loader had not. */
const atProfile: Deployment = {
  ...exampleDeployment,
  commit: id('m1'),
  toplevel: top('m1'),
  step: 'profile',
  previous: {
    ...exampleDeployment.previous,
    commit: null,
    toplevel: top('old'),
    profile: top('old'),
    bootDefault: top('old'),
  },
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'one commit, with every outcome of evaluation and build': {
    from: [offer('origin', 'm1'), host('old')],
    world: [sees(host('hand')), retry(null)],
    outcomes: { ...works, evaluate: everyOutcome['evaluate']!, realise: everyOutcome['realise']! },
  },
  'one commit, with every outcome of activation and commit': {
    from: [offer('origin', 'm1'), host('old')],
    world: [retry(null)],
    outcomes: {
      ...everyOutcome,
      evaluate: works['evaluate']!,
      realise: works['realise']!,
      compare: works['compare']!,
      check: works['check']!,
      probe: (s) => [probed(after(s, 'new')), probed(after(s, 'hand'))],
      review: works['review']!,
    },
  },
  'a preflight with every outcome, and a newer commit': {
    from: [offer('origin', 'm1'), host('old')],
    world: [offers('local', 'm2'), sees(host('hand'))],
    outcomes: {
      ...orFails(works, ['arm', 'installLoader']),
      compare: everyOutcome['compare']!,
      check: everyOutcome['check']!,
    },
    most: 5000,
  },
  'one commit on a host without a system': {
    from: [offer('origin', 'm1'), host(null)],
    world: [retry(null)],
    outcomes: { ...works, activate: everyOutcome['activate']!, probe: everyOutcome['probe']! },
  },
  'one commit, suspensions and reboots': {
    from: [offer('origin', 'm1'), host('old')],
    world: [
      suspend,
      resume,
      retry(null),
      sees(host('old', { bootId: 'boot-2' })),
      { type: 'reconcile', token: 'a' },
    ],
    outcomes: { ...orUndone, realise: everyOutcome['realise']! },
  },
  'first boots that prove themselves, fail, or are cut off': {
    from: [offer('origin', 'm1'), host('old')],
    world: [
      ...['boot-2', 'boot-3', 'boot-4'].map((bootId) => sees(host('m1', { bootId }))),
      sees(host('old', { bootId: 'boot-5' })),
      offers('local', 'm2'),
      suspend,
      retry(null),
    ],
    outcomes: {
      ...works,
      prepare: (s) => [...works['prepare']!(s), new Problem('process_failed', 'no')],
      probe: (s) => [
        probed(after(s, 'new')),
        probed(after(s, 'new'), seen('web', 'failing', { definitive: true })),
        probed(after(s, 'new'), seen('connectivity', 'failing')),
      ],
      review: everyOutcome['review']!,
      rollBack: (s) => [went(after(s, 'previous')), new Problem('rollback_failed', 'no')],
    },
    most: 4000,
  },
  'a reboot at every step, and another system chosen at boot': {
    from: [offer('origin', 'm1'), host('old')],
    world: [
      sees(host('old', { bootId: 'boot-2' })),
      sees(host('m1', { bootId: 'boot-2' })),
      sees(host('hand', { bootId: 'boot-3', bootDefault: top('old') })),
      offers('local', 'm2'),
      retry(null),
      resume,
    ],
    outcomes: {
      ...orUndone,
      setProfile: () => [undefined, new Problem('profile_moved', 'no', { retry: 'never' })],
    },
    most: 3000,
  },
  'commits that overtake one another': {
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('origin', 'm2'), offers('local', 'm3')],
    outcomes: {
      ...orUndone,
      evaluate: (s) => [...works['evaluate']!(s), new Problem('no_such_host', 'no', { retry: 'never' })],
    },
  },
  'a commit that is rolled back under two names, with retries': {
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), retry(null), retry('m1')],
    outcomes: { ...orUndone, evaluate: (s) => [evaluation(nameOf(s.context.target!.commit), 'twin')] },
  },
  'a testing branch': {
    from: [host('old')],
    world: [offers('origin', 'm2'), offers('origin', 'm2', 't1'), sees(host('m2', { bootId: 'boot-2' }))],
    outcomes: {
      ...works,
      compare: (s) => (s.context.target?.role === 'testing' ? [unhindered, inhibited] : [unhindered]),
      activate: (s) => (s.context.target?.role === 'testing' ? exits(0, 2, 11, 100) : exits(0)),
    },
  },
  'a rewritten history that is accepted': {
    from: [host('old')],
    world: [
      offers('origin', 'm1'),
      offers('origin', 'm2'),
      offers('origin', 'x1'),
      accept('x1'),
      offers('origin', null),
    ],
    outcomes: orUndone,
  },
  'a probation with every outcome, and a newer commit': {
    start: {
      policy: { ...policy, probation: { settleMs: 1000, stableForMs: 1000, deadlineMs: 3000 } },
    },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), retry(null)],
    outcomes: { ...works, probe: everyOutcome['probe']!, review: everyOutcome['review']! },
  },
  'systems that run before they are deployed, proved or not, and switches that cannot be begun': {
    from: [offer('origin', 'm1'), { ...host('old'), current: top('m1') }],
    world: [
      offers('origin', 'm2'),
      sees({ ...host('old'), current: top('m1') }),
      sees({ ...host('old'), current: top('m2') }),
      sees(host('m1')),
      retry(null),
    ],
    outcomes: {
      ...orFails(works, ['prepare', 'arm', 'activate', 'setProfile']),
      probe: (s) => [
        probed(after(s, 'new'), seen('web', 'passing')),
        probed(after(s, 'new'), seen('web', 'failing', { definitive: true })),
      ],
      review: () => [[seen('web', 'passing')], [seen('web', 'failing')]],
    },
    most: 2500,
  },
  'hooks with every outcome, and a newer commit': {
    start: { policy: { ...policy, hooks: ['preActivate', 'postCommit', 'postRollback'] } },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), suspend, resume],
    outcomes: {
      ...orUndone,
      admit: () => [...exits(0, 1), new Problem('tool_missing', 'no')],
      runHook: () => [...exits(0, 1), new Problem('process_failed', 'no')],
    },
  },
  'a probation that a person has to confirm': {
    start: {
      policy: {
        ...policy,
        confirm: true,
        probation: { settleMs: 0, stableForMs: 1000, deadlineMs: 3000 },
      },
    },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), confirm, reject],
    outcomes: { ...works, probe: everyOutcome['probe']!, disarm: everyOutcome['disarm']! },
  },
  'a rollback that fails, or leaves an unwell system, with a reboot as the last resort': {
    start: {
      policy: { ...policy, rollback: { enabled: true, lastResort: 'reboot' } },
    },
    from: [offer('origin', 'm1'), host('old')],
    world: [offers('local', 'm2'), retry(null), sees(host('old', { bootId: 'boot-2' }))],
    outcomes: {
      ...works,
      activate: () => exits(2),
      rollBack: (s) => [went(after(s, 'previous')), new Problem('rollback_failed', 'no')],
      review: () => [[seen('connectivity', 'passing')], [seen('connectivity', 'failing')]],
      lookAgain: () => [[seen('connectivity', 'passing')], [seen('connectivity', 'failing')]],
      reboot: () => [undefined, new Problem('rollback_failed', 'no')],
    },
    most: 2500,
  },
  'a way back by hand': {
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('origin', 'm2'), rollback, resume, sees(host('hand'))],
    outcomes: {
      ...works,
      activate: () => exits(0, 2, 11),
      installLoader: everyOutcome['installLoader']!,
    },
    most: 1500,
  },
  'a mirror that is slow, fails, and is asked again': {
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), suspend, resume, accept('x1')],
    outcomes: { ...works, assess: () => [known, new Problem('mirror_broken', 'no')] },
    slowMirror: true,
  },
  'operation boot': {
    start: {
      policy: { ...policy, remotes: [{ ...policy.remotes[0]!, main: { name: 'main', operation: 'boot' } }] },
    },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('origin', 'm2'), sees(host('m1', { bootId: 'boot-2' }))],
    outcomes: orFails(works, ['installLoader', 'finish']),
    most: 3000,
  },
  'operation boot with a loader that goes back by itself': {
    start: {
      policy: { ...policy, remotes: [{ ...policy.remotes[0]!, main: { name: 'main', operation: 'boot' } }] },
    },
    from: [offer('origin', 'm1'), host('old')],
    world: [
      sees(host('m1', { bootId: 'boot-2', bootDefault: top('old') })),
      sees(host('old', { bootId: 'boot-3', profile: { generation: 2, toplevel: top('m1') } })),
      sees(host('hand', { bootId: 'boot-4', bootDefault: top('old') })),
      offers('local', 'm2'),
      retry(null),
    ],
    outcomes: {
      ...orFails(works, []),
      installLoader: () => [{ once: true, why: null }, new Problem('boot_loader_failed', 'no')],
      probe: (s) => [probed(after(s, 'new')), probed(after(s, 'hand'))],
    },
    most: 3000,
  },
  'systems without abide': {
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('origin', 'm2'), sees(host('hand')), confirm],
    outcomes: {
      ...orUndone,
      realise: (s) => [
        inspectedIn(
          s,
          s.context.target?.commit === id('m1') ? { abide: 'removed', removal: 'it is gone' } : {},
        ),
      ],
    },
  },
  'a commit that changes abide itself': {
    start: {
      policy: { ...policy, probation: { settleMs: 0, stableForMs: 0, deadlineMs: 20_000 } },
      self: { supervised: true, startedAt: 0 },
    },
    from: [offer('origin', 'm1'), host('old')],
    world: [offers('origin', 'm2'), retry(null)],
    outcomes: {
      ...works,
      realise: (s) => [inspectedIn(s, { abide: 'changed' })],
      handOver: () => [undefined, new Problem('journal_unwritable', 'no')],
    },
  },
  'mode observe': {
    start: { policy: { ...policy, mode: 'observe' } },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('local', 'm2'), retry(null), suspend, resume],
    outcomes: everyOutcome,
  },
  'lost state': {
    start: { facts: { ...noFacts, hold: { reason: 'lost', since: '' } } },
    from: [host('old')],
    world: [offers('origin', 'm1'), offers('origin', 'm2'), accept('m2'), retry(null)],
    outcomes: orUndone,
  },
  'a reboot between profile and boot loader': {
    start: { facts: { ...noFacts, bootId: 'boot-1', deployment: atProfile } },
    from: [
      offer('origin', 'm1'),
      host('old', { bootId: 'boot-2', profile: { generation: 2, toplevel: top('m1') } }),
    ],
    world: [offers('local', 'm2'), retry(null)],
    outcomes: orFails(works, ['restore', 'installLoader']),
    most: 3000,
  },
  'drift that is corrected': {
    start: { policy: { ...policy, drift: { policy: 'correct', graceMs: 0 } } },
    from: [host('old'), offer('origin', 'm1')],
    world: [sees(host('hand')), sees(host('m1')), offers('origin', 'm2')],
    outcomes: orUndone,
  },
  'everything at once': {
    world: [
      ...['m1', 'm2', 'x1', null].map((main) => offers('origin', main)),
      offers('origin', 'm2', 't1'),
      offers('local', 'm1'),
      offers('local', 'm3'),
      { type: 'remote.failed', remote: 'origin', health: { ...up, up: false }, token: null },
      { type: 'host.unobservable', message: 'x', token: null },
      ...[host('old'), host('hand'), host('m1', { bootId: 'boot-2' })].map(sees),
      suspend,
      resume,
      retry(null),
      retry('m1'),
      accept('x1'),
      confirm,
      reject,
      rollback,
      { type: 'reconcile', token: 'a' },
    ],
    outcomes: { ...everyOutcome, assess: () => [known, new Problem('mirror_broken', 'no')] },
    slowMirror: true,
    most: 2000,
  },
};

const reached = new Map<string, ReadonlySet<string>>();

describe('every state and transition of the reconciler', () => {
  test.each(Object.entries(scenarios))(
    '%s',
    (name, scenario) => {
      const { states, transitions, broken } = walk(scenario);
      reached.set(name, new Set(states.map((state) => pipelineOf(state))));
      process.stderr.write(`${name}: ${states.length} states, ${transitions} transitions\n`);
      expect(broken.slice(0, 20)).toEqual([]);
      expect(states.length).toBeGreaterThan(10);
    },
    600_000,
  );

  test('no state is left out by all scenarios together', () => {
    // Of a scenario alone that says nothing.
    if (reached.size < Object.keys(scenarios).length) return;
    const come = new Set([...reached.values()].flatMap((states) => [...states]));
    const leaves = restingIn(reconcilerMachine.root.states['pipeline']!).map(({ path }) =>
      path.slice(1).join('.'),
    );
    expect(leaves).toContain('rollingBack.running');
    expect(leaves.filter((leaf) => !come.has(leaf))).toEqual([]);
  });
});

/** The states that a machine can stand in: one that always leads on is left in the step that comes to it. */
function restingIn(node: AnyStateNode): AnyStateNode[] {
  const inner = Object.values(node.states);
  if (inner.length > 0) return inner.flatMap(restingIn);
  return node.always?.some(({ guard }) => !guard) ? [] : [node];
}

test('no effect of any machine can fail without a way on', () => {
  const invokes = [reconcilerMachine, remoteMachine, observerMachine].flatMap(({ root }) => invokesIn(root));
  expect(invokes.map(([invoke]) => invoke)).toContain('activate');
  expect(invokes.filter(([, hasOnError]) => !hasOnError)).toEqual([]);
});

function invokesIn(node: AnyStateNode): (readonly [string, boolean])[] {
  const own = node.invoke.map(({ id }) => [id, node.transitions.has(`xstate.error.actor.${id}`)] as const);
  return [...own, ...Object.values(node.states).flatMap(invokesIn)];
}

interface Walked {
  readonly states: readonly Snapshot[];
  readonly transitions: number;
  /** What is broken, each sentence once. */
  readonly broken: readonly string[];
}

/** Judges every way out of every state, and keeps of all snapshots that are one state only the first: there is no room for more. */
function walk(scenario: Scenario): Walked {
  const { start, from = [], world, outcomes, slowMirror = false, most = Infinity } = scenario;
  const times = new WeakMap<Snapshot, number>();
  const keys = new WeakMap<Snapshot, string>();
  const states = new Map<string, Snapshot>();
  const broken = new Set<string>();
  let now = epoch;
  let transitions = 0;
  const move = (snapshot: Snapshot, event: Event, scope: Scope): Snapshot => {
    now = times.get(snapshot) ?? epoch;
    now = timeOf(snapshot, event, now);
    const moved = reconcilerMachine.transition(snapshot, event, scope);
    times.set(moved, now);
    const asks = (moved.value as { source: string }).source === 'assessing';
    if (slowMirror || !asks) return moved;
    return move(moved, done('assess', known), scope);
  };
  const asState = (snapshot: Snapshot): Snapshot => {
    const key = createHash('sha1')
      .update(abstract(snapshot, times.get(snapshot) ?? epoch))
      .digest('base64');
    if (!states.has(key)) {
      states.set(key, snapshot);
      keys.set(snapshot, key);
    }
    return states.get(key)!;
  };
  const step = (before: Snapshot, event: Event, scope: Scope): Snapshot => {
    const after = move(before, event, scope);
    const transition = { before, event, after };
    for (const sentence of [...brokenBy(transition), ...conditionsBrokenBy(transition)]) broken.add(sentence);
    transitions += 1;
    return asState(after);
  };
  const begin = (scope: Scope, given: ReconcilerInput): Snapshot => {
    const told = from.map((one) =>
      'remote' in one ? { ...offers('origin', null), offer: one } : sees(one),
    ) as unknown as Event[];
    const first = reconcilerMachine.getInitialSnapshot(scope, given);
    return asState(told.reduce((snapshot, event) => move(snapshot, event, scope), first));
  };
  const logic = Object.assign(Object.create(reconcilerMachine) as typeof reconcilerMachine, {
    transition: step,
    getInitialSnapshot: begin,
  });
  getAdjacencyMap(
    logic as never,
    {
      input: input({ policy, now: () => now, uptime: () => now - epoch, ...start }),
      events: (snapshot: Snapshot) => [...(world as unknown as Event[]), ...ownEvents(snapshot, outcomes)],
      serializeState: (snapshot: Snapshot) => keys.get(snapshot)!,
      stopWhen: () => states.size > most,
      limit: 2_000_000,
    } as never,
  );
  const [first] = states.values();
  return { states: [...states.values()], transitions, broken: [...brokenIn(first!), ...broken] };
}

type Scope = Parameters<typeof reconcilerMachine.transition>[2];

const done = (actorId: string, output: unknown): Event =>
  (output instanceof Error
    ? { type: `xstate.error.actor.${actorId}`, error: output, actorId }
    : { type: `xstate.done.actor.${actorId}`, output, actorId }) as unknown as Event;

/** The ends of the effects that run, and the timers that are set. */
function ownEvents(snapshot: Snapshot, outcomes: Outcomes): Event[] {
  const nodes = getStateNodes(reconcilerMachine.root, snapshot.value);
  const effects = nodes.flatMap(({ invoke }) => invoke.map(({ id }) => id));
  const timers = new Set(nodes.flatMap(({ after }) => after.map(({ eventType }) => eventType)));
  return [
    ...effects.flatMap((name) => (outcomes[name]?.(snapshot) ?? []).map((outcome) => done(name, outcome))),
    ...[...timers].map((type) => ({ type }) as unknown as Event),
  ];
}

/** A timer fires when it is due; all else happens at once. */
function timeOf({ context }: Snapshot, { type }: { type: string }, now: number): number {
  const [, kind, timer] = type.split('.');
  if (kind !== 'after') return now;
  if (timer === 'probation') return now + probationPause(context);
  const due = {
    failure: context.facts.failure?.until ?? context.facts.rollbackRow?.until,
    gate: context.waiting?.nextCheck,
    suspension: context.facts.suspended?.until ? Date.parse(context.facts.suspended.until) : undefined,
  }[timer!];
  return Math.max(now, due ?? now + 60_000);
}

/**
 * A state without times, ids, logs and history, but with whether a time has come and with all that the world sees of it, so
 * that the space is bounded.
 */
function abstract(snapshot: Snapshot, now: number): string {
  const { value, context } = snapshot;
  const { facts, observed, target, evaluation, waiting } = context;
  const { deployment, failure, expected, committedMain } = facts;
  const heads = (made: Readonly<Record<string, RemoteOffer>>) =>
    Object.values(made)
      .map(({ remote, main, testing }) => `${remote} ${main?.commit.id} ${testing?.commit.id}`)
      .toSorted();
  return JSON.stringify([
    value,
    heads(context.heard),
    context.offers === context.heard || heads(context.offers),
    hearing.isAssessed(context),
    target && [target.commit, target.operation, target.trigger],
    evaluation && [evaluation.toplevel, evaluation.machineId],
    [context.built, isInspected(context), context.inspection?.abide],
    [context.admitted, facts.pendingHooks.map(({ hook, commit }) => `${hook} ${commit}`)],
    waiting && [waiting.gate, waiting.nextCheck === null || waiting.nextCheck > now],
    [context.asked !== null, context.supersessions, context.request?.pending, context.rollbackFailures > 0],
    [
      facts.lastResort !== null,
      facts.unwell?.looks,
      facts.rollbackRow?.commits,
      (facts.rollbackRow?.until ?? 0) > now,
    ],
    policyOfReboot(context) && context.rollbackFailures,
    [facts.floor?.commit, facts.offered, facts.spentTesting, facts.bootId, facts.hold !== null],
    facts.quarantine.map(({ commit, toplevel }) => `${commit} ${toplevel}`).toSorted(),
    [expected, committedMain].map((at) => at && [at.commit, at.operation, at.current, at.profile]),
    deployment && [
      deployment.commit,
      deployment.toplevel,
      deployment.retried,
      deployment.exitCode,
      deployment.staged,
      deployment.inPlace,
      deployment.reason !== null,
      deployment.confirmation?.at === null,
      deployment.goesBackFrom,
      deployment.previous.toplevel,
    ],
    failure && [failure.commit, failure.class, failure.attempt > 1, failure.stalled, failure.until <= now],
    isOnProbation(value) && probationKey(context, now - epoch),
    facts.awaitsNetwork?.commit,
    facts.goingBack?.toplevel,
    past(facts.deployments),
    deployment?.checks.some(({ status }) => status === 'failing'),
    facts.suspended !== null &&
      (facts.suspended.until === null ? 'held' : Date.parse(facts.suspended.until) > now),
    observed && [observed.current, observed.profile?.toplevel, observed.bootDefault, observed.bootId],
    Object.keys(facts.driftSince).toSorted(),
    shownOf(snapshot),
  ]);
}

/** History as far as anything looks at it: the newest deployment of every commit and system, and what was cut off before. */
function past(deployments: readonly Deployment[]): unknown {
  const nameOf = ({ commit, toplevel, trigger }: Deployment) => `${commit} ${toplevel} ${trigger === 'boot'}`;
  const names = deployments.map(nameOf);
  const newest = deployments.filter((one, index) => names.indexOf(nameOf(one)) === index);
  const cutOff = deployments.filter(({ outcome }) => outcome === 'interrupted').map(nameOf);
  return [newest.map((one) => `${nameOf(one)} ${one.outcome}`), [...new Set(cutOff)].toSorted()];
}

/** How often a rollback failed matters only where it leads to a reboot. */
function policyOfReboot({ policy: { rollback } }: Snapshot['context']): boolean {
  return rollback.lastResort === 'reboot';
}

function isOnProbation(value: unknown): boolean {
  const { pipeline } = value as { readonly pipeline: unknown };
  return typeof pipeline === 'object' && pipeline !== null && 'probation' in pipeline;
}

function probationKey({ round, facts }: Snapshot['context'], uptime: number): unknown {
  const { activatedAt, steadySince } = facts.probation!.clock!;
  const since = (time: number | null) => time !== null && Math.min(uptime - time, 4000);
  return [round?.standing, since(activatedAt), since(steadySince), since(round?.endedAt ?? null)];
}

test('the walk tells states apart by what they do', () => {
  expect(pipelineOf(walk({ world: [], outcomes: works }).states[0]!)).toBe('observing');
});
