import { graph } from './make-panel.ts';
import type { Section } from './panel.ts';
import { selected } from './selection.ts';

/** What is wrong in the fleet. */
export function fleetTrouble(): Section {
  return {
    id: 20,
    title: 'Trouble',
    panels: [
      {
        kind: 'table',
        id: 21,
        title: 'Alerts that fire',
        description: 'From the alert rules that abide ships. Each has a runbook of the same name.',
        width: 12,
        height: 8,
        unit: 'none',
        joinedBy: 'alertname',
        queries: [
          { expr: 'count by (alertname, severity) (ALERTS{alertname=~"Abide.*",alertstate="firing"})' },
        ],
        columns: [
          { from: { label: 'alertname' }, title: 'Alert' },
          { from: { label: 'severity' }, title: 'Severity', width: 120 },
          { from: { query: 'A' }, title: 'How many', width: 120 },
        ],
      },
      graph(
        {
          id: 22,
          title: 'Drift',
          description: 'Hosts with drift, by kind. Commit is a rollout as long as it passes.',
        },
        {
          expr: `sum by (kind) (abide_drift{${selected()}}) > 0`,
          legend: '{{kind}}',
        },
        { style: 'stack', width: 12, height: 8 },
      ),
      graph(
        { id: 23, title: 'Failures by phase', description: 'Phases that failed.' },
        {
          expr: `sum by (phase) (increase(abide_reconcile_failures_total{${selected()}}[$__rate_interval])) > 0`,
          legend: '{{phase}}',
        },
        { width: 12, height: 8 },
      ),
      graph(
        { id: 24, title: 'Shut gates', description: 'Hosts that wait, by gate.' },
        {
          expr: `count by (gate) (abide_waiting_info{${selected('gate!="none"')}})`,
          legend: '{{gate}}',
        },
        { style: 'stack', width: 12, height: 8 },
      ),
    ],
  };
}

/** What the fleet stands on. */
export function fleetSources(): Section {
  return {
    id: 30,
    title: 'Sources and versions',
    panels: [
      graph(
        {
          id: 31,
          title: 'Remotes that do not answer',
          description: 'Hosts for which a remote did not answer last, by remote.',
        },
        {
          expr: `count by (remote) (abide_remote_up{${selected()}} == 0)`,
          legend: '{{remote}}',
        },
        { style: 'stack', height: 8 },
      ),
      graph(
        { id: 32, title: 'Refused heads', description: 'Hosts that refuse a head, by reason.' },
        {
          expr: `count by (reason) (abide_trust_refused_heads{${selected()}} > 0)`,
          legend: '{{reason}}',
        },
        { style: 'stack', height: 8 },
      ),
      graph(
        { id: 33, title: 'Versions of abide', description: 'Hosts by the version of abide they run.' },
        {
          expr: `count by (version) (abide_build_info{${selected()}})`,
          legend: '{{version}}',
        },
        { style: 'stack', height: 8 },
      ),
    ],
  };
}
