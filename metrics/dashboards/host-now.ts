import { stat } from './make-panel.ts';
import type { Query, Section, Stat } from './panel.ts';
import { selected, shortCommit } from './selection.ts';
import { colors, summaryWords } from './words.ts';

/** A host as it is now, in twelve words and numbers. */
export function hostNow(): Section {
  const summary = { expr: `max by (summary) (abide_status{${selected()}} == 1)`, legend: '{{summary}}' };
  const outcome = {
    expr: `max by (outcome, reason) (abide_deployment_last_info{${selected()}})`,
    legend: '{{outcome}} {{reason}}',
  };
  const aged = (expr: string): Query => ({ expr, legend: 'since' });
  const late: Stat['steps'] = [
    [null, colors.busy],
    [3600, colors.warning],
    [86_400, colors.bad],
  ];
  return {
    id: 1,
    title: 'Now',
    panels: [
      stat({ id: 2, title: 'Summary', description: 'The one word of abide status.' }, summary, {
        ...named,
        words: summaryWords,
      }),
      stat(
        { id: 3, title: 'Desired', description: 'The commit that the host should run.' },
        commit('abide_desired_info'),
        named,
      ),
      stat(
        {
          id: 4,
          title: 'Running',
          description: 'The commit that the host runs; unknown for a system of no known commit.',
        },
        commit('abide_system_info', 'slot="current"'),
        named,
      ),
      stat(
        { id: 5, title: 'Last deployment', description: 'How the newest deployment ended, and why.' },
        outcome,
        named,
      ),
      stat(
        { id: 6, title: 'Last rebuild', description: 'How long ago a new system was last committed.' },
        aged(age('abide_rebuild_last_success_timestamp_seconds')),
        { unit: 's' },
      ),
      stat(
        { id: 7, title: 'Next look', description: 'When abide looks again by itself.' },
        {
          expr: `max(abide_next_reconcile_timestamp_seconds{${selected()}} > 0) * 1000`,
          legend: 'at',
        },
        { unit: 'dateTimeFromNow' },
      ),
      stat(
        { id: 8, title: 'Behind', description: 'How long the host has not run the desired commit.' },
        aged(age('abide_drift_since_timestamp_seconds', 'kind="commit"')),
        { unit: 's', steps: late },
      ),
      stat(
        {
          id: 9,
          title: 'Drift',
          description: 'How long the oldest drift from what was deployed has lasted.',
        },
        aged(age('abide_drift_since_timestamp_seconds', 'kind!~"commit|boot"')),
        { unit: 's', steps: late },
      ),
      stat(
        { id: 10, title: 'Waits for', description: 'The gate that says not now.' },
        { expr: `max by (gate) (abide_waiting_info{${selected()}})`, legend: '{{gate}}' },
        named,
      ),
      stat(
        { id: 11, title: 'Suspended', description: 'How long somebody has kept abide from acting.' },
        aged(age('abide_suspended_since_timestamp_seconds')),
        { unit: 's', steps: late },
      ),
      stat(
        { id: 12, title: 'Reboot due', description: 'How long something has waited for a reboot.' },
        aged(age('abide_reboot_required_since_timestamp_seconds')),
        {
          unit: 's',
          steps: [
            [null, colors.warning],
            [604_800, colors.bad],
          ],
        },
      ),
      stat(
        { id: 13, title: 'Failures in a row', description: 'Of the desired commit.' },
        { expr: `max(abide_consecutive_failures{${selected()}})`, legend: 'failures' },
        {
          steps: [
            [null, colors.good],
            [1, colors.warning],
            [3, colors.bad],
          ],
        },
      ),
    ],
  };
}

const named = { shows: 'name' } as const;

/** How long ago a time was that is 0 for never. */
function age(metric: string, ...more: readonly string[]): string {
  return `max(time() - (${metric}{${selected(...more)}} > 0))`;
}

function commit(metric: string, ...more: readonly string[]): Query {
  const short = shortCommit(`${metric}{${selected(...more)}}`, 'short');
  return { expr: `max by (short) (${short})`, legend: '{{short}}' };
}
