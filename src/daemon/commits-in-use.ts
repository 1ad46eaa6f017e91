import type { CommitId } from '../domain/commit.ts';
import type { Facts } from '../domain/facts.ts';

/** The commits that must survive pruning: what the facts name, and those that are worked on. */
export function commitsInUse(
  { floor, expected, committedMain, deployment }: Facts,
  working: readonly (CommitId | null | undefined)[],
): readonly CommitId[] {
  const named = [floor?.commit, expected?.commit, committedMain?.commit, deployment?.commit];
  const all = [...working, ...named].filter((commit) => commit !== undefined && commit !== null);
  return [...new Set(all)];
}

/** The commit that a plan is being made of, so that the loop does not let it go meanwhile. */
export interface PlannedCommit {
  readonly get: () => CommitId | null;
  readonly set: (commit: CommitId | null) => void;
}

/** No plan is being made. */
export function createPlannedCommit(): PlannedCommit {
  let planned: CommitId | null = null;
  return {
    get: () => planned,
    set: (commit) => {
      planned = commit;
    },
  };
}
