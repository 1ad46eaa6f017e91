import type { Ancestry } from './ancestry.ts';
import type { LoopView } from './loop-view.ts';
import type { BranchRole } from './remote.ts';

/** Every kind of decision that can keep a commit from running; closed, because scripts may tell them apart. */
export const whyDecisions = [
  'verdict',
  'floor',
  'main',
  'selection',
  'history',
  'quarantine',
  'spent',
  'rollbacks',
  'state',
  'suspension',
  'gate',
  'failure',
  'deployment',
  'drift',
  'unknown',
] as const;
export type WhyDecision = (typeof whyDecisions)[number];

/** Where a commit stands; `held`: something keeps it from running, `past`: the host has left it behind. */
export const whyStandings = ['running', 'staged', 'coming', 'held', 'past', 'unknown'] as const;
export type WhyStanding = (typeof whyStandings)[number];

/** One decision against a commit, and what would make it another. */
export interface WhyReason {
  readonly decision: WhyDecision;
  /** One sentence, for people. */
  readonly message: string;
  /** What to do next; null when nothing has to be done. */
  readonly next: string | null;
}

/** All that is known of why a commit runs here or does not. */
export interface CommitWhy {
  /** As it was asked for when no such commit is known. */
  readonly commit: string;
  readonly subject: string | null;
  readonly standing: WhyStanding;
  readonly message: string;
  /** The branches whose head it is. */
  readonly offers: readonly { readonly remote: string; readonly role: BranchRole; readonly ref: string }[];
  readonly reasons: readonly WhyReason[];
}

/** GET /v1/why. */
export interface WhyAnswer {
  readonly apiVersion: 'abide/v1';
  readonly kind: 'Why';
  readonly commits: readonly CommitWhy[];
  /** What keeps the answer from being whole: remotes that were not heard. */
  readonly remarks: readonly string[];
}

/** One moment of the loop; `ancestry` has to cover heads, stand-ins, floor, desired and the commits asked about. */
export interface WhyQuestion {
  readonly view: LoopView;
  readonly ancestry: Ancestry;
}
