import type { Commit } from './commit.ts';
import type { RejectionReason, Signer } from './remote.ts';

/** One commit as the policy sees it, whatever it stands on. */
export interface AuditedCommit extends Commit {
  readonly verdict: 'accepted' | 'pending' | 'rejected';
  readonly reason: RejectionReason | null;
  /** Why not, and what would make it acceptable. */
  readonly message: string | null;
  /** null where it is not accepted, or where no signature is asked for. */
  readonly signer: Signer | null;
}

/** `abide trust audit --json`: who signed the last commits of a repository, and which a policy would refuse. */
export interface TrustAudit {
  readonly apiVersion: 'abide/v1';
  readonly kind: 'TrustAudit';
  readonly repository: string;
  readonly branch: string;
  readonly mode: 'none' | 'tip' | 'range';
  /** Newest first. */
  readonly commits: readonly AuditedCommit[];
  readonly refused: number;
}
