import { families, type ConfiguredNames, type Family, type MetricName } from './catalogue.ts';
import { closedSeries, type Labels } from './registry.ts';

/** The values that survive a restart, by series. */
export interface KeptValues {
  readonly get: (name: MetricName, labels?: Labels) => number;
  /** What the catalogue does not keep is left out. */
  readonly set: (name: MetricName, value: number, labels?: Labels) => void;
  readonly dump: () => Record<string, number>;
  /** The series of a dump that the catalogue still knows; what is damaged or foreign is left out. */
  readonly known: (values: Readonly<Record<string, number>>) => readonly {
    readonly family: Family & { name: MetricName };
    readonly labels: Labels;
    readonly value: number;
  }[];
}

/** An empty set of kept values for what is configured. */
export function createKeptValues(names: ConfiguredNames): KeptValues {
  const values = new Map<string, number>();
  const persisted = families.filter((family) => family.persisted);
  const keptNames = new Set<MetricName>(persisted.map(({ name }) => name));
  return {
    get: (name, labels = {}) => values.get(seriesKey(name, labels)) ?? 0,
    set: (name, value, labels = {}) => {
      if (keptNames.has(name)) values.set(seriesKey(name, labels), value);
    },
    dump: () => Object.fromEntries(values),
    known: (dumped) =>
      persisted.flatMap((family) =>
        closedSeries(family, names).flatMap((labels) => {
          const value = dumped[seriesKey(family.name, labels)];
          return typeof value === 'number' && Number.isFinite(value) && value >= 0
            ? [{ family, labels, value }]
            : [];
        }),
      ),
  };
}

/** A series as Prometheus writes it; label values are of closed sets, so nothing needs to be escaped. */
function seriesKey(name: MetricName, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
