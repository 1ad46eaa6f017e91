import { descends, type Ancestry } from './ancestry.ts';
import type { CommitId } from './commit.ts';
import type { Facts } from './facts.ts';
import type { Judgement } from './judgement.ts';

type Offered = Facts['offered'];
type OfferedByRemote = Offered[string];

/**
 * What each remote has offered, after a selection. A rewrite, a lagging head and a deleted branch leave a remote's main
 * where it was, so that going back first does not make a rewrite look harmless; its testing branch is where it last offered
 * something that could be desired. Remotes without a judgement, that is
 * without a configured branch, are forgotten. Returns `offered` itself when nothing changed.
 */
export function offeredAfter(
  offered: Offered,
  judgements: readonly Judgement[],
  ancestry: Ancestry,
): Offered {
  const before = new Map(Object.entries(offered));
  const after = new Map<string, OfferedByRemote>();
  for (const judgement of judgements) {
    const { remote } = judgement;
    after.set(remote, advance(after.get(remote) ?? before.get(remote) ?? nothing, judgement, ancestry));
  }
  return isEqual(before, after) ? offered : Object.fromEntries(after);
}

const nothing: OfferedByRemote = { main: null, testing: null };

function advance(before: OfferedByRemote, judgement: Judgement, ancestry: Ancestry): OfferedByRemote {
  const head = judgement.head?.commit.id;
  if (head === undefined) return before;
  if (judgement.role === 'testing') return { ...before, testing: judgement.candidate ?? before.testing };
  if (judgement.relation === 'rewritten' || isBehind(head, before.main, ancestry)) return before;
  return { ...before, main: head };
}

function isBehind(head: CommitId, furthest: CommitId | null, ancestry: Ancestry): boolean {
  return furthest !== null && descends(ancestry, furthest, head);
}

function isEqual(before: Map<string, OfferedByRemote>, after: Map<string, OfferedByRemote>): boolean {
  return (
    before.size === after.size &&
    [...after].every(([remote, { main, testing }]) => {
      const was = before.get(remote);
      return was?.main === main && was.testing === testing;
    })
  );
}
