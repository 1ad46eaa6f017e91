import { keepTextfile } from '../../metrics/textfile.ts';
import { createMetricsServer } from '../../metrics/server.ts';
import type { Metrics } from '../../metrics/observe.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../domain/log.ts';

/** The loop ticks at least with every look at the host; this many missed looks are not healthy. */
const missedLooks = 5;

/** A scrape every minute finds a file that is at most this old, in milliseconds. */
const textfileEveryMs = 15_000;

/** What metrics of a daemon are told with. */
export interface MetricsDeps {
  readonly config: Pick<Config, 'metrics' | 'drift'>;
  readonly metrics: Metrics;
  /** Epoch milliseconds of the newest look at the host; null before the first. */
  readonly lastLook: () => number | null;
  /** Brings the gauges up to date. */
  readonly refresh: () => void;
  readonly log: Log;
  readonly now: () => number;
}

/** Tells metrics by a listener, a textfile, both or neither, as configured; each is tried again until it works. */
export function startMetrics(deps: MetricsDeps): { close(): Promise<void> } {
  const { listen, textfile } = deps.config.metrics;
  const started = [
    ...(listen === null ? [] : [startListener(deps, listen)]),
    ...(textfile === null ? [] : [startTextfile(deps, textfile)]),
  ];
  return {
    close: async () => {
      await Promise.all(started.map((one) => one.close()));
    },
  };
}

function startTextfile(
  { metrics, refresh, lastLook, log }: MetricsDeps,
  file: string,
): { close(): Promise<void> } {
  const scrape = () => {
    if (lastLook() === null) return null;
    refresh();
    return metrics.textfile();
  };
  return keepTextfile({ file, scrape, everyMs: textfileEveryMs, log });
}

function startListener(
  { config, metrics, lastLook, refresh, log, now }: MetricsDeps,
  listen: { readonly host: string; readonly port: number },
): { close(): Promise<void> } {
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
