import type { CommitId } from './commit.ts';

/** Which commits of a small set descend from which: data, so that selection stays pure. */
export interface Ancestry {
  /** `ancestor..descendant`, strict: no commit is listed as its own ancestor. */
  readonly pairs: ReadonlySet<string>;
}

/** What is known when nobody asked: no commit descends from another. */
export const noAncestry: Ancestry = { pairs: new Set() };

/** The key of a pair in `Ancestry.pairs`. */
export function ancestryPair(ancestor: CommitId, descendant: CommitId): string {
  return `${ancestor}..${descendant}`;
}

/** True when `descendant` strictly descends from `ancestor`; false also for commits nobody asked about. */
export function descends(ancestry: Ancestry, descendant: CommitId, ancestor: CommitId): boolean {
  return ancestry.pairs.has(ancestryPair(ancestor, descendant));
}

/** True when `descendant` is `ancestor` or descends from it. */
export function isOrDescends(ancestry: Ancestry, descendant: CommitId, ancestor: CommitId): boolean {
  return descendant === ancestor || descends(ancestry, descendant, ancestor);
}
