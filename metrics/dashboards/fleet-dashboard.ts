import { fleetCommits } from './fleet-commits.ts';
import { fleetHosts } from './fleet-hosts.ts';
import { fleetSources, fleetTrouble } from './fleet-trouble.ts';
import type { Dashboard } from './panel.ts';
import { selected } from './selection.ts';
import { colors } from './words.ts';

/** All hosts of a job at a glance; its first panel is the table an operator lives in. */
export const fleetDashboard: Dashboard = {
  uid: 'abide-fleet',
  title: 'abide fleet',
  description:
    'All hosts that abide keeps: which commit they run, which they should run, and what keeps them.',
  from: 'now-7d',
  manyInstances: true,
  links: [
    { title: 'One host', url: '/d/abide-host' },
    { title: 'Runbooks', url: '${runbooks}' },
  ],
  marks: [
    {
      name: 'Rollbacks',
      expr: `max by (instance, reason) (abide_rollback_last_timestamp_seconds{${selected()}} > 0) * 1000`,
      color: colors.bad,
      text: '{{instance}} rolled back: {{reason}}',
    },
  ],
  sections: [fleetHosts(), fleetCommits(), fleetTrouble(), fleetSources()],
};
