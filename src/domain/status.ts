import type { CommitId } from './commit.ts';
import type { CheckResult, Deployment } from './deployment.ts';
import type { DriftKind, Failure, Quarantined, Suspension } from './facts.ts';
import type { RebootReason } from './observed.ts';
import type { Operation, Signer } from './remote.ts';

/** The loop's diagnostic state, by its machine's names. */
export const loopStates = [
  'observing',
  'settled',
  'evaluating',
  'building',
  'gating',
  'activating',
  'probation',
  'committing',
  'rollingBack',
  'backoff',
  'stalled',
] as const;
export type LoopState = (typeof loopStates)[number];

/** In order of precedence: the first that holds is shown. */
export const summaries = [
  'Unknown',
  'Suspended',
  'Failed',
  'Stalled',
  'Waiting',
  'Progressing',
  'Drifted',
  'InSync',
] as const;
export type Summary = (typeof summaries)[number];

/** Every condition there is; all of them are always reported. */
export const conditionTypes = [
  'Ready',
  'Reconciling',
  'Stalled',
  'SourceReachable',
  'SourceTrusted',
  'Built',
  'Activated',
  'Healthy',
  'InSync',
  'RebootRequired',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

/** A Kubernetes-style observation; `lastTransitionTime` moves only when `status` does. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedCommit: CommitId | null;
}

/** Of main to the floor, of testing to desired main. */
export type Relation = 'same' | 'ahead' | 'behind' | 'rewritten' | 'diverged' | 'missing';

/** One branch of one remote; null where it was not seen or judged yet. */
export interface BranchStatus {
  readonly ref: string;
  readonly head: CommitId | null;
  readonly subject: string | null;
  readonly relation: Relation;
  readonly verdict: 'accepted' | 'rejected' | 'pending' | null;
  readonly reason: string | null;
  readonly message: string | null;
  readonly candidate: CommitId | null;
}

/** One remote; times are RFC 3339, `url` holds no credentials, `up` is null before the first poll. */
export interface RemoteStatus {
  readonly name: string;
  readonly url: string;
  readonly up: boolean | null;
  readonly lastAttempt: string | null;
  readonly lastSuccess: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly selected: boolean;
  readonly main: BranchStatus | null;
  readonly testing: BranchStatus | null;
}

/** A place on the host that names a system, with the commits known to give it. */
export interface SlotStatus {
  readonly toplevel: string | null;
  readonly commits: readonly CommitId[];
}

/** `abide status --json`, GET /v1/status; missing things are null, never absent. */
export interface HostStatus {
  readonly apiVersion: 'abide/v1';
  readonly kind: 'HostStatus';
  readonly host: string;
  readonly version: string;
  readonly mode: 'enforce' | 'observe';
  readonly summary: Summary;
  readonly message: string;
  readonly state: LoopState;
  readonly desired: {
    readonly commit: CommitId;
    readonly remote: string | null;
    readonly branch: string;
    readonly testing: boolean;
    readonly operation: Operation;
    readonly subject: string | null;
    readonly author: string | null;
    readonly committedAt: string | null;
    readonly signer: Signer | null;
  } | null;
  readonly observed: {
    readonly current: SlotStatus & { readonly specialisation: string | null };
    readonly booted: SlotStatus & { readonly proven: boolean | null };
    readonly profile: { readonly generation: number | null; readonly toplevel: string | null };
    readonly bootDefault: { readonly toplevel: string | null };
  } | null;
  readonly drift: readonly { readonly kind: DriftKind; readonly since: string; readonly message: string }[];
  readonly rebootRequired: { readonly required: boolean; readonly reasons: readonly RebootReason[] };
  readonly floor: CommitId | null;
  readonly remotes: readonly RemoteStatus[];
  readonly conditions: readonly Condition[];
  readonly health: readonly CheckResult[];
  readonly deployment: Deployment | null;
  readonly lastDeployment: Deployment | null;
  readonly quarantine: readonly (Quarantined & { readonly message: string | null })[];
  readonly suspended: Suspension | null;
  readonly waiting: {
    readonly gate: string;
    readonly reason: string;
    readonly since: string;
    readonly nextCheck: string | null;
  } | null;
  readonly backoff: {
    readonly class: string;
    readonly attempt: number;
    readonly attempts: number | null;
    readonly until: string;
  } | null;
  /** The desired commit's failure with its log's last lines, while it is retried or stalled. */
  readonly failure: Pick<
    Failure,
    'commit' | 'class' | 'code' | 'message' | 'log' | 'since' | 'stalled'
  > | null;
  /** What long work is doing right now, in one line. */
  readonly progress: {
    readonly phase: string;
    readonly text: string;
    readonly done: number | null;
    readonly expected: number | null;
    readonly since: string;
  } | null;
  /** Tokens of `abide reconcile`: the newest asked for, and the newest fully looked at. */
  readonly reconcile: { readonly requested: string | null; readonly handled: string | null };
  readonly nextReconcile: string | null;
}
