import type { CommitId } from './commit.ts';
import type { RejectionReason, Signer } from './remote.ts';

/** What was found out about one commit, whatever the policy makes of it. */
export interface CheckedCommit {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
  /** Committer date in epoch milliseconds: what its author wrote, never a clock. */
  readonly committedAt: number;
  readonly signature: Signature;
}

/** Whose signature it is, proved by git and its verifier; or why it is nobody's. */
export type Signature =
  | {
      readonly good: true;
      readonly kind: Signer['kind'];
      /** Fingerprint of the SSH key, or of the primary OpenPGP key. */
      readonly key: string;
      /** When it says it was made, in epoch milliseconds; null where the format does not say. */
      readonly signedAt: number | null;
      /** When the finding ceases to hold because key or signature expire, in epoch milliseconds; null: never. */
      readonly until: number | null;
    }
  | { readonly good: false; readonly reason: RejectionReason; readonly message: string };
