import { durationBuckets, families, type Family, type LabelValues } from './catalogue.ts';

/** The reference page of all metrics, as docs/metrics.md; made from the catalogue alone. */
export function metricsReference(): string {
  return [
    '# Metrics',
    '',
    '<!-- Generated from metrics/catalogue.ts by `npm run generate`; do not edit. -->',
    '',
    'abide serves these on `metrics.listen` (default `127.0.0.1:9642`) at `/metrics`, in the Prometheus text',
    'format 0.0.4, compressed when asked. Beside it, `/healthz` answers 200 while the loop ticks and `/readyz` once the',
    'host was observed and the journal loaded. Until then `/metrics` answers 503 too: nothing is told rather than that nothing',
    'is known, which an alert would take for the end of a trouble.',
    '',
    '* Times are seconds since the epoch, and 0 means never; compute ages in the query.',
    '* Every series whose labels are closed sets exists from the start, with the value 0.',
    '* Commits are labels of `*_info` gauges only; join them for display, as in',
    '  `abide_consecutive_failures * on (job, instance) group_left (commit) abide_desired_info`.',
    '* What is marked *kept* survives a restart of abide. Kept counters go on from where they were, so',
    '  `process_start_time_seconds` marks no reset of them. Kept gauges may be five minutes older after a kill.',
    `* Buckets of the histogram: ${durationBuckets.join(', ')} seconds, the same on every host.`,
    '',
    '| name | type | labels | meaning |',
    '|---|---|---|---|',
    ...families.map(row),
    '',
  ].join('\n');
}

function row({ name, type, help, labels, persisted }: Family & { readonly name: string }): string {
  const described = Object.entries(labels).map(([label, values]) => `\`${label}\`${valuesOf(values)}`);
  return `| \`${name}\` | ${type}${persisted ? ', kept' : ''} | ${described.join('; ')} | ${help} |`;
}

function valuesOf(values: LabelValues): string {
  if (values === 'open') return '';
  if (values === 'remotes') return ' (the configured remotes)';
  return values === 'checks' ? ' (the health checks that are on)' : `: ${values.join(', ')}`;
}
