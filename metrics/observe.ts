import { cpuUsage, memoryUsage, uptime } from 'node:process';
import type { LoopView } from '../src/domain/loop-view.ts';
import type { RejectionReason } from '../src/domain/remote.ts';
import { epochSeconds } from '../src/domain/rfc3339.ts';
import { standing } from '../src/domain/standing.ts';
import type { Condition } from '../src/domain/status.ts';
import {
  phases,
  type FetchResult,
  type MetricName,
  type Phase,
  type ReconcileResult,
  type RollbackReason,
} from './catalogue.ts';
import { createKeptValues } from './kept-values.ts';
import { createCounted } from './counted.ts';
import { createEndedDeployments } from './ended-deployments.ts';
import { createRegistry, type Labels } from './registry.ts';
import { setHealthGauges } from './health-gauges.ts';
import { setViewGauges } from './view-gauges.ts';

/** What the daemon tells its metrics, and what it gets from them. */
export interface Metrics {
  readonly contentType: string;
  /** The text for Prometheus, in format 0.0.4. */
  readonly scrape: () => Promise<string>;
  /** The same for node_exporter, without what tells of the process and not of the host. */
  readonly textfile: () => Promise<string>;
  /** Sets all gauges; called at every change and before a scrape. */
  readonly updateFrom: (view: LoopView, conditions: readonly Condition[]) => void;
  readonly reconcileEnded: (result: ReconcileResult) => void;
  /** A phase that is not in the catalogue is left out. */
  readonly phaseEnded: (phase: Phase | (string & {}), seconds: number, ok: boolean) => void;
  /** Counts a failure whose duration is told, or not known, elsewhere. */
  readonly phaseFailed: (phase: Phase | (string & {})) => void;
  /** Counted once for each remote and commit, also across restarts. */
  readonly rejection: (reason: RejectionReason, remote: string, commit: string) => void;
  readonly rollback: (reason: RollbackReason) => void;
  readonly fetch: (remote: string, result: FetchResult) => void;
  /** What the journal keeps. */
  readonly dump: () => Record<string, number>;
  /** Called once at the start; counters go on from there, and what the catalogue does not know is dropped. */
  readonly restore: (values: Readonly<Record<string, number>>) => void;
}

/** Metrics in a registry of their own; `now` is epoch milliseconds. */
export function createMetrics(deps: {
  readonly remotes: readonly string[];
  /** Names of the health checks that are on. */
  readonly checks: readonly string[];
  readonly version: string;
  readonly now: () => number;
}): Metrics {
  const registry = createRegistry(deps);
  const kept = createKeptValues(deps);
  const rejected = createCounted('rejected');
  const ended = createEndedDeployments();
  const configured = new Set(deps.remotes);
  registry.set('abide_build_info', 1, { version: deps.version });
  registry.set('process_start_time_seconds', deps.now() / 1000 - uptime());

  const count = (name: MetricName, labels: Labels, by = 1) => {
    registry.add(name, by, labels);
    kept.set(name, kept.get(name, labels) + by, labels);
  };
  const put = (name: MetricName, value: number, labels: Labels = {}) => {
    registry.set(name, value, labels);
    kept.set(name, value, labels);
  };
  const reach = (name: MetricName, seconds: number, labels: Labels = {}) => {
    const before = kept.get(name, labels);
    // A time ahead of the clock is left from a clock that was wrong; it must not stand there until the clock arrives.
    const isWrong = before > deps.now() / 1000 + clockToleranceSeconds;
    if (seconds <= before && !isWrong) return;
    put(name, seconds, labels);
  };
  const stamp = (name: MetricName, labels?: Labels) => reach(name, deps.now() / 1000, labels);
  const phaseFailed: Metrics['phaseFailed'] = (phase) => {
    if (isPhase(phase)) count('abide_reconcile_failures_total', { phase });
  };
  // Before the first answer of a remote nothing is desired: that ends no testing.
  const followTesting = (desired: LoopView['desired']) => {
    const name = 'abide_testing_since_timestamp_seconds';
    if (desired?.role === 'main') put(name, 0);
    if (desired?.role === 'testing' && kept.get(name) === 0) put(name, deps.now() / 1000);
  };
  // Until a remote was asked again, what it did before a restart is what is known of it.
  const followRemotes = (remotes: LoopView['remotes']) => {
    for (const { name: remote, health } of remotes) {
      if (health.up !== null) put('abide_remote_up', health.up ? 1 : 0, { remote });
    }
  };
  let cpuCounted = 0;

  return {
    contentType: registry.contentType,
    scrape: () => {
      const { user, system } = cpuUsage();
      const cpu = (user + system) / 1e6;
      registry.add('process_cpu_seconds_total', Math.max(0, cpu - cpuCounted));
      cpuCounted = cpu;
      registry.set('process_resident_memory_bytes', memoryUsage.rss());
      return registry.text();
    },
    textfile: () => registry.textOfHost(),
    updateFrom: (view, conditions) => {
      setViewGauges(registry, view, conditions);
      setHealthGauges(registry, view);
      for (const [name, seconds, labels] of times(view)) reach(name, seconds, labels);
      for (const outcome of ended.news(view.facts.deployments)) count('abide_deployments_total', { outcome });
      followTesting(view.desired);
      followRemotes(view.remotes);
    },
    reconcileEnded: (result) => {
      count('abide_reconciles_total', { result });
      stamp('abide_reconcile_last_attempt_timestamp_seconds');
      if (successes.has(result)) stamp('abide_reconcile_last_success_timestamp_seconds');
      if (failures.has(result)) stamp('abide_reconcile_last_failure_timestamp_seconds');
    },
    phaseEnded: (phase, seconds, ok) => {
      if (!isPhase(phase)) return;
      registry.observe('abide_phase_duration_seconds', seconds, { phase });
      put('abide_phase_last_duration_seconds', seconds, { phase });
      if (!ok) phaseFailed(phase);
    },
    phaseFailed,
    rejection: (reason, remote, commit) => {
      if (!rejected.isNew(`${remote} ${commit}`)) return;
      count('abide_trust_rejections_total', { reason });
      stamp('abide_trust_last_rejection_timestamp_seconds');
    },
    rollback: (reason) => {
      count('abide_rollbacks_total', { reason });
      stamp('abide_rollback_last_timestamp_seconds', { reason });
    },
    fetch: (remote, result) => {
      if (configured.has(remote)) count('abide_remote_fetches_total', { remote, result });
    },
    dump: () => ({ ...kept.dump(), ...rejected.dump(), ...ended.dump() }),
    restore: (values) => {
      rejected.restore(values);
      ended.restore(values);
      for (const { family, labels, value } of kept.known(values)) {
        if (family.type === 'counter') count(family.name, labels, value);
        else reach(family.name, value, labels);
      }
    },
  };
}

const clockToleranceSeconds = 300;

const successes: ReadonlySet<ReconcileResult> = new Set<ReconcileResult>(['success', 'noop']);
const failures: ReadonlySet<ReconcileResult> = new Set<ReconcileResult>(['failure', 'rolled_back']);

function isPhase(phase: string): phase is Phase {
  return (phases as readonly string[]).includes(phase);
}

/** Times that only ever move forward; a look that finds the host in sync is a success although nothing is counted. */
function times(view: LoopView): readonly (readonly [MetricName, number, Labels?])[] {
  const looked = (view.observed?.at ?? 0) / 1000;
  const committed = view.facts.deployments.filter(
    ({ outcome, trigger }) => outcome === 'committed' && trigger !== 'boot',
  );
  return [
    ['abide_reconcile_last_attempt_timestamp_seconds', looked],
    ...(standing(view) === 'inSync'
      ? ([['abide_reconcile_last_success_timestamp_seconds', looked]] as const)
      : []),
    ...committed.map(
      ({ endedAt }) => ['abide_rebuild_last_success_timestamp_seconds', epochSeconds(endedAt)] as const,
    ),
    ...view.remotes.flatMap(({ name: remote, health }) => [
      ['abide_remote_last_attempt_timestamp_seconds', (health.lastAttempt ?? 0) / 1000, { remote }] as const,
      ['abide_remote_last_success_timestamp_seconds', (health.lastSuccess ?? 0) / 1000, { remote }] as const,
    ]),
  ];
}
