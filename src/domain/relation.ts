import { descends, type Ancestry } from './ancestry.ts';
import type { CommitId } from './commit.ts';
import type { Relation } from './status.ts';

/** What a main head is compared with. */
export interface FloorComparison {
  readonly head: CommitId | null;
  readonly floor: CommitId | null;
  /** The furthest main head this same remote offered before that was not a rewrite. */
  readonly offered: CommitId | null;
  readonly ancestry: Ancestry;
}

/** Of a main head to the floor; a head above the floor is `ahead` however it got there. */
export function relationToFloor({ head, floor, offered, ancestry }: FloorComparison): Relation {
  const line = onOneLine(head, floor, ancestry);
  if (line !== null || head === null || offered === null) return line ?? 'diverged';
  return head === offered || descends(ancestry, head, offered) ? 'diverged' : 'rewritten';
}

/** Of a testing head to desired main; never `rewritten`, because testing branches are there to be rewritten. */
export function relationToMain(head: CommitId | null, main: CommitId | null, ancestry: Ancestry): Relation {
  return onOneLine(head, main, ancestry) ?? 'diverged';
}

function onOneLine(head: CommitId | null, base: CommitId | null, ancestry: Ancestry): Relation | null {
  if (head === null) return 'missing';
  if (base === null) return 'ahead';
  if (head === base) return 'same';
  if (descends(ancestry, head, base)) return 'ahead';
  return descends(ancestry, base, head) ? 'behind' : null;
}
