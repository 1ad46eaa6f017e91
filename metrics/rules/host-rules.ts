import { span, type Alert } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

/** Alerts that tell of one host. A host that somebody suspended, or that waits as it was told to, is not failing. */
export function hostRules(at: Thresholds): readonly Alert[] {
  return [...troubles(at).map((alert) => ({ ...alert, keep: at.keep })), ...leftStanding(at)];
}

function troubles(at: Thresholds): readonly Alert[] {
  return [...wentWrong(), deadManFired(at), ...convergence(at), changedByHand(at)];
}

const stalled = 'abide_condition{condition="Stalled",status="true"} == 1';

function wentWrong(): readonly Alert[] {
  return [
    {
      alert: 'AbideRollbackFailed',
      expr: 'abide_rollback_failed == 1',
      for: 0,
      severity: 'critical',
      summary: 'A rollback failed and the host needs a person.',
      description: '{{ $labels.instance }} could not go back to the system before and may run a broken one.',
    },
    {
      alert: 'AbideStateLost',
      expr: 'abide_hold_since_timestamp_seconds > 0',
      for: 60,
      severity: 'critical',
      summary: 'Abide lost its state and deploys nothing.',
      description:
        '{{ $labels.instance }} cannot tell what was deployed last, and deploys nothing until a commit is accepted.',
    },
    {
      alert: 'AbideQuarantined',
      expr: 'abide_quarantine_since_timestamp_seconds > 0',
      for: 0,
      severity: 'warning',
      summary: 'The newest commit was rolled back.',
      description:
        '{{ $labels.instance }} rolled back the newest commit of its {{ $labels.branch }} branch and does not try it again.',
    },
  ];
}

function deadManFired({ deadManTold }: Thresholds): Alert {
  // By the time and not by an increase: the counter moves while nobody scrapes, because the host was cut off.
  return {
    alert: 'AbideDeadManFired',
    expr: `time() - max without (reason) (abide_rollback_last_timestamp_seconds{reason="deadman"}) < ${deadManTold}`,
    for: 0,
    severity: 'warning',
    summary: 'A system was undone without abide.',
    description:
      'On {{ $labels.instance }} the dead-man went back to the system before, {{ $value | humanizeDuration }} ago, because abide was dead or hung.',
  };
}

function convergence({ settle, loopStuck, failures, notConverged }: Thresholds): readonly Alert[] {
  return [
    {
      alert: 'AbideLoopStuck',
      expr: `time() - abide_last_tick_timestamp_seconds > ${loopStuck}`,
      for: settle,
      severity: 'critical',
      summary: 'Abide has stopped looking at its host.',
      description: 'The loop on {{ $labels.instance }} last looked {{ $value | humanizeDuration }} ago.',
    },
    {
      alert: 'AbideReconcileFailing',
      expr: lines(
        `abide_consecutive_failures >= ${failures}`,
        `unless on (job, instance) (abide_suspended == 1 or ${stalled})`,
      ),
      for: settle,
      severity: 'warning',
      summary: 'The desired commit fails again and again.',
      description:
        '{{ $labels.instance }} has failed {{ $value }} times in a row and goes on trying; it runs the system before.',
    },
    {
      alert: 'AbideStalled',
      expr: lines(
        `max without (condition, status) (${stalled})`,
        'unless on (job, instance) (',
        '  abide_quarantine_since_timestamp_seconds{branch="main"} > 0',
        '  or abide_hold_since_timestamp_seconds > 0',
        '  or abide_rollback_failed == 1',
        ')',
      ),
      for: settle,
      severity: 'warning',
      summary: 'The desired commit was given up.',
      description:
        '{{ $labels.instance }} has used up its attempts; it waits for a new commit or for abide retry.',
    },
    {
      alert: 'AbideNotConverged',
      expr: lines(
        `time() - max without (condition) (abide_condition_transition_timestamp_seconds{condition="Reconciling"}) > ${notConverged}`,
        'and on (job, instance) abide_condition{condition="Reconciling",status="true"} == 1',
      ),
      for: settle,
      severity: 'critical',
      summary: 'A host is long on its way to the desired commit.',
      description:
        '{{ $labels.instance }} has worked for {{ $value | humanizeDuration }} without coming to rest, which is more than all its time limits.',
    },
  ];
}

function changedByHand({ settle }: Thresholds): Alert {
  return {
    alert: 'AbideChangedByHand',
    expr: lines(
      'max without (kind) (abide_drift{kind=~"runtime|profile|manual|bootloader|units"}) == 1',
      'unless on (job, instance) abide_suspended == 1',
    ),
    for: settle,
    severity: 'warning',
    summary: 'A host was changed outside of Git.',
    description: '{{ $labels.instance }} does not run, or would not boot, what abide deployed.',
  };
}

function leftStanding({ suspended, testing, waiting, reboot }: Thresholds): readonly Alert[] {
  return [
    {
      alert: 'AbideSuspendedForLong',
      expr: olderThan('abide_suspended_since_timestamp_seconds', suspended),
      for: 0,
      severity: 'warning',
      summary: 'A suspension was perhaps forgotten.',
      description: '{{ $labels.instance }} has been suspended for {{ $value | humanizeDuration }}.',
    },
    {
      alert: 'AbideTestingForLong',
      expr: olderThan('abide_testing_since_timestamp_seconds', testing),
      for: 0,
      severity: 'info',
      summary: 'A testing branch was perhaps forgotten.',
      description:
        '{{ $labels.instance }} has followed its testing branch for {{ $value | humanizeDuration }}.',
    },
    {
      alert: 'AbideWaitingForLong',
      expr: lines(
        `(${olderThan('abide_waiting_since_timestamp_seconds', waiting)})`,
        '* on (job, instance) group_left (gate) abide_waiting_info{gate!="mode"}',
      ),
      for: 0,
      severity: 'warning',
      summary: 'A gate has stayed shut for long.',
      description:
        '{{ $labels.instance }} has waited at gate {{ $labels.gate }} for {{ $value | humanizeDuration }}.',
    },
    {
      alert: 'AbideRebootOverdue',
      expr: olderThan('abide_reboot_required_since_timestamp_seconds', reboot),
      for: 0,
      severity: 'warning',
      summary: 'A host needs a reboot for long.',
      description: `{{ $labels.instance }} runs on a kernel or boot system that was replaced {{ $value | humanizeDuration }} ago; at most ${span(reboot)} are wanted.`,
    },
  ];
}

/** Ages of a time that is 0 for never, beyond a limit. */
function olderThan(metric: string, seconds: number): string {
  return `time() - (${metric} > 0) > ${seconds}`;
}

function lines(...parts: readonly string[]): string {
  return parts.join('\n');
}
