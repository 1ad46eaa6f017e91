import { graph, timeline } from './make-panel.ts';
import type { Query, Section } from './panel.ts';
import { selected } from './selection.ts';
import { badWhenSet, colors, goodWhenSet, holds } from './words.ts';

/** What a host went through. */
export function hostHistory(): Section {
  return {
    id: 20,
    title: 'History',
    panels: [
      timeline(
        { id: 21, title: 'State of the loop', description: 'What the loop was doing.' },
        {
          expr: `max by (state) (abide_state{${selected()}}) == 1`,
          legend: '{{state}}',
        },
        holds,
        9,
      ),
      timeline(
        {
          id: 22,
          title: 'Conditions',
          description: 'Conditions that were true. Reconciling, Stalled and RebootRequired are no good news.',
        },
        {
          expr: `max by (condition) (abide_condition{${selected('status="true"')}})`,
          legend: '{{condition}}',
        },
        { '0': ['no', colors.unknown], '1': ['true', colors.busy] },
        9,
      ),
      timeline(
        {
          id: 23,
          title: 'Drift',
          description:
            'Differences from what abide deployed, by kind. Commit is a rollout as long as it passes.',
        },
        {
          expr: `max by (kind) (abide_drift{${selected()}})`,
          legend: '{{kind}}',
        },
        badWhenSet,
      ),
      timeline(
        { id: 24, title: 'Health checks', description: 'Whether each check passed at its last look.' },
        {
          expr: `max by (check) (abide_health_check_up{${selected()}})`,
          legend: '{{check}}',
        },
        goodWhenSet,
      ),
    ],
  };
}

/** What was done, and how long it took. */
export function hostWork(): Section {
  const increase = (metric: string, label: string): Query => ({
    expr: `sum by (${label}) (increase(${metric}{${selected()}}[$__rate_interval])) > 0`,
    legend: `{{${label}}}`,
  });
  return {
    id: 30,
    title: 'Work',
    panels: [
      graph(
        {
          id: 31,
          title: 'Reconciles',
          description: 'Passes over desired and observed that changed or found something, by result.',
        },
        increase('abide_reconciles_total', 'result'),
      ),
      graph(
        { id: 32, title: 'Failures by phase', description: 'Phases that failed.' },
        increase('abide_reconcile_failures_total', 'phase'),
      ),
      {
        kind: 'bars',
        id: 33,
        title: 'Last duration',
        description: 'How long the newest run of each phase took.',
        width: 8,
        height: 7,
        unit: 's',
        queries: [
          {
            expr: `max by (phase) (abide_phase_last_duration_seconds{${selected()}} > 0)`,
            legend: '{{phase}}',
          },
        ],
      },
    ],
  };
}
