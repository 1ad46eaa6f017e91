import type { Keeper } from './keeper.ts';

/** A wish that a crash could undo is not granted: throws the problem that keeps it from the disk. */
export function mustBeOnDisk({ keeper }: { readonly keeper: Pick<Keeper, 'problem'> }): void {
  const problem = keeper.problem();
  if (problem) throw problem;
}
