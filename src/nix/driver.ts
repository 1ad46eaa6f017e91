import type { CommitId } from '../domain/commit.ts';
import type { Evaluation, OnProgress } from '../domain/evaluation.ts';

/** What a kind of system can do; the loop asks these instead of the kind's name. */
export interface Capabilities {
  /** Can be made the next boot's system without being started now. */
  readonly boot: boolean;
  /** Can be started without being made the next boot's system. */
  readonly test: boolean;
  readonly dryActivate: boolean;
  readonly bootloader: boolean;
  readonly specialisations: boolean;
  /** Comparing booted and running system says whether a reboot is needed. */
  readonly rebootNeed: boolean;
  /** `switch-to-configuration check` may exist. */
  readonly preCheck: boolean;
}

/** A commit and the one form in which Nix may read it. */
export interface EvaluateRequest {
  readonly commit: CommitId;
  /** `git+file://…/.git?ref=…&rev=…` of the mirror; names both ref and rev, optionally dir and submodules. */
  readonly source: string;
  readonly onProgress: OnProgress;
}

/** An evaluated commit and the gc root that will hold its toplevel. */
export interface RealiseRequest {
  readonly evaluation: Evaluation;
  /** Link under `gcroots/abide`, replaced only when the build succeeded. */
  readonly rootName: string;
}

/** One kind of system: how a commit becomes a toplevel in the store. Nothing here changes what the host runs. */
export interface SystemDriver {
  readonly capabilities: Capabilities;
  /**
   * Throws Problem `evaluation_failed`, `evaluation_timeout`, `evaluation_memory`, `no_such_host`, `no_switch_program`,
   * `unlocked_input`, `credential_unreadable`, `no_space`, `network` or `aborted`.
   */
  readonly evaluate: (request: EvaluateRequest, signal: AbortSignal) => Promise<Evaluation>;
  /**
   * Throws Problem `build_failed`, `build_timeout`, `build_hash_mismatch`, `not_in_cache` (a wait, not a failure),
   * `derivation_missing` (evaluate again), `no_space`, `network` or `aborted`; settles when no builder runs any more.
   */
  readonly realise: (request: RealiseRequest, onProgress: OnProgress, signal: AbortSignal) => Promise<void>;
}
