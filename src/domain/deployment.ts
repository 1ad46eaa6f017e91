import type { CommitId } from './commit.ts';
import type { Observed, Specialisation } from './observed.ts';
import type { OwnFate } from './own-unit.ts';
import type { BranchRole, Operation } from './remote.ts';

/** The steps of a deployment in order; each is journalled before it is taken. */
export const deploymentSteps = [
  'prepare',
  'preflight',
  'arm',
  'switch',
  'look',
  'probation',
  'passed',
  'profile',
  'loader',
  'rollback',
] as const;
export type DeploymentStep = (typeof deploymentSteps)[number];

/** How a deployment can end; closed, because history and metrics count on it. */
export const deploymentOutcomes = [
  'committed',
  'staged',
  'uncommitted',
  'rolled_back',
  'rollback_failed',
  'failed',
  'interrupted',
  'superseded',
] as const;
export type DeploymentOutcome = (typeof deploymentOutcomes)[number];

/** Why an activation happens at all: drift by itself is no cause. `boot` activates nothing: it is the probation of a first boot. */
export type Trigger = 'commit' | 'drift' | 'operator' | 'retry' | 'boot';

/** How long one phase of a deployment took. */
export interface PhaseTiming {
  readonly phase: string;
  readonly startedAt: string;
  readonly durationSeconds: number;
}

/** One health check as last seen; `baseline` is its result before the activation, null where there was none. */
export interface CheckResult {
  readonly name: string;
  readonly status: 'passing' | 'failing' | 'unknown';
  readonly baseline: 'passing' | 'failing' | 'unknown' | null;
  readonly durationSeconds: number;
  readonly message: string | null;
}

/** Whether a person has to say yes while the deployment is on probation, and who did; times are RFC 3339. */
export interface Confirmation {
  /** The configuration's key or the commit that asks for it. */
  readonly askedBy: string;
  /** As the client claimed it. */
  readonly by: string | null;
  /** null until somebody did. */
  readonly at: string | null;
}

/** One attempt to make a toplevel the running system; times are RFC 3339, missing things null. */
export interface Deployment {
  /** Sorts by time, unique on this host; also names its directory and its unit. */
  readonly id: string;
  readonly commit: CommitId;
  readonly subject: string | null;
  readonly remote: string | null;
  readonly branch: BranchRole;
  readonly toplevel: string;
  readonly operation: Operation;
  readonly trigger: Trigger;
  /** The operator as the client claimed it. */
  readonly by: string | null;
  readonly outcome: DeploymentOutcome | null;
  /** The step that was begun last; null when the deployment ended. */
  readonly step: DeploymentStep | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** CamelCase, from the closed reasons of conditions. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly phases: readonly PhaseTiming[];
  readonly checks: readonly CheckResult[];
  /** What ran, and what the profile and boot default were, when it began: the way back. */
  readonly previous: {
    readonly toplevel: string | null;
    readonly commit: CommitId | null;
    readonly profile: string | null;
    readonly bootDefault: string | null;
    /** The specialisation of `toplevel` that ran; it is kept where the new system has one of that name. */
    readonly specialisation: Specialisation | null;
  };
  /** What becomes of abide's own service by it. */
  readonly abide: OwnFate;
  /** Boot in which it began. */
  readonly bootId: string | null;
  /** True once `switch-to-configuration test` was run again after exit 4. */
  readonly retried: boolean;
  /** Exit code of the last switch-to-configuration; null before it and when it was lost. */
  readonly exitCode: number | null;
  /** null where no person is asked. */
  readonly confirmation: Confirmation | null;
  /** The commit that a person went back from by this deployment; null for all others. */
  readonly goesBackFrom: CommitId | null;
  /** Why only a reboot may bring it, though its operation is switch: profile and boot default move, nothing is activated. */
  readonly staged: string | null;
  /** The configuration's key or the commit by which a failure is not undone by itself; null: it is. */
  readonly noRollback: string | null;
  /** Why nothing can go back though another system ran before; found when the dead-man was to be armed, null where there is a way. */
  readonly noWayBack: string | null;
  /** True where its system ran already without having proved itself here: nothing is activated, it is only put on probation. */
  readonly inPlace: boolean;
  /** The step at which the end of the host cut it off; left out where it had changed nothing, or came to its own end. */
  readonly cutOffAt?: DeploymentStep | undefined;
  /** Last lines of a failure's log. */
  readonly log: readonly string[];
}

/** True for the probation of a first boot: it activates nothing, and is no second deployment of its commit. */
export function isTrial({ trigger }: Pick<Deployment, 'trigger'>): boolean {
  return trigger === 'boot';
}

/** What every deployment is when it begins, of whatever kind. */
export const justBegun = {
  outcome: null,
  step: 'prepare',
  endedAt: null,
  reason: null,
  message: null,
  checks: [],
  retried: false,
  exitCode: null,
  staged: null,
  noWayBack: null,
  inPlace: false,
  log: [],
} as const satisfies Partial<Deployment>;

/** What became of a switch: read from the wrapper's own file, so it survives the daemon. */
export interface SwitchResult {
  /** null: ended by a signal, or its end was lost. */
  readonly exitCode: number | null;
  /** `lost` where nobody saw the end, `dead-man` where the way back was taken meanwhile. */
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly log: readonly string[];
}

/** What a rollback left behind. */
export interface WentBack {
  readonly observed: Observed;
  /** True when it began without abide, because abide had not answered in time. */
  readonly byItself: boolean;
  /** What people should know of it beside that it happened. */
  readonly note: string | null;
}
