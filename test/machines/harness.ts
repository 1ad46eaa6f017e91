import { setImmediate as tick } from 'node:timers/promises';
import { createActor, fromPromise, SimulatedClock, type PromiseActorLogic } from 'xstate';
import { noAncestry, type Ancestry } from '../../src/domain/ancestry.ts';
import type { LoaderInstalled } from '../../src/domain/boot-once.ts';
import type { CheckSeen } from '../../src/domain/check.ts';
import type { CommitId } from '../../src/domain/commit.ts';
import type { Deployment, SwitchResult, WentBack } from '../../src/domain/deployment.ts';
import type { Evaluation } from '../../src/domain/evaluation.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { Fetched } from '../../src/domain/fetched.ts';
import type { Inspection } from '../../src/domain/inspection.ts';
import type { HookOrder, HookResult } from '../../src/domain/hook.ts';
import type { Observed } from '../../src/domain/observed.ts';
import type { Comparison } from '../../src/domain/preflight.ts';
import type { Probe, ProbeOrder } from '../../src/domain/probe.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Head, RemoteOffer, RemoteRule } from '../../src/domain/remote.ts';
import type { Target } from '../../src/domain/target.ts';
import { observerMachine } from '../../machines/observer.ts';
import type { ReconcilerEmitted, ReconcilerInput } from '../../machines/reconciler-context.ts';
import type { Planned } from '../../machines/planned.ts';
import { reconcilerMachine } from '../../machines/reconciler.ts';
import { remoteMachine } from '../../machines/remote.ts';

/** A full commit id from a short name, so that tests read. */
export const id = (name: string): CommitId => Buffer.from(name).toString('hex').padEnd(40, '0');

/** A toplevel from a short name. */
export const top = (name: string): string => `/nix/store/${name}`;

export const epoch = Date.parse('2026-01-01T00:00:00Z');

/** A head that trust accepts. */
export function head(name: string): Head {
  const commit = {
    id: id(name),
    subject: `subject of ${name}`,
    author: 'Ada',
    committedAt: '2026-01-01T00:00:00.000Z',
  };
  return {
    commit,
    verdict: { status: 'accepted', reason: null, message: null, candidate: id(name), signer: null },
    candidate: { commit, payloadHash: null },
    refused: [],
    rangeSize: 1,
  };
}

export function offer(remote: string, main: string | null, testing: string | null = null): RemoteOffer {
  return { remote, main: main ? head(main) : null, testing: testing ? head(testing) : null };
}

/** A host that runs `current`, by default also in profile and boot default. */
export function host(current: string | null, more: Partial<Observed> = {}): Observed {
  const toplevel = current === null ? null : top(current);
  return {
    at: epoch,
    hostName: 'web1',
    machineId: 'machine',
    bootId: 'boot-1',
    current: toplevel,
    specialisation: null,
    currentRevision: null,
    booted: toplevel,
    bootedRevision: null,
    profile: toplevel === null ? null : { generation: 1, toplevel },
    bootDefault: toplevel,
    rebootReasons: [],
    currentSince: null,
    profileSince: null,
    newestGeneration: null,
    foreignProfiles: [],
    units: null,
    switchRunning: false,
    ...more,
  };
}

export function evaluation(name: string, toplevel = name, more: Partial<Evaluation> = {}): Evaluation {
  return {
    commit: id(name),
    derivation: `/nix/store/${toplevel}.drv`,
    toplevel: top(toplevel),
    hostName: 'web1',
    machineId: null,
    configurationRevision: null,
    ...more,
  };
}

/** A system that may be switched to. */
export const unhindered: Comparison = { inhibitors: [], rebootReasons: [], init: null };

export const fine: SwitchResult = { exitCode: 0, signal: null, timedOut: false, log: [] };

/** A built system of which nothing special is to be said. */
export function inspected(against: string | null, more: Partial<Inspection> = {}): Inspection {
  return { against, abide: 'unchanged', removal: null, probation: null, canGoBack: true, ...more };
}

/** One check as a look found it. */
export function seen(name: string, status: CheckSeen['status'], more: Partial<CheckSeen> = {}): CheckSeen {
  const message = status === 'passing' ? null : `${name} is ${status}`;
  return { name, status, durationSeconds: 0, message, definitive: false, well: [], unwell: [], ...more };
}

/** A look at a system on probation. */
export function probed(observed: Observed, ...checks: readonly CheckSeen[]): Probe {
  return { observed, checks };
}

/** The dead-man was asked to go back, and did: the host is as observed now. */
export function went(observed: Observed, more: Partial<WentBack> = {}): WentBack {
  return { observed, byItself: false, note: null, ...more };
}

/** A linear history: each name descends from those before it. Branches: several lines. */
export function history(...lines: readonly string[]): Ancestry {
  const pairs = new Set<string>();
  for (const line of lines) {
    const names = line.split(' ');
    names.forEach((ancestor, i) => {
      for (const descendant of names.slice(i + 1)) pairs.add(`${id(ancestor)}..${id(descendant)}`);
    });
  }
  return { pairs };
}

const rules: readonly RemoteRule[] = [
  {
    name: 'origin',
    main: { name: 'main', operation: 'switch' },
    testing: { name: 'testing-web1', operation: 'test' },
  },
  { name: 'local', main: { name: 'main', operation: 'switch' }, testing: null },
];

export const policy: Policy = {
  mode: 'enforce',
  remotes: rules,
  attempts: { evaluate: 3, build: 5 },
  stageWhen: [],
  drift: { policy: 'report', graceMs: 600_000 },
  probation: { settleMs: 0, stableForMs: 0, deadlineMs: 300_000 },
  hooks: [],
  allowRemovingAbide: false,
  rollback: { enabled: true, lastResort: 'none' },
  confirm: false,
  networkRemotes: ['origin'],
  trust: { signed: false, floorSeen: false, allowReplay: false, quorum: 1, anchored: false },
  keepDeployments: 50,
};

export function input(more: Partial<ReconcilerInput> = {}): ReconcilerInput {
  return {
    policy,
    facts: noFacts,
    heard: {},
    machineId: 'machine',
    polls: [
      { name: 'origin', pollMs: 60_000 },
      { name: 'local', pollMs: 5_000 },
    ],
    observeEveryMs: 30_000,
    self: { supervised: false, startedAt: 0 },
    now: () => epoch,
    uptime: () => 0,
    asleep: () => 0,
    random: () => 0.5,
    ...more,
  };
}

interface Call {
  readonly name: string;
  readonly input: unknown;
  readonly signal: AbortSignal;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A reconciler whose every effect waits until the test settles it, on a clock that the test moves. */
export function startReconciler(more: Partial<ReconcilerInput> = {}) {
  const clock = new SimulatedClock();
  const calls: Call[] = [];
  const emitted: ReconcilerEmitted[] = [];
  const manual = <Output, Input>(name: string): PromiseActorLogic<Output, Input> =>
    fromPromise(
      ({ input, signal }) =>
        new Promise<Output>((resolve, reject) => {
          calls.push({ name, input, signal, resolve: resolve as (value: unknown) => void, reject });
        }),
    );
  const machine = reconcilerMachine.provide({
    actors: {
      remote: remoteMachine.provide({
        actors: {
          fetch: manual<Fetched, string>('fetch'),
          verify: manual<RemoteOffer, Fetched | null>('verify'),
        },
      }),
      observer: observerMachine.provide({ actors: { observe: manual<Observed, undefined>('observe') } }),
      assess: manual<Ancestry, readonly CommitId[]>('assess'),
      evaluate: manual<Evaluation, Target>('evaluate'),
      realise: manual<Inspection, Planned>('realise'),
      prepare: manual<readonly CheckSeen[] | null, Deployment>('prepare'),
      compare: manual<Comparison, Deployment>('compare'),
      check: manual<void, Deployment>('check'),
      arm: manual<string | null, Deployment>('arm'),
      activate: manual<SwitchResult, Deployment>('activate'),
      look: manual<Observed, Deployment>('look'),
      probe: manual<Probe, ProbeOrder>('probe'),
      review: manual<readonly CheckSeen[], ProbeOrder>('review'),
      setProfile: manual<void, Deployment>('setProfile'),
      installLoader: manual<LoaderInstalled, Deployment>('installLoader'),
      finish: manual<Observed, Deployment>('finish'),
      handOver: manual<void, Deployment>('handOver'),
      disarm: manual<void, Deployment>('disarm'),
      restore: manual<Observed, Deployment>('restore'),
      rollBack: manual<WentBack, Deployment>('rollBack'),
      reboot: manual<void, Deployment>('reboot'),
      admit: manual<HookResult, HookOrder>('admit'),
      runHook: manual<HookResult, HookOrder>('runHook'),
    },
  });
  const actor = createActor(machine, {
    clock,
    input: input({ now: () => epoch + clock.now(), uptime: () => clock.now(), ...more }),
  });
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.on('*', (event) => emitted.push(event));
  actor.start();
  let ancestry: Ancestry = noAncestry;

  const open = (name: string, wanted: (call: Call) => boolean = () => true) =>
    calls.findLast((call) => call.name === name && !call.signal.aborted && wanted(call));
  const settle = async (call: Call | undefined, name: string, outcome: unknown) => {
    if (!call) throw new Error(`nothing waits for ${name}; open: ${calls.map((c) => c.name).join(' ')}`);
    calls.splice(calls.indexOf(call), 1);
    if (outcome instanceof Error) call.reject(outcome);
    else call.resolve(name === 'installLoader' ? (outcome ?? { once: false, why: null }) : outcome);
    await tick();
    await tick();
    if (name !== 'assess') await assessAll();
  };
  const assessAll = async () => {
    for (let call = open('assess'); call; call = open('assess')) await settle(call, 'assess', ancestry);
  };
  return {
    actor,
    clock,
    calls,
    emitted,
    errors,
    /** History that the mirror knows from here on. */
    knows: (next: Ancestry) => {
      ancestry = next;
    },
    context: () => actor.getSnapshot().context,
    facts: (): Facts => actor.getSnapshot().context.facts,
    pipeline: (): string => {
      const { pipeline } = actor.getSnapshot().value as { pipeline: string | Record<string, string> };
      return typeof pipeline === 'string' ? pipeline : Object.entries(pipeline)[0]!.join('.');
    },
    mode: () => (actor.getSnapshot().value as { mode: string }).mode,
    /** Effects that wait and are not aborted, by name. */
    waiting: () => calls.filter(({ signal }) => !signal.aborted).map(({ name }) => name),
    open,
    settleOnly: (name: string, outcome: unknown) => settle(open(name), name, outcome),
    /**
     * A rollback's end is followed by a look at the system before, which here finds all well; and what was prepared is
     * compared, checked and armed, which here holds nothing up. Where profile or boot loader fail, the host is looked at.
     */
    settle: async (name: string, outcome: unknown = usual(name, open(name)?.input)) => {
      await settle(open(name), name, outcome);
      if (name === 'prepare' && open('compare')) await settle(open('compare'), 'compare', unhindered);
      if (name === 'prepare' && open('check')) await settle(open('check'), 'check', undefined);
      if (name === 'prepare' && open('arm')) await settle(open('arm'), 'arm', null);
      if (name === 'rollBack' && open('review')) await settle(open('review'), 'review', []);
      const isLeft = (name === 'setProfile' || name === 'installLoader') && open('look');
      if (isLeft) await settle(open('look'), 'look', actor.getSnapshot().context.observed);
    },
    /** The remote's running poll ends with this offer. */
    offers: async (made: RemoteOffer) => {
      const { remote } = made;
      await settle(
        open('fetch', ({ input }) => input === remote),
        `fetch of ${remote}`,
        { ...fetchedOf(made) },
      );
      await settle(
        open('verify', ({ input }) => (input as Fetched).remote === remote),
        `verify of ${remote}`,
        made,
      );
    },
    /** The remote's running poll fails. */
    fails: (remote: string, error: Error) =>
      settle(
        open('fetch', ({ input }) => input === remote),
        `fetch of ${remote}`,
        error,
      ),
    observes: (observed: Observed) => settle(open('observe'), 'observe', observed),
    assessAll,
    wait: async (ms: number) => {
      clock.increment(ms);
      await tick();
      await assessAll();
    },
  };
}

/** How an effect ends when all is well and nothing is said of it. */
function usual(name: string, given: unknown): unknown {
  if (name === 'realise' && given) return inspected((given as Planned).running);
  return name === 'prepare' ? [] : undefined;
}

export type Driven = ReturnType<typeof startReconciler>;

function fetchedOf({ remote, main, testing }: RemoteOffer): Fetched {
  return { remote, main: main?.commit ?? null, testing: testing?.commit ?? null, changed: true };
}

/** Drives a reconciler from its start until it evaluates the first commit on a host that runs `current`. */
export async function untilEvaluating(driven: Driven, current: string | null, main: string): Promise<void> {
  await driven.observes(host(current));
  await driven.offers(offer('origin', main));
}

/** Drives a switch of the evaluated commit to its end: the host runs `toplevel` afterwards. */
export async function deploy(driven: Driven, name: string, toplevel = name): Promise<void> {
  await driven.settle('evaluate', evaluation(name, toplevel));
  await driven.settle('realise');
  await driven.settle('prepare');
  await driven.settle('activate', fine);
  await driven.settle('look', host(toplevel, { profile: null, bootDefault: null }));
  await driven.settle('probe', probed(host(toplevel, { profile: null, bootDefault: null })));
  await driven.settle('disarm');
  await driven.settle('setProfile');
  await driven.settle('installLoader');
  await driven.settle('finish', host(toplevel));
}
