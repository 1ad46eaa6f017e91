import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { abideVersion } from '../domain/abide-version.ts';
import { deriveConditions } from '../domain/conditions.ts';
import type { Progress } from '../domain/evaluation.ts';
import { hostStatus } from '../domain/host-status.ts';
import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';
import type { Condition } from '../domain/status.ts';
import { configHash } from '../config/hash.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { createApiServer } from '../api/server.ts';
import { createMetrics } from '../../metrics/observe.ts';
import { createAdapters, ruleOf } from './adapters.ts';
import { createCommands } from './commands.ts';
import { createEffects } from './effects.ts';
import { createKeeper } from './keeper.ts';
import { keepListening } from './listen.ts';
import { loadState } from './state.ts';
import { createNews } from './news.ts';
import { policyOf } from './policy-of.ts';
import { createLoop } from './start-loop.ts';
import { startMetrics } from './start-metrics.ts';
import { recordEmitted } from './record-emitted.ts';
import { viewOf } from './view.ts';
import { watchLocalRemotes } from './watch-local-remotes.ts';

/** What a daemon is started with. */
export interface DaemonInput {
  readonly config: Config;
  readonly environment: Environment;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** A daemon that runs. */
export interface RunningDaemon {
  /** Resolves with 1 when the loop itself broke, which is a bug; systemd then starts it anew from the journal. */
  readonly failed: Promise<number>;
  /** Ends what runs, but never a switch, and writes the journal. */
  stop(): Promise<void>;
}

/** Counters that change without a decision reach the disk this often, in milliseconds. */
const saveEveryMs = 5 * 60_000;

/** Puts everything together and starts it: adapters, state, machine, listeners. */
export async function startDaemon({
  config,
  environment,
  log,
  stopping,
}: DaemonInput): Promise<RunningDaemon> {
  const now = () => Date.now();
  let progress: (Progress & { since: number }) | null = null;
  const statusListeners = new Set<() => void>();
  const tellStatus = () => {
    for (const listener of statusListeners) listener();
  };
  const onProgress = (next: Progress) => {
    progress = { ...next, since: progress?.phase === next.phase ? progress.since : now() };
    tellStatus();
  };
  const adapters = createAdapters({ config, environment, now, onProgress, log });
  const mirrorExists = existsSync(join(config.state.dir, 'repo', '.git', 'HEAD'));
  await adapters.mirror.open(stopping).catch((error: unknown) => {
    log.error({ err: toProblem(error) }, 'the mirror cannot be opened; it is tried again with every poll');
  });
  const observed = await adapters.observer.observe();
  const state = await loadState({
    adapters,
    mirrorExists,
    anchor: config.trust.anchor,
    configHash: configHash(config),
    observed,
    log,
    now,
    stopping,
  });
  let conditions: readonly Condition[] = state.conditions;
  const news = createNews({ events: state.events, nextId: state.nextEventId, now, log });
  const metrics = createMetrics({
    remotes: config.source.remotes.map(({ name }) => name),
    version: abideVersion,
    now,
  });
  metrics.restore(state.counters);
  const keeper = createKeeper({
    ...adapters,
    facts: state.facts,
    news,
    counters: metrics.dump,
    conditions: () => conditions,
    log,
  });
  const effects = createEffects({
    ...adapters,
    keeper,
    onProgress,
    facts: () => loop.actor.getSnapshot().context.facts,
    source: config.source,
    activateTimeoutMs: config.activate.timeout,
    log,
  });
  const loop = createLoop(
    {
      policy: policyOf(config),
      facts: state.facts,
      heard: await effects.remembered(stopping),
      machineId: observed.machineId ?? config.host,
      polls: config.source.remotes.map(({ name, poll }) => ({ name, pollMs: poll })),
      observeEveryMs: config.drift.interval,
      now,
      random: Math.random,
    },
    effects,
  );
  let requested: string | null = null;
  const view = () =>
    viewOf(loop.actor.getSnapshot(), {
      host: config.host,
      version: abideVersion,
      mode: config.mode,
      trustMode: config.trust.mode,
      remotes: config.source.remotes.map((remote) => ({ ...ruleOf(remote), url: remote.url })),
      progress: () => progress,
      requested: () => requested,
    });
  const nowIso = () => new Date(now()).toISOString();
  const failed = new Promise<number>((resolve) => {
    loop.actor.subscribe({
      next: ({ context }) => {
        keeper.offer(context.facts);
        const seen = view();
        conditions = deriveConditions(seen, conditions, nowIso());
        metrics.updateFrom(seen, conditions);
        tellStatus();
      },
      error: (error) => {
        log.error({ err: error }, 'bug: the loop broke; the daemon ends and starts anew from its journal');
        resolve(1);
      },
    });
  });
  loop.actor.on('*', (emitted) => recordEmitted(emitted, { news, metrics }));
  const status = () => hostStatus(view(), conditions, nowIso());
  const api = createApiServer({
    socket: config.api.socket,
    group: config.api.group,
    log,
    handlers: createCommands({
      actor: loop.actor,
      mirror: adapters.mirror,
      news,
      keeper,
      status,
      onStatus: (listener) => {
        statusListeners.add(listener);
        return () => statusListeners.delete(listener);
      },
      requested: (token) => {
        requested = token;
      },
      stopping,
      now,
    }),
  });
  loop.actor.start();
  keepListening({ what: 'the control socket', listen: api.listen, log, signal: stopping });
  const scrapes = startMetrics({
    config,
    metrics,
    log,
    now,
    lastLook: () => view().observed?.at ?? null,
    refresh: () => metrics.updateFrom(view(), conditions),
  });
  const unwatch = watchLocalRemotes(
    config.source.remotes,
    (remote) => loop.actor.send({ type: 'remote.moved', remote }),
    log,
  );
  const saver = setInterval(() => keeper.save(), saveEveryMs);
  return {
    failed,
    stop: async () => {
      clearInterval(saver);
      unwatch();
      loop.actor.stop();
      await Promise.all([api.close(), scrapes?.close()]);
      await loop.idle();
      keeper.save();
    },
  };
}
