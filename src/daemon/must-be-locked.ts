import type { CommitId } from '../domain/commit.ts';
import { lintLock, pathNames } from '../domain/lock-lint.ts';
import { lockProblem } from '../domain/lock-problem.ts';
import type { Mirror } from '../git/mirror.ts';

/** Where the flake of a commit is. */
export interface FlakeInCommit {
  readonly commit: CommitId;
  readonly subdir: string;
}

/** Reads the lock file with git, before Nix sees anything of the commit; throws Problem `unlocked_input` or `impure_input`. */
export async function mustBeLocked(
  mirror: Mirror,
  { commit, subdir }: FlakeInCommit,
  signal: AbortSignal,
): Promise<void> {
  const path = [...pathNames(subdir), 'flake.lock'].join('/');
  const problem = lockProblem(lintLock(await mirror.readFile(commit, path, signal), subdir));
  if (problem) throw problem;
}
