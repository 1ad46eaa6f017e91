import { ancestryPair, type Ancestry } from '../domain/ancestry.ts';
import { isCommitId, type CommitId } from '../domain/commit.ts';
import { Problem } from '../domain/problem.ts';
import { errorLine, type Git } from './git.ts';

/** Answers which of some commits descend from which; what was once found is never asked again, because it cannot change. */
export interface AncestryReader {
  read(commits: readonly CommitId[], signal: AbortSignal): Promise<Ancestry>;
}

type Relation = 'first' | 'second' | 'neither';

/** Keeps the last 10 000 answers. */
export function createAncestryReader(git: Git): AncestryReader {
  const known = new Map<string, Relation>();
  const recall = (a: CommitId, b: CommitId) => recallPair(known, a, b);
  return {
    read: async (commits, signal) => {
      const present = await presentCommits(git, [...new Set(commits)].filter(isCommitId), recall, signal);
      for (const [a, b] of pairsOf(present)) {
        if (recall(a, b) !== null) continue;
        remember(known, a, b, inferred(present, recall, a, b) ?? (await askGit(git, [a, b], signal)));
      }
      return { pairs: new Set(pairsOf(present).flatMap(([a, b]) => pairKey(recall(a, b), a, b))) };
    },
  };
}

type Recall = (a: CommitId, b: CommitId) => Relation | null;

/** Commits this mirror does not have are related to none; asked of git only when nothing is known of one of them. */
async function presentCommits(
  git: Git,
  ids: readonly CommitId[],
  recall: Recall,
  signal: AbortSignal,
): Promise<CommitId[]> {
  const settled = ids.every((a, index) => ids.every((b, at) => at <= index || recall(a, b) !== null));
  if (settled) return [...ids];
  return existingCommits(git, ids, signal);
}

/** Those of the ids that are commits of this mirror, in their order. */
export async function existingCommits(
  git: Git,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<CommitId[]> {
  if (ids.length === 0) return [];
  const answer = await git.must(
    ['cat-file', '--batch-check=%(objectname) %(objecttype)'],
    signal,
    `${ids.join('\n')}\n`,
  );
  const lines = new Set(answer.split('\n'));
  return ids.filter((id) => lines.has(`${id} commit`));
}

// The merge base of an ancestor and its descendant is the ancestor, so one process answers both directions.
async function askGit(
  git: Git,
  [a, b]: readonly [CommitId, CommitId],
  signal: AbortSignal,
): Promise<Relation> {
  const finished = await git.ask(['merge-base', '--all', '--end-of-options', a, b], signal);
  const code = finished.signal === null && !finished.timedOut ? finished.exitCode : null;
  if (code === 1) return 'neither';
  if (code !== 0) throw new Problem('mirror_broken', `${errorLine(finished)} (git merge-base on the mirror)`);
  const base = finished.stdout.toString('utf8').trim();
  if (base === a) return 'first';
  return base === b ? 'second' : 'neither';
}

function inferred(commits: readonly CommitId[], recall: Recall, a: CommitId, b: CommitId): Relation | null {
  const through = (from: CommitId, to: CommitId) =>
    commits.some((middle) => recall(from, middle) === 'first' && recall(middle, to) === 'first');
  if (through(a, b)) return 'first';
  return through(b, a) ? 'second' : null;
}

function pairsOf(commits: readonly CommitId[]): (readonly [CommitId, CommitId])[] {
  return commits.flatMap((a, index) => commits.slice(index + 1).map((b) => [a, b] as const));
}

function pairKey(relation: Relation | null, a: CommitId, b: CommitId): string[] {
  if (relation === 'first') return [ancestryPair(a, b)];
  return relation === 'second' ? [ancestryPair(b, a)] : [];
}

const limit = 10_000;

/** 'first' when `a` is the ancestor of `b`; null when it was not asked yet. */
function recallPair(known: Map<string, Relation>, a: CommitId, b: CommitId): Relation | null {
  const swapped = a > b;
  const key = swapped ? ancestryPair(b, a) : ancestryPair(a, b);
  const relation = known.get(key);
  if (relation === undefined) return null;
  known.delete(key);
  known.set(key, relation);
  return swapped ? opposite[relation] : relation;
}

function remember(known: Map<string, Relation>, a: CommitId, b: CommitId, relation: Relation): void {
  if (a > b) known.set(ancestryPair(b, a), opposite[relation]);
  else known.set(ancestryPair(a, b), relation);
  const oldest = known.keys().next();
  if (known.size > limit && !oldest.done) known.delete(oldest.value);
}

const opposite: Readonly<Record<Relation, Relation>> = {
  first: 'second',
  second: 'first',
  neither: 'neither',
};
