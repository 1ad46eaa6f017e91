import { isCommitId, shortId } from './commit.ts';

/** Why a failure is not undone, in one clause for people. */
export function notByItself(noRollback: string): string {
  return `nothing goes back by itself (${rollbackSwitch(noRollback)})`;
}

/** What of a deployment keeps a failure from being undone by itself, for people: a commit's trailer, or a key of the configuration. */
export function rollbackSwitch(noRollback: string): string {
  const isCommit: boolean = isCommitId(noRollback);
  return isCommit ? `Abide-Rollback: no in ${shortId(noRollback)}` : `${noRollback}: false`;
}
