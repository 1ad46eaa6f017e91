import { createMetrics, type Metrics } from '../../metrics/observe.ts';
import { createApiServer } from '../api/server.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { abideVersion } from '../domain/abide-version.ts';
import type { Log } from '../domain/log.ts';
import { modeFor } from '../domain/trust-policy.ts';
import type { Recovered } from '../state/recover.ts';
import { createAdapters, type Adapters } from './adapters.ts';
import { createCommands } from './commands.ts';
import { createEffects } from './effects.ts';
import { startHousekeeping } from './housekeeping.ts';
import { startPlanner } from './start-planner.ts';
import { createKeeper } from './keeper.ts';
import { keepListening } from './listen.ts';
import { createNews, type News } from './news.ts';
import { createOwnEnding, type OwnEnd } from './own-end.ts';
import { createOwnProofs, type Started } from './own-proof.ts';
import { deadManSeconds, policyOf, ruleOf } from './policy-of.ts';
import { createProgressBoard } from './progress-board.ts';
import { recordEmitted } from './record-emitted.ts';
import { createReport } from './report.ts';
import { startAudit } from './start-audit.ts';
import { createRetirement } from './retirement.ts';
import { createLoop } from './start-loop.ts';
import { startMetrics } from './start-metrics.ts';
import { prepareState } from './prepare-state.ts';
import { trustPolicyOf } from './trust-of.ts';
import { bootClocks, uptime } from './uptime.ts';
import { releaseRoots } from './take-leave.ts';
import { viewOf } from './view.ts';
import { watchLocalRemotes } from './watch-local-remotes.ts';

/** What a daemon is started with. */
export interface DaemonInput {
  readonly config: Config;
  readonly environment: Environment;
  /** What this process was started as. */
  readonly started: Started;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** A daemon that runs. */
export interface RunningDaemon {
  /** Resolves with 1 when the loop itself broke, which is a bug; systemd then starts it anew from the journal. */
  readonly failed: Promise<number>;
  /** Resolves when another abide is to go on here, or none. */
  readonly ended: Promise<OwnEnd>;
  /** Lets go of all that was kept from collection; for a daemon that ends for good. */
  readonly release: () => Promise<void>;
  /** True while a deployment runs. */
  readonly isBusy: () => boolean;
  /** Ends what runs, but never a switch, and writes the journal. */
  stop(): Promise<void>;
}

/** Counters that change without a decision reach the disk this often, in milliseconds. */
const saveEveryMs = 5 * 60_000;

/** Puts everything together and starts it: adapters, what earlier daemons left, the loop, the listeners. */
export async function startDaemon(input: DaemonInput): Promise<RunningDaemon> {
  const { config, log, stopping } = input;
  const now = () => Date.now();
  const board = createProgressBoard(now);
  const adapters = createAdapters({ ...input, now, onProgress: board.post });
  const state = await prepareState(input, adapters, now);
  const metrics = createMetrics({
    remotes: config.source.remotes.map(({ name }) => name),
    checks: adapters.checkNames,
    version: abideVersion,
    now,
  });
  metrics.restore(state.counters);
  const core = await createCore({ ...input, adapters, state, metrics, board, now });
  const { loop, keeper, report, ending } = core;
  board.listen(() => report.touch());
  const failed = driveLoop(core, metrics, log);
  const planner = startPlanner(input, adapters, core);
  const api = createApiServer({
    ...config.api,
    log,
    handlers: createCommands({ ...core, ...adapters, planner, stopping, now }),
  });
  const scrapes = startMetrics({
    config,
    metrics,
    log,
    now,
    lastLook: () => core.view().observed?.at ?? null,
    refresh: report.refresh,
  });
  keepListening({
    what: 'the control socket',
    listen: () => api.listen().then(core.serves),
    log,
    signal: stopping,
  });
  const moved = (remote: string) => loop.actor.send({ type: 'remote.moved', remote });
  const unwatch = watchLocalRemotes(config.source.remotes, moved, log);
  const saver = setInterval(keeper.save, saveEveryMs);
  const facts = () => loop.actor.getSnapshot().context.facts;
  const endHousekeeping = startHousekeeping({
    ...adapters,
    stateDir: config.state.dir,
    facts,
    log,
    stopping,
  });
  return {
    failed,
    ended: ending.ended,
    release: () => releaseRoots(adapters.roots, facts(), log),
    isBusy: () => loop.actor.getSnapshot().context.facts.deployment !== null,
    stop: async () => {
      clearInterval(saver);
      endHousekeeping();
      unwatch();
      loop.actor.stop();
      await Promise.all([api.close(), scrapes.close()]);
      await loop.idle();
      keeper.save();
    },
  };
}

/** The loop with everything that remembers and reports it. */
async function createCore(
  input: DaemonInput & {
    readonly adapters: Adapters;
    readonly state: Recovered & { readonly machineId: string | null };
    readonly metrics: Metrics;
    readonly board: ReturnType<typeof createProgressBoard>;
    readonly now: () => number;
  },
) {
  const { config, log, stopping, adapters, state, metrics, board, now } = input;
  const trustPolicy = trustPolicyOf(config);
  const self = { supervised: input.environment.supervised, startedAt: uptime() - process.uptime() * 1000 };
  const ending = createOwnEnding(state.facts, self, log);
  let requested: string | null = null;
  let isServing = false;
  const news = createNews({ events: state.events, nextId: state.nextEventId, now, log });
  tellRecovery(state.recovery, news);
  const view = () =>
    viewOf(loop.actor.getSnapshot(), {
      host: config.host,
      version: abideVersion,
      mode: config.mode,
      remotes: config.source.remotes.map((remote) => ({
        ...ruleOf(remote),
        url: remote.url,
        signed: modeFor(trustPolicy, remote.name) !== 'none',
      })),
      progress: board.current,
      verifying: board.verifying,
      requested: () => requested,
    });
  const report = createReport({ view, metrics, conditions: state.conditions, now });
  const keeper = createKeeper({
    ...adapters,
    facts: state.facts,
    news,
    counters: metrics.dump,
    conditions: report.conditions,
    log,
  });
  const effects = createEffects({
    ...adapters,
    keeper,
    onProgress: board.post,
    facts: () => loop.actor.getSnapshot().context.facts,
    heard: () => loop.actor.getSnapshot().context.heard,
    renew: ending.renew,
    ownProofs: createOwnProofs({
      ...adapters,
      started: input.started,
      context: () => loop.actor.getSnapshot().context,
      isServing: () => isServing,
    }),
    source: config.source,
    activateTimeoutMs: config.activate.timeout,
    deadManSeconds: (probation) => deadManSeconds(config, probation),
    pollEnded: metrics.phaseEnded,
    now,
    log,
  });
  const loop = createLoop(
    {
      policy: policyOf(config),
      facts: state.facts,
      heard: await effects.remembered(state.facts, stopping),
      machineId: state.machineId ?? config.host,
      polls: config.source.remotes.map(({ name, poll }) => ({ name, pollMs: poll })),
      observeEveryMs: config.drift.interval,
      self,
      now,
      ...bootClocks,
      random: Math.random,
    },
    effects,
  );
  const note = (token: string) => {
    requested = token;
  };
  const auditor = startAudit({ ...input, ...adapters, recovered: state });
  return {
    loop,
    actor: loop.actor,
    view,
    report,
    keeper,
    news,
    auditor,
    deadMan: adapters.deadMan,
    requested: note,
    ending,
    serves: () => {
      isServing = true;
    },
  };
}

function tellRecovery({ kind, messages }: Recovered['recovery'], news: News): void {
  if (kind !== 'recovered' && kind !== 'held') return;
  news.add({ type: 'state.lost', severity: 'error', message: messages.join('; ') });
}

/** What moves a counter that is kept. */
const counted: ReadonlySet<string> = new Set(['failed', 'reconciled', 'rejected', 'rolledBack']);

/** Starts the loop; every transition is kept on disk and reported. The result resolves when the loop broke. */
function driveLoop(
  { loop, keeper, report, news, auditor, deadMan, ending }: Awaited<ReturnType<typeof createCore>>,
  metrics: Metrics,
  log: Log,
): Promise<number> {
  const retire = createRetirement({ deadMan, keeper, log });
  const failed = new Promise<number>((resolve) => {
    loop.actor.subscribe({
      next: ({ context }) => {
        if (report.refresh()) keeper.counted();
        keeper.offer(context.facts);
        retire(context.facts);
        auditor.look(context);
        ending.look(context.facts);
      },
      error: (error) => {
        log.error({ err: error }, 'bug: the loop broke; the daemon ends and starts anew from its journal');
        resolve(1);
      },
    });
  });
  loop.actor.on('*', (emitted) => {
    if (counted.has(emitted.type)) keeper.counted();
    recordEmitted(emitted, { news, metrics, log });
  });
  loop.actor.start();
  return failed;
}
