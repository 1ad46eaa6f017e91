import { deploymentOutcomes } from '../src/domain/deployment.ts';
import { driftKinds } from '../src/domain/facts.ts';
import { rebootReasons } from '../src/domain/observed.ts';
import { branchRoles, rejectionReasons } from '../src/domain/remote.ts';
import { conditionTypes, loopStates, summaries } from '../src/domain/status.ts';

/** The phases that are timed and can fail. */
export const phases = [
  'fetch',
  'verify',
  'evaluate',
  'build',
  'gate',
  'activate',
  'probation',
  'commit',
  'rollback',
] as const;
export type Phase = (typeof phases)[number];

/** How a reconcile can end. */
export const reconcileResults = [
  'success',
  'noop',
  'failure',
  'superseded',
  'rolled_back',
  'blocked',
] as const;
export type ReconcileResult = (typeof reconcileResults)[number];

/** Why a rollback was begun. */
export const rollbackReasons = ['activation', 'health', 'connectivity', 'deadman', 'boot', 'manual'] as const;
export type RollbackReason = (typeof rollbackReasons)[number];

/** How a fetch can end. */
export const fetchResults = ['changed', 'unchanged', 'failure'] as const;
export type FetchResult = (typeof fetchResults)[number];

/** Where a system can be named on the host. */
export const slots = ['current', 'booted', 'profile', 'boot_default'] as const;
export type Slot = (typeof slots)[number];

/** Upper bounds in seconds, the same on every host so that fleets can be summed. */
export const durationBuckets = [0.5, 2, 10, 30, 60, 120, 300, 600, 1200, 2400, 4800] as const;

/** Names that the configuration closes a label with. */
export type ConfiguredNames = Readonly<Record<'remotes' | 'checks', readonly string[]>>;

/** The values of a label: a closed set, configured names, or open; open labels stand on info gauges only. */
export type LabelValues = readonly string[] | keyof ConfiguredNames | 'open';

/** One family of metrics. */
export interface Family {
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** One sentence with the unit. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** The journal keeps it across restarts, because nothing else could tell it again. */
  readonly persisted?: true;
}

/**
 * Every metric there is; dashboards, alert rules, reference and registry are made from it. Times are seconds since the
 * epoch and 0 for never; ages are left to the query. Every combination of closed label values exists from the start.
 */
export const catalogue = {
  abide_build_info: gauge('Always 1; the running version of abide.', { version: 'open' }),
  abide_config_info: gauge('Always 1; the mode that is configured.', { mode: 'open' }),
  abide_desired_info: gauge('Always 1; the desired commit, where it came from and the role of its branch.', {
    commit: 'open',
    remote: 'open',
    branch: 'open',
  }),
  abide_floor_info: gauge(
    'Always 1; the newest main commit that was deployed here and is never left again.',
    {
      commit: 'open',
    },
  ),
  abide_desired_commit_timestamp_seconds: gauge(
    'Committer date of the desired commit, which its author wrote.',
  ),
  abide_desired_first_seen_timestamp_seconds: gauge(
    'When this host first saw the desired commit as desired.',
  ),
  abide_system_info: gauge('Always 1; the commit a system was built from, unknown for a foreign one.', {
    slot: 'open',
    commit: 'open',
  }),
  abide_testing_since_timestamp_seconds: kept(
    'Since when a testing branch is desired, 0 while main is; new commits on it change nothing.',
  ),
  abide_status: gauge('1 for the one word that sums up the host, 0 for the others.', { summary: summaries }),
  abide_state: gauge('1 for the state the loop is in, 0 for the others.', { state: loopStates }),
  abide_last_tick_timestamp_seconds: gauge('When the loop last looked at the host.'),
  abide_next_reconcile_timestamp_seconds: gauge('When the loop will look again by itself.'),
  abide_condition: gauge('1 for the status a condition has, 0 for the others.', {
    condition: conditionTypes,
    status: ['true', 'false', 'unknown'],
  }),
  abide_condition_transition_timestamp_seconds: gauge('When the status of a condition last changed.', {
    condition: conditionTypes,
  }),
  abide_drift: gauge(
    '1 while a kind of drift holds; none of what cannot be told here. commit also holds during a rollout.',
    {
      kind: driftKinds,
    },
  ),
  abide_drift_since_timestamp_seconds: gauge('When a kind of drift began, 0 while there is none.', {
    kind: driftKinds,
  }),
  abide_reconciles_total: counter('Passes over desired and observed, by result.', {
    result: reconcileResults,
  }),
  abide_reconcile_failures_total: counter('Failures, by the phase that failed.', { phase: phases }),
  abide_reconcile_last_attempt_timestamp_seconds: kept('When desired and observed were last compared.'),
  abide_reconcile_last_success_timestamp_seconds: kept('When a comparison last ended in sync.'),
  abide_reconcile_last_failure_timestamp_seconds: kept('When a reconcile last failed or was rolled back.'),
  abide_rebuild_last_success_timestamp_seconds: kept('When a new system was last committed.'),
  abide_phase_duration_seconds: {
    type: 'histogram',
    help: 'Duration of a phase in seconds, failed ones included.',
    labels: { phase: phases },
  },
  abide_phase_last_duration_seconds: kept('Duration of the newest run of a phase in seconds.', {
    phase: phases,
  }),
  abide_deployments_total: counter('Deployments that ended, by outcome.', { outcome: deploymentOutcomes }),
  abide_deployment_last_info: gauge('Always 1; how the newest deployment ended, none while there was none.', {
    outcome: 'open',
    reason: 'open',
    commit: 'open',
  }),
  abide_deployment_last_timestamp_seconds: gauge('When the newest deployment ended.'),
  abide_consecutive_failures: gauge('Failures in a row of the desired commit.'),
  abide_quarantined_commits: gauge('Commits that were rolled back here and are not tried again.'),
  abide_quarantine_since_timestamp_seconds: gauge(
    'Since when a commit that a remote still offers is in quarantine, 0 while none is.',
    { branch: branchRoles },
  ),
  abide_hold_since_timestamp_seconds: gauge(
    'Since when nothing is deployed because the state was lost, 0 while it is not.',
  ),
  abide_suspended: gauge('1 while the loop is suspended.'),
  abide_suspended_since_timestamp_seconds: gauge('When the loop was suspended, 0 while it is not.'),
  abide_suspend_expiry_timestamp_seconds: gauge('When the suspension ends by itself, 0 for never.'),
  abide_waiting_info: gauge('Always 1; the gate that says not now, none while nothing does.', {
    gate: 'open',
  }),
  abide_waiting_since_timestamp_seconds: gauge('Since when something says not now, 0 while nothing does.'),
  abide_staged_since_timestamp_seconds: gauge('Since when a system waits for a reboot, 0 while none does.'),
  abide_health_check_up: gauge('1 while the last result of a health check is that it passes.', {
    check: 'checks',
  }),
  abide_health_check_last_duration_seconds: gauge('Duration of the last look of a health check in seconds.', {
    check: 'checks',
  }),
  abide_boot_proven: gauge(
    '1 if the booted system was found healthy after a boot, 0 if not or if it cannot be read.',
  ),
  abide_reboot_required: gauge('1 for what only a reboot brings into effect.', { reason: rebootReasons }),
  abide_reboot_required_since_timestamp_seconds: gauge(
    'Since when a reboot would bring something into effect, 0 while none would.',
  ),
  abide_rollbacks_total: counter('Rollbacks, by why they were begun; deadman: without abide.', {
    reason: rollbackReasons,
  }),
  abide_rollback_last_timestamp_seconds: kept('When the last rollback was noticed, by why it was begun.', {
    reason: rollbackReasons,
  }),
  abide_rollback_failed: gauge('1 while the host stands where a rollback failed, which needs a person.'),
  abide_remote_up: kept('1 if the last fetch worked, also of before a restart.', { remote: 'remotes' }),
  abide_remote_last_attempt_timestamp_seconds: kept('When a remote was last asked.', { remote: 'remotes' }),
  abide_remote_last_success_timestamp_seconds: kept('When a remote last answered.', { remote: 'remotes' }),
  // Too frequent to be on disk at every moment: one that went back a little would be read as a reset to almost all of it.
  abide_remote_fetches_total: {
    type: 'counter',
    help: 'Fetches by result, since the process started.',
    labels: { remote: 'remotes', result: fetchResults },
  },
  abide_remote_selected: gauge('1 for the remote that desired came from.', { remote: 'remotes' }),
  abide_remote_head_trusted: gauge('0 while a head of the remote is refused.', { remote: 'remotes' }),
  abide_remote_diverged: gauge("1 while the remote's main has nothing to do with what is deployed.", {
    remote: 'remotes',
  }),
  abide_remote_behind: gauge("1 while the remote's main is behind what is deployed.", {
    remote: 'remotes',
  }),
  abide_trust_refused_heads: gauge('Heads of remotes that are refused now.', { reason: rejectionReasons }),
  abide_trust_rejections_total: counter('Refused heads, counted once for each remote and commit.', {
    reason: rejectionReasons,
  }),
  abide_trust_last_rejection_timestamp_seconds: kept('When a head was last refused for the first time.'),
  process_start_time_seconds: gauge('When the process started; counters do not restart with it.'),
  process_cpu_seconds_total: { type: 'counter', help: 'User and system CPU time in seconds.', labels: {} },
  process_resident_memory_bytes: gauge('Resident memory in bytes.'),
} as const satisfies Readonly<Record<string, Family>>;
export type MetricName = keyof typeof catalogue;

/** The catalogue as a plain list. */
export const families: readonly (Family & { readonly name: MetricName })[] = Object.entries(catalogue).map(
  ([name, family]) => ({ ...(family as Family), name: name as MetricName }),
);

function gauge(help: string, labels: Family['labels'] = {}): Family {
  return { type: 'gauge', help, labels };
}

function kept(help: string, labels: Family['labels'] = {}): Family {
  return { type: 'gauge', help, labels, persisted: true };
}

function counter(help: string, labels: Family['labels']): Family {
  return { type: 'counter', help, labels, persisted: true };
}
