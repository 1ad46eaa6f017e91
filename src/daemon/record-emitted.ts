import type { ReconcilerEmitted } from '../../machines/reconciler-context.ts';
import type { Metrics } from '../../metrics/observe.ts';
import type { News } from './news.ts';

/** Hands on what the reconciler tells: events to people, counts to the metrics. */
export function recordEmitted(
  emitted: ReconcilerEmitted,
  { news, metrics }: { news: News; metrics: Metrics },
): void {
  switch (emitted.type) {
    case 'event':
      return news.add(emitted.event);
    case 'phase':
      return metrics.phaseEnded(emitted.phase, emitted.seconds, true);
    case 'failed':
      return metrics.phaseFailed(emitted.phase);
    case 'reconciled':
      return metrics.reconcileEnded(emitted.result);
    case 'polled':
      return metrics.fetch(emitted.remote, emitted.result);
    case 'rejected':
      return metrics.rejection(emitted.reason, emitted.remote, emitted.commit);
    case 'rolledBack':
      return metrics.rollback('activation');
  }
}
