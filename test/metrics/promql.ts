import { parser } from '@prometheus-io/lezer-promql';
import { families, type LabelValues } from '../../metrics/catalogue.ts';

/** Labels that a scrape gives to everything, and `class`, which people may set on targets. */
const targetLabels = ['job', 'instance', 'class'];

/** Series that no catalogue has: Prometheus' own, and those that the recording rules make. */
const otherSeries: Readonly<Record<string, readonly string[]>> = {
  up: [],
  ALERTS: ['alertname', 'alertstate', 'severity'],
  'job_instance:abide_failing:bool': [],
  'job:abide_hosts:count': [],
  'job:abide_failing:ratio': [],
};

type Node = ReturnType<typeof parser.parse>['topNode'];

/**
 * What is wrong with an expression by Prometheus' grammar and by the catalogue: metrics, labels and values of closed labels
 * that nothing has. Dashboard variables such as `$job` may stand for values.
 */
export function findWrong(expr: string): readonly string[] {
  const read = readPromql(expr);
  if ('error' in read) return [read.error];
  const known = new Set([
    ...targetLabels,
    'le',
    ...read.made,
    ...read.metrics.flatMap((name) => Object.keys(labelsOf(name) ?? {})),
  ]);
  return [
    ...read.metrics.filter((name) => labelsOf(name) === null).map((name) => `no metric ${name}`),
    ...read.matched.flatMap((matcher) => wrongMatcher(matcher)),
    ...read.grouped.filter((label) => !known.has(label)).map((label) => `nothing here has a label ${label}`),
  ];
}

/** The metrics of the catalogue that an expression asks for. */
export function metricsIn(expr: string): readonly string[] {
  const read = readPromql(expr);
  return 'error' in read ? [] : read.metrics.map(familyName);
}

interface Matcher {
  readonly metric: string;
  readonly label: string;
  readonly value: string;
}

function readPromql(expr: string) {
  const metrics: string[] = [];
  const matched: Matcher[] = [];
  const grouped: string[] = [];
  const made: string[] = [];
  let error: string | null = null;
  const text = ({ from, to }: Pick<Node, 'from' | 'to'>) => expr.slice(from, to);
  const strings = (node: Node) => node.getChildren('StringLiteral').map((one) => text(one).slice(1, -1));
  parser.parse(expr).iterate({
    enter: ({ type, name, node }) => {
      if (type.isError) error ??= `no PromQL at ${node.from}: ${expr}`;
      if (name === 'VectorSelector') {
        const identifier = node.getChild('Identifier');
        const metric = identifier ? text(identifier) : '';
        metrics.push(metric);
        for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
          const label = matcher.getChild('LabelName');
          matched.push({ metric, label: label ? text(label) : '', value: strings(matcher)[0] ?? '' });
        }
      }
      if (name === 'GroupingLabels') grouped.push(...node.getChildren('LabelName').map(text));
      if (name === 'FunctionCall' && node.firstChild && text(node.firstChild) === 'label_replace') {
        const body = node.getChild('FunctionCallBody');
        const [target = '', , source = ''] = body ? strings(body) : [];
        made.push(target);
        grouped.push(source);
      }
    },
  });
  return error === null ? { metrics, matched, grouped, made } : { error: error as string };
}

function labelsOf(metric: string): Readonly<Record<string, LabelValues>> | null {
  const other = otherSeries[metric];
  if (other) return Object.fromEntries(other.map((label) => [label, 'open' as const]));
  return families.find(({ name }) => name === familyName(metric))?.labels ?? null;
}

function familyName(metric: string): string {
  const base = metric.replace(/_(?:bucket|sum|count)$/, '');
  return families.some(({ name, type }) => name === base && type === 'histogram') ? base : metric;
}

function wrongMatcher({ metric, label, value }: Matcher): readonly string[] {
  if (targetLabels.includes(label)) return [];
  const values = labelsOf(metric)?.[label];
  if (values === undefined) return [`${metric} has no label ${label}`];
  if (typeof values === 'string' || value.startsWith('$')) return [];
  return value
    .split('|')
    .filter((one) => !values.includes(one))
    .map((one) => `${label} of ${metric} is never ${one}`);
}
