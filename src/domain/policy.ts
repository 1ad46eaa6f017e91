import type { HookKind } from './hook.ts';
import type { RebootReason } from './observed.ts';
import type { ProbationRules } from './probation.ts';
import type { RemoteRule } from './remote.ts';

/** What the configuration says about how the loop decides; read once, never changed while it runs. */
export interface Policy {
  /** observe: fetch, verify, evaluate, build and tell, never activate. */
  readonly mode: 'enforce' | 'observe';
  /** In the configured order. */
  readonly remotes: readonly RemoteRule[];
  /** Failures of one commit before the loop stalls on it. */
  readonly attempts: { readonly evaluate: number; readonly build: number };
  /** Parts whose change against the booted system makes a switch wait for the next boot. */
  readonly stageWhen: readonly RebootReason[];
  readonly drift: { readonly policy: 'report' | 'correct'; readonly graceMs: number };
  /** For main; see `rulesFor`. */
  readonly probation: ProbationRules;
  /** The hooks that are configured. */
  readonly hooks: readonly HookKind[];
  /** True when a system without abide may be activated. */
  readonly allowRemovingAbide: boolean;
  readonly rollback: { readonly enabled: boolean; readonly lastResort: 'none' | 'reboot' };
  /** True when a person has to confirm each new system while it is on probation. */
  readonly confirm: boolean;
  /** Names of the remotes that are reached over the network. */
  readonly networkRemotes: readonly string[];
  readonly trust: {
    /** True where signatures count, so that the first accepted tip is worth remembering. */
    readonly signed: boolean;
    /** True when the floor rises with what is seen, and not only with what is deployed. */
    readonly floorSeen: boolean;
    /** True when a testing commit that was superseded may come back. */
    readonly allowReplay: boolean;
    /** How many remotes must offer a commit. */
    readonly quorum: number;
    /** True when `trust.anchor` says where history begins to count. */
    readonly anchored: boolean;
  };
  /** Ended deployments that are remembered. */
  readonly keepDeployments: number;
}

/** A stalled commit is looked at again after this long, in milliseconds. */
export const stalledRetryMs = 6 * 60 * 60 * 1000;

/** This many supersessions in a row pin the next commit until it ends, so that a busy repository starves nobody. */
export const maxSupersessions = 3;
