import { shortId, type CommitId } from '../domain/commit.ts';
import type { HostStatus } from '../domain/status.ts';

/** Names commits by their short id and, where the status knows it, their subject. */
export type DescribeCommit = (commit: CommitId) => string;

/** Collects the subjects that a status carries somewhere. */
export function describeCommits(status: HostStatus): DescribeCommit {
  const subjects = new Map<CommitId, string>();
  const note = (commit: CommitId | null | undefined, subject: string | null | undefined) => {
    if (commit && subject) subjects.set(commit, subject);
  };
  note(status.lastDeployment?.commit, status.lastDeployment?.subject);
  note(status.deployment?.commit, status.deployment?.subject);
  for (const { main, testing } of status.remotes) {
    note(main?.head, main?.subject);
    note(testing?.head, testing?.subject);
  }
  note(status.desired?.commit, status.desired?.subject);
  return (commit) => `${shortId(commit)} ${subjects.get(commit) ?? ''}`.trimEnd();
}
