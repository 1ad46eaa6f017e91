import type { Failure } from './facts.ts';
import { rebootReasons, type RebootReason } from './observed.ts';
import { rejectionReasons, type RejectionReason } from './remote.ts';
import type { ConditionType } from './status.ts';

/** A name of a closed set, like `bad_signature` or `kernel-params`, as a condition's reason. */
export function reasonName(name: RejectionReason | RebootReason): string {
  return name.replace(/(?:^|[_-])([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** The reason a failure gives to Ready, Built and Stalled. */
export function failureReason({ class: kind, code }: Pick<Failure, 'class' | 'code'>): string {
  if (code === 'no_such_host') return 'NoSuchHost';
  if (code === 'no_switch_program') return 'NotSwitchable';
  if (code === 'no_space' || code === 'no_room') return 'InsufficientSpace';
  return failureReasons[kind];
}

const failureReasons = {
  evaluate: 'EvaluationFailed',
  build: 'BuildFailed',
  activate: 'ActivationFailed',
  commit: 'CommitFailed',
  environment: 'EnvironmentFailed',
  unexpected: 'Failed',
} as const;

const failed = [...Object.values(failureReasons), 'NoSuchHost', 'NotSwitchable', 'InsufficientSpace'];

/** Every reason a condition may have; closed, so that alerts and scripts can count on it. */
export const conditionReasons: Readonly<Record<ConditionType, readonly string[]>> = {
  Ready: [
    'Succeeded',
    'Progressing',
    'SourceUnreachable',
    'SourceUntrusted',
    'NoCandidate',
    ...failed,
    'HealthCheckFailed',
    'RolledBack',
    'RollbackFailed',
    'RollbacksInARow',
    'Drifted',
    'Waiting',
    'RebootPending',
    'Suspended',
    'StateLost',
  ],
  Reconciling: ['Progressing', 'ProgressingWithRetry', 'Idle'],
  Stalled: [
    'RetriesExceeded',
    'NoSuchHost',
    'NotSwitchable',
    'RolledBack',
    'RollbackFailed',
    'RollbacksInARow',
    'StateLost',
    'NotStalled',
  ],
  SourceReachable: ['Fetched', 'PartiallyFailed', 'AllRemotesFailed', 'Progressing'],
  SourceTrusted: [
    'Verified',
    'Unverified',
    'Diverged',
    'Pending',
    'Progressing',
    ...rejectionReasons.map(reasonName),
  ],
  Built: ['Succeeded', 'Progressing', 'Waiting', ...failed],
  Activated: [
    'Succeeded',
    'Progressing',
    'ActivationFailed',
    'Rejected',
    'NotConfirmed',
    'RollbacksInARow',
    'WaitingForGate',
    'RebootPending',
    'Drifted',
    'NotBuilt',
    'Suspended',
  ],
  Healthy: ['Succeeded', 'Progressing', 'HealthCheckFailed', 'NotChecked'],
  InSync: ['NoDriftDetected', 'DriftDetected', 'NotDeployed', 'NotObserved'],
  RebootRequired: ['NotRequired', 'NotObserved', ...rebootReasons.map(reasonName)],
};
