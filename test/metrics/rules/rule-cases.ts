import { defaultRuleOptions } from '../../../metrics/rules/default-rules.ts';
import type { RuleOptions } from '../../../metrics/rules/rule-file.ts';
import type { RuleCase } from './rule-case.ts';

const hour = 3600;

/** The shipped rules with hours where they have days, which promtool would take long to live through. */
export const caseOptions: RuleOptions = {
  ...defaultRuleOptions,
  thresholds: {
    ...defaultRuleOptions.thresholds,
    suspended: 2 * hour,
    testing: 3 * hour,
    waiting: 8 * hour,
    reboot: 7 * hour,
  },
};

const reconciling = {
  'abide_condition{condition="Reconciling",status="true"}': '1x1000',
  'abide_condition_transition_timestamp_seconds{condition="Reconciling"}': '0x1000',
};
const stalled = 'abide_condition{condition="Stalled",status="true"}';
const answered = 'abide_remote_last_success_timestamp_seconds';

/** Every alert at least once speaking and at least once silent where one would fear it speaks. */
export const ruleCases: readonly RuleCase[] = [
  {
    alert: 'AbideRollbackFailed',
    what: 'a rollback failed',
    series: { abide_rollback_failed: '0x2 1x5' },
    at: '3m',
    told: [{ description: 'a could not go back to the system before and may run a broken one.' }],
  },
  {
    alert: 'AbideRollbackFailed',
    what: 'mended by the next deployment',
    series: { abide_rollback_failed: '0x2 1x5 0x15' },
    at: '20m',
    told: null,
  },
  {
    alert: 'AbideRollbackFailed',
    what: 'while the host reboots and tells nothing',
    series: { abide_rollback_failed: '1x5 stale _x5' },
    at: '9m',
    told: [{ description: 'a could not go back to the system before and may run a broken one.' }],
  },
  {
    alert: 'AbideStateLost',
    what: 'held since the start',
    series: { abide_hold_since_timestamp_seconds: '60x10' },
    at: '5m',
    told: [
      {
        description: 'a cannot tell what was deployed last, and deploys nothing until a commit is accepted.',
      },
    ],
  },
  {
    alert: 'AbideStateLost',
    what: 'accepted',
    series: { abide_hold_since_timestamp_seconds: '60x5 0x15' },
    at: '18m',
    told: null,
  },
  {
    alert: 'AbideQuarantined',
    what: 'a state that lasts and no increase that passes',
    series: {
      'abide_quarantine_since_timestamp_seconds{branch="main"}': '60x500',
      'abide_quarantine_since_timestamp_seconds{branch="testing"}': '0x500',
    },
    at: '8h',
    told: [
      {
        labels: { branch: 'main' },
        description: 'a rolled back the newest commit of its main branch and does not try it again.',
      },
    ],
  },
  {
    alert: 'AbideQuarantined',
    what: 'over with the next commit, though the old one stays in quarantine',
    series: {
      'abide_quarantine_since_timestamp_seconds{branch="main"}': '60x5 0x15',
      abide_quarantined_commits: '1x20',
    },
    at: '15m',
    told: null,
  },
  {
    alert: 'AbideDeadManFired',
    what: 'while nobody could scrape: the first value after the gap is the new one',
    series: { 'abide_rollback_last_timestamp_seconds{reason="deadman"}': '0x10 _x100 4000x10' },
    at: '115m',
    told: [
      {
        description:
          'On a the dead-man went back to the system before, 48m 20s ago, because abide was dead or hung.',
      },
    ],
  },
  {
    alert: 'AbideDeadManFired',
    what: 'never, on a clock far from the epoch, or for another reason',
    series: {
      'abide_rollback_last_timestamp_seconds{reason="deadman"}': '-200000x20',
      'abide_rollback_last_timestamp_seconds{reason="health"}': '600x20',
    },
    at: '15m',
    told: null,
  },
  {
    alert: 'AbideLoopStuck',
    what: 'no look for long',
    series: { abide_last_tick_timestamp_seconds: '0+60x10 600x40' },
    at: '30m',
    told: [{ description: 'The loop on a last looked 20m 0s ago.' }],
  },
  {
    alert: 'AbideLoopStuck',
    what: 'a look every minute, from a clock that is a little ahead',
    series: { abide_last_tick_timestamp_seconds: '120+60x60' },
    at: '50m',
    told: null,
  },
  {
    alert: 'AbideReconcileFailing',
    what: 'three in a row',
    series: { abide_consecutive_failures: '0x4 1x4 2x4 3x20', abide_suspended: '0x40', [stalled]: '0x40' },
    at: '25m',
    told: [{ description: 'a has failed 3 times in a row and goes on trying; it runs the system before.' }],
  },
  {
    alert: 'AbideReconcileFailing',
    what: 'two in a row',
    series: { abide_consecutive_failures: '2x40', abide_suspended: '0x40', [stalled]: '0x40' },
    at: '25m',
    told: null,
  },
  {
    alert: 'AbideReconcileFailing',
    what: 'suspended by somebody who knows',
    series: { abide_consecutive_failures: '5x40', abide_suspended: '1x40', [stalled]: '0x40' },
    at: '25m',
    told: null,
  },
  {
    alert: 'AbideReconcileFailing',
    what: 'given up, which AbideStalled tells',
    series: { abide_consecutive_failures: '5x40', abide_suspended: '0x40', [stalled]: '1x40' },
    at: '25m',
    told: null,
  },
  {
    alert: 'AbideStalled',
    what: 'given up',
    series: {
      [stalled]: '0x2 1x20',
      'abide_quarantine_since_timestamp_seconds{branch="main"}': '0x22',
      'abide_quarantine_since_timestamp_seconds{branch="testing"}': '60x22',
      abide_hold_since_timestamp_seconds: '0x22',
      abide_rollback_failed: '0x22',
    },
    at: '15m',
    told: [{ description: 'a has used up its attempts; it waits for a new commit or for abide retry.' }],
  },
  ...[
    'abide_quarantine_since_timestamp_seconds{branch="main"}',
    'abide_hold_since_timestamp_seconds',
    'abide_rollback_failed',
  ].map((cause) => ({
    alert: 'AbideStalled',
    what: `told by the alert on ${cause}`,
    series: { [stalled]: '1x20', [cause]: '1x20' },
    at: '15m',
    told: null,
  })),
  {
    alert: 'AbideNotConverged',
    what: 'on its way for longer than all its time limits',
    series: reconciling,
    at: '370m',
    told: [
      {
        description:
          'a has worked for 6h 10m 0s without coming to rest, which is more than all its time limits.',
      },
    ],
  },
  {
    alert: 'AbideNotConverged',
    what: 'a build that may take four hours',
    series: reconciling,
    at: '5h',
    told: null,
  },
  {
    alert: 'AbideNotConverged',
    what: 'waiting at a window or suspended, which is not working',
    series: { ...reconciling, 'abide_condition{condition="Reconciling",status="true"}': '0x1000' },
    at: '12h',
    told: null,
  },
  {
    alert: 'AbideNotConverged',
    what: 'it began anew with each of many commits that were deployed',
    series: {
      ...reconciling,
      'abide_condition_transition_timestamp_seconds{condition="Reconciling"}': '0+60x1000',
    },
    at: '12h',
    told: null,
  },
  {
    alert: 'AbideChangedByHand',
    what: 'a switch by hand is one alert, whatever it changed',
    series: {
      'abide_drift{kind="runtime"}': '0x2 1x20',
      'abide_drift{kind="profile"}': '0x2 1x20',
      'abide_drift{kind="manual"}': '0x2 1x20',
      abide_suspended: '0x22',
    },
    at: '10m',
    told: [{ description: 'a does not run, or would not boot, what abide deployed.' }],
  },
  {
    alert: 'AbideChangedByHand',
    what: 'a rollout, and a reboot that is due',
    series: {
      'abide_drift{kind="commit"}': '1x60',
      'abide_drift{kind="boot"}': '1x60',
      'abide_drift{kind="manual"}': '0x60',
      abide_suspended: '0x60',
    },
    at: '50m',
    told: null,
  },
  {
    alert: 'AbideChangedByHand',
    what: 'while somebody works on the host and said so',
    series: { 'abide_drift{kind="manual"}': '1x60', abide_suspended: '1x60' },
    at: '50m',
    told: null,
  },
  {
    alert: 'AbideChangedByHand',
    what: 'put right within the grace',
    series: { 'abide_drift{kind="manual"}': '0x2 1x3 0x20', abide_suspended: '0x60' },
    at: '20m',
    told: null,
  },
  {
    alert: 'AbideSuspendedForLong',
    what: 'for longer than the limit',
    series: { abide_suspended_since_timestamp_seconds: '600x200' },
    at: '3h',
    told: [{ description: 'a has been suspended for 2h 50m 0s.' }],
  },
  {
    alert: 'AbideSuspendedForLong',
    what: 'for less than the limit',
    series: { abide_suspended_since_timestamp_seconds: '600x200' },
    at: '2h',
    told: null,
  },
  {
    alert: 'AbideSuspendedForLong',
    what: 'never suspended, after as long',
    series: { abide_suspended_since_timestamp_seconds: '0x200' },
    at: '3h',
    told: null,
  },
  {
    alert: 'AbideTestingForLong',
    what: 'for longer than the limit',
    series: { abide_testing_since_timestamp_seconds: '600x200' },
    at: '191m',
    told: [{ description: 'a has followed its testing branch for 3h 1m 0s.' }],
  },
  {
    alert: 'AbideTestingForLong',
    what: 'a testing deployment of today',
    series: {
      abide_testing_since_timestamp_seconds: '600x200',
      'abide_desired_info{commit="c",remote="origin",branch="testing"}': '1x200',
    },
    at: '3h',
    told: null,
  },
  {
    alert: 'AbideWaitingForLong',
    what: 'a gate that never opens, by its name',
    series: {
      abide_waiting_since_timestamp_seconds: '600x600',
      'abide_waiting_info{gate="window"}': '1x600',
    },
    at: '9h',
    told: [{ labels: { gate: 'window' }, description: 'a has waited at gate window for 8h 50m 0s.' }],
  },
  {
    alert: 'AbideWaitingForLong',
    what: 'a window that opens in time',
    series: {
      abide_waiting_since_timestamp_seconds: '600x600',
      'abide_waiting_info{gate="window"}': '1x600',
    },
    at: '8h',
    told: null,
  },
  {
    alert: 'AbideWaitingForLong',
    what: 'mode observe, which waits for ever and is meant to',
    series: {
      abide_waiting_since_timestamp_seconds: '600x600',
      'abide_waiting_info{gate="mode"}': '1x600',
    },
    at: '9h',
    told: null,
  },
  {
    alert: 'AbideRebootOverdue',
    what: 'for longer than the limit',
    series: {
      abide_reboot_required_since_timestamp_seconds: '600x600',
      'abide_reboot_required{reason="kernel"}': '1x600',
    },
    at: '8h',
    told: [
      {
        description:
          'a runs on a kernel or boot system that was replaced 7h 50m 0s ago; at most 7 hours are wanted.',
      },
    ],
  },
  {
    alert: 'AbideRebootOverdue',
    what: 'rebooted in time',
    series: { abide_reboot_required_since_timestamp_seconds: '600x300 0x300' },
    at: '8h',
    told: null,
  },
  {
    alert: 'AbideCommitRefused',
    what: 'a bad signature is one alert for the whole fleet',
    series: {
      'abide_trust_refused_heads{instance="a",reason="bad_signature"}': '0x2 2x10',
      'abide_trust_refused_heads{instance="b",reason="bad_signature"}': '0x2 1x10',
      'abide_trust_refused_heads{instance="b",reason="unsigned"}': '0x12',
    },
    at: '5m',
    told: [
      {
        labels: { instance: '', severity: 'critical', reason: 'bad_signature' },
        description: '2 hosts of abide refuse the head of a branch (bad_signature) and stay where they are.',
      },
    ],
  },
  {
    alert: 'AbideCommitRefused',
    what: 'somebody forgot to sign',
    series: { 'abide_trust_refused_heads{reason="unsigned"}': '1x10' },
    at: '5m',
    told: [
      {
        labels: { instance: '', severity: 'warning', reason: 'unsigned' },
        description: '1 hosts of abide refuse the head of a branch (unsigned) and stay where they are.',
      },
    ],
  },
  {
    alert: 'AbideCommitRefused',
    what: 'refused once, replaced since',
    series: {
      'abide_trust_refused_heads{reason="unsigned"}': '1x4 0x10',
      'abide_trust_rejections_total{reason="unsigned"}': '0x4 1x10',
    },
    at: '8m',
    told: null,
  },
  {
    alert: 'AbideAllRemotesStale',
    what: 'the freshest of all remotes counts',
    series: { [`${answered}{remote="origin"}`]: '-9000x20', [`${answered}{remote="mirror"}`]: '-8000x20' },
    at: '10m',
    told: [{ description: 'No remote has answered a for 2h 23m 20s, so no commit can reach it.' }],
  },
  {
    alert: 'AbideAllRemotesStale',
    what: 'one of two answers',
    series: { [`${answered}{remote="origin"}`]: '-9000x20', [`${answered}{remote="mirror"}`]: '0+60x20' },
    at: '10m',
    told: null,
  },
  {
    alert: 'AbideAllRemotesStale',
    what: 'a laptop after a week in a bag',
    series: { [`${answered}{remote="origin",class="laptop"}`]: '-600000x20' },
    at: '10m',
    told: null,
  },
  {
    alert: 'AbideAllRemotesStale',
    what: 'a laptop that was not seen for two weeks',
    series: { [`${answered}{remote="origin",class="laptop"}`]: '-1300000x20' },
    at: '10m',
    told: [
      {
        labels: { class: 'laptop' },
        description: 'No remote has answered a for 15d 1h 16m 40s, so no commit can reach it.',
      },
    ],
  },
  {
    alert: 'AbideRemoteStale',
    what: 'one of two is gone',
    series: { [`${answered}{remote="origin"}`]: '-9000x20', [`${answered}{remote="mirror"}`]: '0+60x20' },
    at: '10m',
    told: [
      {
        labels: { remote: 'origin' },
        description: 'Remote origin last answered a 2h 40m 0s ago; at most 1 hour are wanted.',
      },
    ],
  },
  {
    alert: 'AbideRemoteStale',
    what: 'all are gone, which AbideAllRemotesStale tells',
    series: { [`${answered}{remote="origin"}`]: '-9000x20', [`${answered}{remote="mirror"}`]: '-8000x20' },
    at: '10m',
    told: null,
  },
  {
    alert: 'AbideRemoteStale',
    what: 'back before anybody had to know',
    series: {
      [`${answered}{remote="origin"}`]: '-9000x3 240+60x20',
      [`${answered}{remote="mirror"}`]: '0+60x24',
    },
    at: '10m',
    told: null,
  },
  {
    alert: 'AbideFleetFailing',
    what: 'all hosts are stalled and none counts failures',
    series: fleet({ failures: ['0x30', '0x30', '0x30'], stalled: ['1x30', '1x30', '1x30'] }),
    at: '20m',
    told: [
      {
        labels: { instance: '' },
        description: '100% of the hosts of abide fail; look at the last commit first.',
      },
    ],
  },
  {
    alert: 'AbideFleetFailing',
    what: 'one stalled and one failing of three',
    series: fleet({ failures: ['4x30', '0x30', '0x30'], stalled: ['0x30', '1x30', '0x30'] }),
    at: '20m',
    told: [
      {
        labels: { instance: '' },
        description: '66.67% of the hosts of abide fail; look at the last commit first.',
      },
    ],
  },
  {
    alert: 'AbideFleetFailing',
    what: 'a single host is no fleet',
    series: fleet({ failures: ['4x30', '0x30', '0x30'], stalled: ['1x30', '0x30', '0x30'] }),
    at: '20m',
    told: null,
  },
  {
    alert: 'AbideTargetDown',
    what: 'no scrape for a quarter of an hour',
    series: { up: '1x2 0x30' },
    at: '25m',
    told: [{ description: 'Prometheus cannot scrape abide on a, so nobody watches that host.' }],
  },
  {
    alert: 'AbideTargetDown',
    what: 'a laptop in a bag, another job, a reboot',
    series: {
      'up{class="laptop"}': '0x30',
      'up{job="node"}': '0x30',
      'up{instance="b"}': '1x10 0x5 1x15',
    },
    at: '25m',
    told: null,
  },
  {
    alert: 'AbideAbsent',
    what: 'nothing from anybody',
    series: { up: '1x30' },
    at: '20m',
    told: [
      {
        labels: { job: '', instance: '' },
        description: 'Prometheus has no abide_build_info from any target (1); look at its scrapes.',
      },
    ],
  },
  {
    alert: 'AbideAbsent',
    what: 'one host tells',
    series: { 'abide_build_info{version="1"}': '1x30' },
    at: '20m',
    told: null,
  },
];

function fleet(of: { readonly failures: readonly string[]; readonly stalled: readonly string[] }) {
  const names = ['a', 'b', 'c'];
  return Object.fromEntries(
    names.flatMap((name, index) => [
      [`abide_build_info{instance="${name}",version="1"}`, '1x30'],
      [`abide_consecutive_failures{instance="${name}"}`, of.failures[index] ?? ''],
      [`abide_condition{instance="${name}",condition="Stalled",status="true"}`, of.stalled[index] ?? ''],
    ]),
  );
}
