import type { CommitId } from './commit.ts';
import type { BranchRole, Operation } from './remote.ts';

/** The commit that selection chose, with the branch it came from and the operation to do. */
export interface Desired {
  readonly commit: CommitId;
  /** null when no remote offers it: the host then abides at its floor. */
  readonly remote: string | null;
  readonly role: BranchRole;
  /** The branch's configured name. */
  readonly branch: string;
  readonly operation: Operation;
}
