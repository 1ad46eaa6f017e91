import type { Commit, CommitId } from '../domain/commit.ts';
import { describeCommits, type DescribeInput } from './describe-commits.ts';

/** Reads commits for people and remembers the last 1000; a commit never changes. */
export interface CommitReader {
  read(ids: readonly CommitId[], signal: AbortSignal): Promise<Commit[]>;
}

/** Nothing is read before the first call. */
export function createCommitReader(input: DescribeInput): CommitReader {
  const known = new Map<CommitId, Commit>();
  return {
    read: async (ids, signal) => {
      const missing = [...new Set(ids)].filter((id) => !known.has(id));
      const found = missing.length === 0 ? [] : await describeCommits(input, missing, signal);
      const commits = new Map([...known, ...found.map((commit) => [commit.id, commit] as const)]);
      for (const commit of found) known.set(commit.id, commit);
      for (const id of [...known.keys()].slice(0, Math.max(0, known.size - limit))) known.delete(id);
      return ids.flatMap((id) => commits.get(id) ?? []);
    },
  };
}

const limit = 1000;
