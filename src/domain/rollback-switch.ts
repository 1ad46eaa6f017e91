import { isCommitId, shortId } from './commit.ts';

/** What of a deployment keeps a failure from being undone by itself, for people: a commit's trailer, or a key of the configuration. */
export function rollbackSwitch(noRollback: string): string {
  const isCommit: boolean = isCommitId(noRollback);
  return isCommit ? `Abide-Rollback: no in ${shortId(noRollback)}` : `${noRollback}: false`;
}
