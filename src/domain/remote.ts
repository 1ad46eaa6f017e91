import type { Commit, CommitId } from './commit.ts';

/** Which of a remote's two branches, by role and not by name. */
export const branchRoles = ['main', 'testing'] as const;
export type BranchRole = (typeof branchRoles)[number];

/** How a toplevel is brought to the host; the words are switch-to-configuration's. */
export type Operation = 'switch' | 'boot' | 'test';

/** A branch this remote is asked for. */
export interface BranchRule {
  /** The branch's name on the remote, without refs/heads/. */
  readonly name: string;
  readonly operation: Operation;
}

/** What selection has to know of a configured remote. */
export interface RemoteRule {
  readonly name: string;
  readonly main: BranchRule | null;
  readonly testing: BranchRule | null;
}

/** The trust decision on a head; reasons are the closed set of the contract. */
export interface Verdict {
  readonly status: 'accepted' | 'pending' | 'rejected';
  readonly reason: RejectionReason | null;
  readonly message: string | null;
  /** The commit this head offers: itself when accepted, an accepted ancestor, or nothing. */
  readonly candidate: CommitId | null;
  /** Who signed the candidate; null where signatures do not count. */
  readonly signer: Signer | null;
}

/** The key that a valid signature was made with; `name` is what the policy calls it, never an author. */
export interface Signer {
  readonly kind: 'ssh' | 'gpg';
  readonly key: string;
  readonly name: string;
}

/** Why a head was refused. */
export const rejectionReasons = [
  'unsigned',
  'bad_signature',
  'unknown_key',
  'signer_not_allowed',
  'expired_key',
  'revoked_key',
  'weak_digest',
  'date_out_of_range',
  'malformed',
  'range_too_long',
  'rewritten',
  'replayed',
  'quorum',
  'verifier_failed',
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** One commit that keeps a head from being accepted. */
export interface RefusedCommit {
  readonly commit: CommitId;
  readonly status: 'pending' | 'rejected';
  readonly reason: RejectionReason;
  /** Says what would make it acceptable. */
  readonly message: string;
}

/** The tip of one branch as one remote served it. */
export interface Head {
  readonly commit: Commit;
  readonly verdict: Verdict;
  /** The candidate with what the floor will be known by; null where there is none. */
  readonly candidate: Candidate | null;
  /** Commits that keep it from being accepted, oldest first; not all of very many. */
  readonly refused: readonly RefusedCommit[];
  /** How many commits were judged for this verdict. */
  readonly rangeSize: number;
}

/** A commit that may become desired. */
export interface Candidate {
  readonly commit: Commit;
  /** SHA-256 of the commit object without its signature. */
  readonly payloadHash: string | null;
}

/** What a remote offered at its last successful poll; null for a branch that is not there or not asked for. */
export interface RemoteOffer {
  readonly remote: string;
  readonly main: Head | null;
  readonly testing: Head | null;
}

/** A remote's health as its machine knows it; times are epoch milliseconds. */
export interface RemoteHealth {
  readonly up: boolean | null;
  readonly lastAttempt: number | null;
  readonly lastSuccess: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Failed polls in a row. */
  readonly failures: number;
  /** When the next poll is due. */
  readonly nextPoll: number | null;
}
