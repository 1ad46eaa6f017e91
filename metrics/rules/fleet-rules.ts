import type { Alert, Recording } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

/** Series that tell of a whole job; every host has all their terms from the start, so that none falls out of the sum. */
export function fleetRecordings({ failures }: Thresholds): readonly Recording[] {
  return [
    {
      record: 'job_instance:abide_failing:bool',
      expr: [
        'clamp_max(',
        `  (max by (job, instance) (abide_consecutive_failures) >= bool ${failures})`,
        '  + max by (job, instance) (abide_condition{condition="Stalled",status="true"}),',
        '  1',
        ')',
      ].join('\n'),
    },
    { record: 'job:abide_hosts:count', expr: 'count by (job) (abide_build_info)' },
    {
      record: 'job:abide_failing:ratio',
      expr: 'sum by (job) (job_instance:abide_failing:bool) / job:abide_hosts:count',
    },
  ];
}

/** Alerts that tell of the fleet, and of hosts that tell nothing. */
export function fleetRules(at: Thresholds, job: string): readonly Alert[] {
  const { settle, targetDown, fleetShare, fleetHosts } = at;
  return [
    {
      alert: 'AbideFleetFailing',
      expr: [
        `job:abide_failing:ratio > ${fleetShare}`,
        `and on (job) sum by (job) (job_instance:abide_failing:bool) >= ${fleetHosts}`,
      ].join('\n'),
      for: settle,
      severity: 'critical',
      summary: 'Many hosts fail at once.',
      description:
        '{{ $value | humanizePercentage }} of the hosts of {{ $labels.job }} fail; look at the last commit first.',
    },
    {
      alert: 'AbideTargetDown',
      expr: `up{job=~"${job}",class!="laptop"} == 0`,
      for: targetDown,
      severity: 'warning',
      summary: 'A host does not tell how it is.',
      description: 'Prometheus cannot scrape abide on {{ $labels.instance }}, so nobody watches that host.',
    },
    {
      alert: 'AbideAbsent',
      expr: 'absent(abide_build_info)',
      for: targetDown,
      severity: 'critical',
      summary: 'No host tells of abide.',
      description: 'Prometheus has no abide_build_info from any target ({{ $value }}); look at its scrapes.',
    },
  ];
}
