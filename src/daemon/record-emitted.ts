import type { ReconcilerEmitted } from '../../machines/reconciler-context.ts';
import type { Metrics } from '../../metrics/observe.ts';
import type { Log } from '../domain/log.ts';
import { rollbackReason } from './rollback-reason.ts';
import type { News } from './news.ts';

/** Hands on what the reconciler tells: events to people, counts to the metrics. */
export function recordEmitted(
  emitted: ReconcilerEmitted,
  { news, metrics, log }: { news: News; metrics: Metrics; log: Log },
): void {
  switch (emitted.type) {
    case 'event':
      return news.add(emitted.event);
    case 'phase': {
      const { phase, seconds, commit } = emitted;
      log.info(
        { phase, seconds, ...(commit === null ? {} : { commit }) },
        `${phase} took ${seconds.toFixed(1)} s`,
      );
      return metrics.phaseEnded(phase, seconds, true);
    }
    case 'failed':
      return metrics.phaseFailed(emitted.phase);
    case 'reconciled':
      return metrics.reconcileEnded(emitted.result);
    case 'polled':
      return metrics.fetch(emitted.remote, emitted.result);
    case 'rejected':
      return metrics.rejection(emitted.reason, emitted.remote, emitted.commit);
    case 'wentBack':
      return metrics.rollback('manual');
    case 'rolledBack':
      return metrics.rollback(emitted.byItself ? 'deadman' : rollbackReason(emitted.deployment));
  }
}
