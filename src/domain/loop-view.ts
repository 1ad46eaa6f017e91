import type { Desired } from './desired.ts';
import type { Progress } from './evaluation.ts';
import type { Facts } from './facts.ts';
import type { Judgement } from './judgement.ts';
import type { Observed } from './observed.ts';
import type { RemoteHealth, RemoteRule } from './remote.ts';
import type { LoopState } from './status.ts';

/** A configured remote as the world may see it; the URL never carries credentials. */
export interface ViewedRemote extends RemoteRule {
  readonly url: string;
  /** False where nobody has to sign what comes from here. */
  readonly signed: boolean;
  readonly health: RemoteHealth;
}

/**
 * One moment of the loop: all that conditions, summary, status and metrics are derived from. The daemon takes it from the
 * machine's snapshot; nothing derived from it is ever an input to a decision.
 */
export interface LoopView {
  readonly host: string;
  readonly version: string;
  readonly mode: 'enforce' | 'observe';
  readonly state: LoopState;
  readonly facts: Facts;
  readonly observed: Observed | null;
  readonly desired: Desired | null;
  /** Per remote and role, main branches first. */
  readonly judgements: readonly Judgement[];
  /** Two main candidates have nothing to do with one another. */
  readonly diverged: boolean;
  /** False until a commit was desired for the first time on this host. */
  readonly everSelected: boolean;
  /** In the configured order. */
  readonly remotes: readonly ViewedRemote[];
  /** Times are epoch milliseconds. */
  readonly waiting: {
    readonly gate: string;
    readonly reason: string;
    readonly since: number;
    readonly nextCheck: number | null;
  } | null;
  /** `since` is epoch milliseconds. */
  readonly progress: (Progress & { readonly since: number }) | null;
  readonly reconcile: { readonly requested: string | null; readonly handled: string | null };
  /** Epoch milliseconds. */
  readonly nextReconcile: number | null;
  /** The healthy system runs, but its profile or boot loader could not be set; that step is being retried. */
  readonly uncommitted: boolean;
  /** Tries of the running rollback that failed. */
  readonly rollbackFailures: number;
}
