import type { CommitId } from './commit.ts';
import type { BranchRole, Head, Verdict } from './remote.ts';
import type { Relation } from './status.ts';

/** What selection made of one configured branch of one remote. */
export interface Judgement {
  readonly remote: string;
  readonly role: BranchRole;
  /** The branch's configured name. */
  readonly ref: string;
  /** null: the branch is not there, or nothing was heard from the remote yet. */
  readonly head: Head | null;
  readonly relation: Relation;
  /** The head's own verdict, except that a rewritten head is rejected whatever its signatures say. */
  readonly verdict: Verdict | null;
  /** What this branch adds to selection; null also for an accepted head that cannot become desired. */
  readonly candidate: CommitId | null;
}
