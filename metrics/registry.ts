import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import {
  durationBuckets,
  families,
  type ConfiguredNames,
  type Family,
  type MetricName,
} from './catalogue.ts';

/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** The metrics of one daemon by name; the only code that knows the client library. */
export interface MetricRegistry {
  readonly contentType: string;
  /** The text that Prometheus scrapes. */
  readonly text: () => Promise<string>;
  /** The same without what every process has: node_exporter has its own of those. */
  readonly textOfHost: () => Promise<string>;
  readonly set: (name: MetricName, value: number, labels?: Labels) => void;
  readonly add: (name: MetricName, value: number, labels?: Labels) => void;
  readonly observe: (name: MetricName, value: number, labels: Labels) => void;
  /** Removes all series of an info gauge, so that it never tells of two commits at once. */
  readonly clear: (name: MetricName) => void;
}

/** A registry of its own with the whole catalogue, every series of closed labels at 0. */
export function createRegistry(names: ConfiguredNames): MetricRegistry {
  const registry = new Registry();
  const metrics = new Map<string, Counter | Gauge | Histogram>();
  for (const family of families) {
    const metric = create(family, registry);
    metrics.set(family.name, metric);
    for (const labels of closedSeries(family, names)) zero(metric, labels);
  }
  const gaugeOf = (name: MetricName) => metrics.get(name) as Gauge;
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    textOfHost: async () => {
      const own = families.filter(({ name }) => name.startsWith('abide_'));
      const texts = await Promise.all(own.map(({ name }) => registry.getSingleMetricAsString(name)));
      return `${texts.join('\n\n')}\n`;
    },
    set: (name, value, labels = {}) => gaugeOf(name).set({ ...labels }, value),
    add: (name, value, labels = {}) => (metrics.get(name) as Counter).inc({ ...labels }, value),
    observe: (name, value, labels) => (metrics.get(name) as Histogram).observe({ ...labels }, value),
    clear: (name) => gaugeOf(name).reset(),
  };
}

/** All series of a family whose labels are closed; a family with an open label has none until it is set. */
export function closedSeries({ labels }: Family, names: ConfiguredNames): readonly Labels[] {
  let series: readonly Labels[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (values === 'open') return [];
    const closed = typeof values === 'string' ? names[values] : values;
    series = series.flatMap((one) => closed.map((value) => ({ ...one, [label]: value })));
  }
  return series;
}

function create({ type, name, help, labels }: (typeof families)[number], registry: Registry) {
  const options = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  if (type === 'counter') return new Counter(options);
  if (type === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, buckets: [...durationBuckets] });
}

function zero(metric: Counter | Gauge | Histogram, labels: Labels): void {
  if (metric instanceof Histogram) metric.zero({ ...labels });
  else metric.inc({ ...labels }, 0);
}
