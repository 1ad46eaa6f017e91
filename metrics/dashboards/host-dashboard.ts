import { hostHistory, hostWork } from './host-history.ts';
import { hostNow } from './host-now.ts';
import { hostDaemon, hostSources } from './host-sources.ts';
import type { Dashboard } from './panel.ts';
import { selected } from './selection.ts';
import { colors } from './words.ts';

/** One host: what it is doing, what it did, and what it stands on. */
export const hostDashboard: Dashboard = {
  uid: 'abide-host',
  title: 'abide host',
  description: 'One host that abide keeps: what runs, what should run, and why they differ.',
  from: 'now-24h',
  manyInstances: false,
  links: [
    { title: 'Fleet', url: '/d/abide-fleet' },
    { title: 'Runbooks', url: '${runbooks}' },
  ],
  marks: [
    {
      name: 'Deployments',
      expr: `max by (instance) (abide_rebuild_last_success_timestamp_seconds{${selected()}} > 0) * 1000`,
      color: colors.good,
      text: 'deployed',
    },
    {
      name: 'Rollbacks',
      expr: `max by (instance, reason) (abide_rollback_last_timestamp_seconds{${selected()}} > 0) * 1000`,
      color: colors.bad,
      text: 'rolled back: {{reason}}',
    },
  ],
  sections: [hostNow(), hostHistory(), hostWork(), hostSources(), hostDaemon()],
};
