import type { Section } from './panel.ts';
import { selected, shortCommit } from './selection.ts';
import { summaryWords } from './words.ts';

/** How commits spread over the fleet. */
export function fleetCommits(): Section {
  const running = shortCommit(`abide_system_info{${selected('slot="current"')}}`, 'running');
  const lead = `(abide_rebuild_last_success_timestamp_seconds{${selected()}} - abide_desired_first_seen_timestamp_seconds{${selected()}} > 0)`;
  return {
    id: 10,
    title: 'Commits',
    panels: [
      {
        kind: 'graph',
        id: 11,
        title: 'Commit adoption',
        description: 'How many hosts run which commit. Red marks are rollbacks.',
        width: 12,
        height: 9,
        unit: 'none',
        style: 'stack',
        queries: [{ expr: `count by (running) (${running})`, legend: '{{running}}' }],
      },
      {
        kind: 'graph',
        id: 12,
        title: 'Hosts by summary',
        description: 'How many hosts are in which state, by the one word that abide status shows.',
        width: 12,
        height: 9,
        unit: 'none',
        style: 'stack',
        words: summaryWords,

        queries: [{ expr: `sum by (summary) (abide_status{${selected()}})`, legend: '{{summary}}' }],
      },
      {
        kind: 'graph',
        id: 13,
        title: 'From seen to deployed',
        description:
          'Time from the moment a host saw the commit it runs as desired to its commitment: median, slow tenth, slowest.',
        width: 12,
        height: 7,
        unit: 's',
        style: 'lines',
        queries: [
          { expr: `quantile(0.5, ${lead})`, legend: 'median' },
          { expr: `quantile(0.9, ${lead})`, legend: 'slow tenth' },
          { expr: `max(${lead})`, legend: 'slowest' },
        ],
      },
      {
        kind: 'graph',
        id: 14,
        title: 'Deployments',
        description: 'Deployments that ended, by how.',
        width: 12,
        height: 7,
        unit: 'none',
        style: 'bars',
        queries: [
          {
            expr: `sum by (outcome) (increase(abide_deployments_total{${selected()}}[$__rate_interval])) > 0`,
            legend: '{{outcome}}',
          },
        ],
      },
    ],
  };
}
