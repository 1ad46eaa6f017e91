import type { RejectionReason, RemoteHealth, RemoteOffer } from '../src/domain/remote.ts';
import type { CommitId } from '../src/domain/commit.ts';
import type { Deployment, PhaseTiming, SwitchResult, WentBack } from '../src/domain/deployment.ts';
import type { NewEvent } from '../src/domain/event.ts';
import type { Facts, Floor, Suspension } from '../src/domain/facts.ts';
import type { Self } from '../src/domain/handover.ts';
import type { Loop } from '../src/domain/loop.ts';
import type { Policy } from '../src/domain/policy.ts';
import type { Problem } from '../src/domain/problem.ts';
import type { Round } from '../src/domain/probation.ts';
import type { ObserverReport } from './observer.ts';
import type { RemoteReport } from './remote.ts';

/** What the reconciler is started with; the rest it observes. */
export interface ReconcilerInput {
  readonly policy: Policy;
  readonly facts: Facts;
  /** What the mirror still holds of each remote's last offer. */
  readonly heard: Readonly<Record<string, RemoteOffer>>;
  readonly machineId: string;
  readonly polls: readonly { readonly name: string; readonly pollMs: number }[];
  readonly observeEveryMs: number;
  /** This process, for the question who may commit a new abide. */
  readonly self: Self;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds by the boot's own clock, which stands still in sleep and which nobody can set. */
  readonly uptime: () => number;
  /** Milliseconds that the host has slept in this boot; null where that cannot be read. */
  readonly asleep: () => number | null;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The loop as decisions see it, and what only the machine needs. */
export interface ReconcilerContext extends Loop, Omit<ReconcilerInput, 'policy' | 'facts' | 'heard'> {
  /** What remotes offered last; it counts once its ancestry is known. */
  readonly heard: Readonly<Record<string, RemoteOffer>>;
  readonly health: Readonly<Record<string, RemoteHealth>>;
  /** The commits that `ancestry` covers, and those that are being asked about. */
  readonly assessed: string | null;
  readonly assessing: string | null;
  /** A person's `reconcile`: what has not been looked at since. */
  readonly request: { readonly token: string; readonly pending: readonly string[] } | null;
  /** The newest request that was served. */
  readonly handled: string | null;
  /** What the running deployment's switch-to-configuration said last. */
  readonly switched: SwitchResult | null;
  /** Why the switch could not be begun or seen to its end, or profile or boot loader not be set. */
  readonly fault: Problem | null;
  /** How the running deployment's way back ended. */
  readonly went: WentBack | null;
  /** The running probation's newest look. */
  readonly round: Round | null;
  readonly phaseSince: number;
  readonly phases: readonly PhaseTiming[];
  /** Failed rollbacks in a row. */
  readonly rollbackFailures: number;
}

/** Facts from below, wishes from above; each only means "look again". */
export type ReconcilerEvent =
  | RemoteReport
  | ObserverReport
  | { readonly type: 'remote.moved'; readonly remote: string }
  | { readonly type: 'reconcile'; readonly token: string }
  | { readonly type: 'suspend'; readonly suspension: Suspension }
  | { readonly type: 'resume'; readonly by: string | null }
  | { readonly type: 'confirm'; readonly id: string | null; readonly by: string | null }
  | {
      readonly type: 'reject';
      readonly id: string | null;
      readonly reason: string;
      readonly by: string | null;
    }
  | {
      readonly type: 'rollback';
      readonly to: string | null;
      /** What was found to go back to, and is pinned; anything else is not gone back to. */
      readonly toplevel: string | null;
      readonly reason: string;
      readonly by: string | null;
    }
  | { readonly type: 'retry'; readonly commit: CommitId | null; readonly by: string | null }
  | {
      readonly type: 'accept';
      readonly floor: Floor;
      readonly reason: string;
      readonly by: string | null;
    };

/** What the reconciler tells the outside; nothing in it is ever an input to a decision. */
export type ReconcilerEmitted =
  | { readonly type: 'event'; readonly event: NewEvent }
  | {
      readonly type: 'phase';
      readonly phase: string;
      readonly seconds: number;
      readonly commit: CommitId | null;
    }
  | { readonly type: 'failed'; readonly phase: string }
  | { readonly type: 'reconciled'; readonly result: ReconcileResult }
  | { readonly type: 'polled'; readonly remote: string; readonly result: 'changed' | 'unchanged' | 'failure' }
  | {
      readonly type: 'rejected';
      readonly remote: string;
      readonly commit: CommitId;
      readonly reason: RejectionReason;
    }
  | { readonly type: 'rolledBack'; readonly deployment: Deployment; readonly byItself: boolean }
  | { readonly type: 'wentBack'; readonly deployment: Deployment };

/** How one pass over desired and observed ended. */
export type ReconcileResult = 'success' | 'noop' | 'failure' | 'superseded' | 'rolled_back' | 'blocked';
