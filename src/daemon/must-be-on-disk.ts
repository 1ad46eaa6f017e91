import { Problem } from '../domain/problem.ts';
import type { Keeper } from './keeper.ts';

/** A wish that a crash could undo is not granted without a word: throws the problem that keeps it from the disk. */
export function mustBeOnDisk({ keeper }: { readonly keeper: Pick<Keeper, 'problem'> }): void {
  const problem = keeper.problem();
  if (!problem) return;
  const { code, message, retry, log } = problem;
  throw new Problem(
    code,
    `${message}; what was asked stands, but is forgotten if abide ends before that is mended`,
    {
      retry,
      log,
    },
  );
}
