import { createMetricsServer } from '../../metrics/server.ts';
import type { Metrics } from '../../metrics/observe.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../domain/log.ts';

/** The loop ticks at least with every look at the host; this many missed looks are not healthy. */
const missedLooks = 5;

/** The metrics listener of a daemon, or null when it is off; it is tried again until it can listen. */
export function startMetrics(deps: {
  readonly config: Pick<Config, 'metrics' | 'drift'>;
  readonly metrics: Metrics;
  /** Epoch milliseconds of the newest look at the host; null before the first. */
  readonly lastLook: () => number | null;
  /** Brings the gauges up to date. */
  readonly refresh: () => void;
  readonly log: Log;
  readonly now: () => number;
}): { close(): Promise<void> } | null {
  const { config, metrics, lastLook, refresh, log, now } = deps;
  const { listen } = config.metrics;
  if (listen === null) return null;
  const longestMs = Math.max(60_000, config.drift.interval * missedLooks);
  const server = createMetricsServer({
    listen,
    contentType: metrics.contentType,
    scrape: () => {
      refresh();
      return metrics.scrape();
    },
    healthy: () => {
      const last = lastLook();
      const ok = last === null || now() - last <= longestMs;
      return { ok, message: ok ? 'the loop ticks' : 'the loop has not looked at the host lately' };
    },
    ready: () => ({
      ok: lastLook() !== null,
      message: lastLook() === null ? 'the host was not observed yet' : 'the host is observed',
    }),
    log,
  });
  void server.bound.then((address) =>
    log.info({ metrics: address }, `metrics are at http://${address}/metrics`),
  );
  return server;
}
