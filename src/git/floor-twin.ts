import { ancestryPair, descends, type Ancestry } from '../domain/ancestry.ts';
import type { CommitId } from '../domain/commit.ts';
import type { Git } from './git.ts';
import { readHistory } from './history.ts';
import { payloadHashOf, readRawCommit } from './raw-commit.ts';
import { readCommits, type ReadDeps } from './read-commits.ts';

/** A floor as the journal keeps it. */
export interface KnownFloor {
  readonly commit: CommitId;
  readonly payloadHash: string | null;
}

/**
 * Finds a floor's twin in a head's history, the head included: a commit of another id that is the same but for its
 * signature, which anybody can change without making it invalid. null when there is none.
 */
export type FindTwin = (floor: KnownFloor, head: CommitId, signal: AbortSignal) => Promise<CommitId | null>;

/** Remembers its last 1000 answers; `most` bounds how much of a history is read for one. */
export function createTwinFinder(git: Git, deps: ReadDeps, most: number): FindTwin {
  const known = new Map<string, CommitId | null>();
  return async (floor, head, signal) => {
    if (floor.payloadHash === null) return null;
    const key = `${floor.payloadHash} ${head}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const twin = await search({ git, deps, most }, floor, head, signal);
    known.set(key, twin);
    const oldest = known.keys().next();
    if (known.size > 1000 && !oldest.done) known.delete(oldest.value);
    return twin;
  };
}

async function search(
  { git, deps, most }: { readonly git: Git; readonly deps: ReadDeps; readonly most: number },
  { commit, payloadHash }: KnownFloor,
  head: CommitId,
  signal: AbortSignal,
): Promise<CommitId | null> {
  const floor = (await readCommits(deps, [commit], signal)).get(commit);
  const raw = floor ? readRawCommit(floor) : null;
  // A twin has the floor's own parents, so nothing below them can be one.
  const without = raw && !('malformed' in raw) ? raw.parents : [];
  const history = (await readHistory(git, { head, without, most }, signal)).toReversed();
  const wanted = raw ? history.filter(({ parents }) => parents.join() === without.join()) : history;
  for (let at = 0; at < wanted.length; at += together) {
    const ids = wanted.slice(at, at + together).map(({ id }) => id);
    for (const [id, bytes] of await readCommits(deps, ids, signal)) {
      if (payloadHashOf(bytes) === payloadHash) return id;
    }
  }
  return null;
}

const together = 500;

/** Commits whose descent from the floor matters. */
export interface TwinQuestion {
  readonly commits: readonly CommitId[];
  readonly floor: KnownFloor | null;
}

/** Adds to an ancestry what a twin of the floor means: the twin is behind the floor, what descends from it above. */
export async function withTwins(
  twin: FindTwin,
  ancestry: Ancestry,
  { commits, floor }: TwinQuestion,
  signal: AbortSignal,
): Promise<Ancestry> {
  if (floor === null || floor.payloadHash === null) return ancestry;
  const base = floor.commit;
  const unrelated = commits.filter(
    (id) => id !== base && !descends(ancestry, id, base) && !descends(ancestry, base, id),
  );
  const pairs = new Set(ancestry.pairs);
  for (const id of unrelated) {
    const same = await twin(floor, id, signal);
    if (same !== null) pairs.add(same === id ? ancestryPair(id, base) : ancestryPair(base, id));
  }
  return pairs.size === ancestry.pairs.size ? ancestry : { pairs };
}
