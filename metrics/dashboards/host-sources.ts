import { graph } from './make-panel.ts';
import type { Query, Section } from './panel.ts';
import { selected } from './selection.ts';
import { badWhenSet, colors, goodWhenSet } from './words.ts';

/** Where a host's commits come from. */
export function hostSources(): Section {
  const remote = (metric: string): Query => ({ expr: `max by (remote) (${metric}{${selected()}})` });
  return {
    id: 40,
    title: 'Sources and trust',
    panels: [
      {
        kind: 'table',
        id: 41,
        title: 'Remotes',
        description: 'Each remote: whether it answers, and how its main stands to what is deployed.',
        width: 12,
        height: 7,
        unit: 'none',
        joinedBy: 'remote',
        queries: [
          remote('abide_remote_up'),
          { expr: `max by (remote) (abide_remote_last_success_timestamp_seconds{${selected()}} > 0) * 1000` },
          remote('abide_remote_head_trusted'),
          remote('abide_remote_behind'),
          remote('abide_remote_diverged'),
          remote('abide_remote_selected'),
        ],
        columns: [
          { from: { label: 'remote' }, title: 'Remote' },
          { from: { query: 'A' }, title: 'Answers', words: goodWhenSet },
          { from: { query: 'B' }, title: 'Last answer', unit: 'dateTimeFromNow' },
          { from: { query: 'C' }, title: 'Trusted', words: goodWhenSet },
          { from: { query: 'D' }, title: 'Behind', words: badWhenSet },
          { from: { query: 'E' }, title: 'Apart', words: badWhenSet },
          {
            from: { query: 'F' },
            title: 'Desired',
            words: { '0': ['', colors.unknown], '1': ['from here', colors.busy] },
          },
        ],
      },
      graph(
        { id: 42, title: 'Fetches', description: 'Fetches by remote and result.' },
        {
          expr: `sum by (remote, result) (increase(abide_remote_fetches_total{${selected()}}[$__rate_interval]))`,
          legend: '{{remote}} {{result}}',
        },
        { width: 6 },
      ),
      graph(
        { id: 43, title: 'Refused heads', description: 'Heads of remotes that are refused, by reason.' },
        {
          expr: `sum by (reason) (abide_trust_refused_heads{${selected()}}) > 0`,
          legend: '{{reason}}',
        },
        { width: 6 },
      ),
    ],
  };
}

/** The daemon itself. */
export function hostDaemon(): Section {
  return {
    id: 50,
    title: 'The daemon',
    panels: [
      graph(
        { id: 51, title: 'Memory', description: 'Resident memory of abide, without its children.' },
        {
          expr: `max(process_resident_memory_bytes{${selected()}})`,
          legend: 'resident',
        },
        { unit: 'bytes', style: 'lines' },
      ),
      graph(
        { id: 52, title: 'CPU', description: 'Cores used by abide, without its children.' },
        {
          expr: `sum(rate(process_cpu_seconds_total{${selected()}}[$__rate_interval]))`,
          legend: 'cores',
        },
        { unit: 'percentunit', style: 'lines' },
      ),
      graph(
        {
          id: 53,
          title: 'Age of the last look',
          description: 'How long ago the loop looked at the host; it rises when the loop hangs.',
        },
        {
          expr: `max(time() - abide_last_tick_timestamp_seconds{${selected()}})`,
          legend: 'age',
        },
        { unit: 's', style: 'lines' },
      ),
    ],
  };
}
