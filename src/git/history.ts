import { isCommitId, type CommitId } from '../domain/commit.ts';
import type { Git } from './git.ts';

/** A commit and its parents, by git's account. */
export interface HistoryEntry {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
}

/** Which commits are wanted. */
export interface HistoryQuery {
  readonly head: CommitId;
  /** These and all they descend from are left out. */
  readonly without: readonly CommitId[];
  readonly most: number;
  readonly firstParent?: boolean;
}

/** Commits reachable from the head along all parents, each after its parents; of more than `most` only the newest. */
export async function readHistory(
  git: Git,
  { head, without, most, firstParent = false }: HistoryQuery,
  signal: AbortSignal,
): Promise<readonly HistoryEntry[]> {
  const args = [
    'rev-list',
    '--topo-order',
    '--reverse',
    '--parents',
    `--max-count=${most}`,
    ...(firstParent ? ['--first-parent'] : []),
    '--end-of-options',
    head,
    ...without.map((id) => `^${id}`),
  ];
  const lines = (await git.must(args, signal)).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [id = '', ...parents] = line.split(' ').filter(isCommitId);
    return { id, parents };
  });
}
