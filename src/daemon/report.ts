import type { Metrics } from '../../metrics/observe.ts';
import { deriveConditions } from '../domain/conditions.ts';
import { hostStatus } from '../domain/host-status.ts';
import type { LoopView } from '../domain/loop-view.ts';
import type { Condition, HostStatus } from '../domain/status.ts';

/** What the world sees of the loop, derived from its newest view. */
export interface Report {
  /**
   * Brings conditions and metrics up to date and tells who listens; called after every transition. True when the status of a
   * condition changed: since when that is cannot be known again, so it belongs on disk.
   */
  readonly refresh: () => boolean;
  status(): HostStatus;
  readonly conditions: () => readonly Condition[];
  /** Called whenever the status would be another; the returned function ends it. */
  onStatus(listener: () => void): () => void;
  /** Tells who listens that something in the status moved that is no transition. */
  touch(): void;
}

/** A report that goes on from the conditions the journal kept; `now` is epoch milliseconds. */
export function createReport(deps: {
  readonly view: () => LoopView;
  readonly metrics: Pick<Metrics, 'updateFrom'>;
  readonly conditions: readonly Condition[];
  readonly now: () => number;
}): Report {
  const { view, metrics, now } = deps;
  const listeners = new Set<() => void>();
  const nowIso = () => new Date(now()).toISOString();
  let { conditions } = deps;
  const touch = () => {
    for (const listener of listeners) listener();
  };
  return {
    refresh: () => {
      const seen = view();
      const before = conditions;
      // Until the host was looked at, what the journal kept says more than that nothing is known.
      if (seen.observed || conditions.length === 0) conditions = deriveConditions(seen, conditions, nowIso());
      metrics.updateFrom(seen, conditions);
      touch();
      return conditions.some(({ status }, index) => status !== before[index]?.status);
    },
    status: () => hostStatus(view(), conditions, nowIso()),
    conditions: () => conditions,
    onStatus: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    touch,
  };
}
