import type { Ancestry } from './ancestry.ts';
import type { Evaluation } from './evaluation.ts';
import type { Facts } from './facts.ts';
import type { Inspection } from './inspection.ts';
import type { Observed } from './observed.ts';
import type { Policy } from './policy.ts';
import type { RemoteOffer } from './remote.ts';
import type { Target } from './target.ts';

/** Something said "not now"; never a failure, always with a reason and a next look. */
export interface Waiting {
  /** Which gate: mode, machine-id, network, cache, lock, reboot, removal, hook, confirmation. */
  readonly gate: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds; null when only another commit or configuration can open it. */
  readonly nextCheck: number | null;
  /** The system that ran when a gate without a next look was shut: beside another one it is asked again. */
  readonly beside?: string | null;
}

/**
 * Everything a decision reads. The reconciler's context is one of these; every decision about it is a pure function,
 * so that a decision can be tested, explained and walked without a machine.
 */
export interface Loop {
  readonly policy: Policy;
  readonly facts: Facts;
  /** What each remote offered, as far as its ancestry is known. */
  readonly offers: Readonly<Record<string, RemoteOffer>>;
  readonly ancestry: Ancestry;
  readonly observed: Observed | null;
  /** What the pipeline works on. */
  readonly target: Target | null;
  readonly evaluation: Evaluation | null;
  /** True when the target's toplevel is in the store. */
  readonly built: boolean;
  /** What was found in the built toplevel; null until it was looked into. */
  readonly inspection: Inspection | null;
  readonly waiting: Waiting | null;
  /** True once hooks.preActivate let the target pass. */
  readonly admitted: boolean;
  /** Commits given up for another one since the last that came to an end. */
  readonly supersessions: number;
  /** A person asked to try again. */
  readonly asked: { readonly by: string | null } | null;
}
