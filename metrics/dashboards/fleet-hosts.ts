import { stat } from './make-panel.ts';
import type { Column, Query, Section, Stat, Table } from './panel.ts';
import { selected, shortCommit } from './selection.ts';
import { colors, outcomeWords, provenWords, summaryWords } from './words.ts';

/** The table that an operator lives in, and five numbers below it. */
export function fleetHosts(): Section {
  return { id: 1, title: 'Hosts', panels: [hostTable(), ...stats()] };
}

function hostTable(): Table {
  const queries: readonly Query[] = [
    { expr: `max by (instance, summary) (abide_status{${selected()}} == 1)` },
    { expr: commit('abide_desired_info', 'desired') },
    { expr: commit('abide_system_info', 'running', 'slot="current"') },
    { expr: sinceMs('abide_drift_since_timestamp_seconds', 'kind="commit"') },
    { expr: `max by (instance, outcome, reason) (abide_deployment_last_info{${selected()}})` },
    { expr: `max by (instance, gate) (abide_waiting_info{${selected('gate!="none"')}})` },
    { expr: sinceMs('abide_quarantine_since_timestamp_seconds') },
    { expr: sinceMs('abide_reboot_required_since_timestamp_seconds') },
    { expr: `max by (instance) (abide_boot_proven{${selected()}})` },
    { expr: `max by (instance, version) (abide_build_info{${selected()}})` },
    {
      expr: `max by (instance) (max_over_time(abide_last_tick_timestamp_seconds{${selected()}}[$__range])) * 1000`,
    },
  ];
  return {
    kind: 'table',
    id: 2,
    title: 'Hosts',
    description:
      'One row for each host. Behind: since when it does not run the desired commit. Last look: a host that does not answer any more keeps its row as long as it lies in the time range. A click on a host opens its page.',
    width: 24,
    height: 10,
    unit: 'none',
    joinedBy: 'instance',
    queries,
    columns: hostColumns,
  };
}

// Together they fit a laptop's screen.
const ago = { unit: 'dateTimeFromNow', width: 100 };
const toHost = '/d/abide-host?var-datasource=${datasource}&var-instance=${__value.raw}&${__url_time_range}';
const hostColumns: readonly Column[] = [
  { from: { label: 'instance' }, title: 'Host', link: toHost },
  { from: { label: 'summary' }, title: 'Summary', width: 95, words: summaryWords },
  { from: { label: 'desired' }, title: 'Desired', width: 80 },
  { from: { label: 'running' }, title: 'Running', width: 80 },
  { from: { query: 'D' }, title: 'Behind', ...ago },
  { from: { label: 'outcome' }, title: 'Last outcome', width: 100, words: outcomeWords },
  { from: { label: 'reason' }, title: 'Reason', width: 125 },
  { from: { label: 'gate' }, title: 'Waits for', width: 80 },
  { from: { query: 'G' }, title: 'Quarantine', ...ago },
  { from: { query: 'H' }, title: 'Reboot due', ...ago },
  { from: { query: 'I' }, title: 'Boot proven', width: 80, words: provenWords },
  { from: { label: 'version' }, title: 'abide', width: 60 },
  { from: { query: 'K' }, title: 'Last look', ...ago },
];

function commit(metric: string, label: string, ...more: readonly string[]): string {
  return `max by (instance, ${label}) (${shortCommit(`${metric}{${selected(...more)}}`, label)})`;
}

function sinceMs(metric: string, ...more: readonly string[]): string {
  return `max by (instance) (${metric}{${selected(...more)}} > 0) * 1000`;
}

function stats(): readonly Stat[] {
  const of = (summaries: string) => `sum(abide_status{${selected(`summary=~"${summaries}"`)}}) or vector(0)`;
  const hosts = `count(abide_build_info{${selected()}})`;
  const rebooting = `count(max by (job, instance) (abide_reboot_required{${selected()}}) == 1) or vector(0)`;
  const told = { width: 5 };
  const worseFrom1 = (color: string) => ({
    ...told,
    steps: [
      [null, colors.good],
      [1, color],
    ] as const,
  });
  return [
    stat(
      { id: 3, title: 'Hosts', description: 'Hosts that tell of abide now.' },
      { expr: `${hosts} or vector(0)`, legend: 'hosts' },
      {
        steps: [
          [null, colors.bad],
          [1, colors.busy],
        ],
      },
    ),
    stat(
      { id: 4, title: 'In sync', description: 'Share of the hosts that run what they should.' },
      { expr: `sum(abide_status{${selected('summary="InSync"')}}) / ${hosts}`, legend: 'in sync' },
      {
        ...told,
        unit: 'percentunit',
        steps: [
          [null, colors.warning],
          [0.9, colors.good],
        ],
      },
    ),
    stat(
      { id: 5, title: 'Failing', description: 'Hosts that fail, gave up, or lost their state.' },
      { expr: of('Failed|Stalled|Unknown'), legend: 'hosts' },
      worseFrom1(colors.bad),
    ),
    stat(
      { id: 6, title: 'Held', description: 'Hosts that are suspended or wait at a gate.' },
      { expr: of('Suspended|Waiting'), legend: 'hosts' },
      worseFrom1(colors.waiting),
    ),
    stat(
      { id: 7, title: 'Reboot due', description: 'Hosts on which something waits for a reboot.' },
      { expr: rebooting, legend: 'hosts' },
      worseFrom1(colors.warning),
    ),
  ];
}
