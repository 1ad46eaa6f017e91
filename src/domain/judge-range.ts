import type { CommitId } from './commit.ts';
import type { Ruling } from './judge-commit.ts';
import type { Signer } from './remote.ts';

/** A commit with its parents and the policy's word on it. */
export interface RuledCommit {
  readonly id: CommitId;
  readonly parents: readonly CommitId[];
  readonly ruling: Ruling;
}

/** All commits that a head adds to what is trusted already. */
export interface RuledRange {
  readonly head: CommitId;
  /** Every commit reachable from the head and from no base, each after its parents; the head comes last. */
  readonly commits: readonly RuledCommit[];
  /** What the range builds on; a stand-in has to descend from one of these. Empty: only the head itself counts. */
  readonly bases: readonly CommitId[];
}

/** The policy's word on a whole range. */
export interface RangeRuling {
  readonly status: Ruling['status'];
  /** What decided: the oldest refused commit, or else the oldest that has to wait; null when all are accepted. */
  readonly because: RuledCommit | null;
  /** All that are not accepted, oldest first. */
  readonly refused: readonly RuledCommit[];
  /** The head, or the newest first-parent ancestor up to which all is accepted, a base at the least; null: there is none. */
  readonly candidate: CommitId | null;
  /** Who signed the candidate. */
  readonly signer: Signer | null;
}

/**
 * Rules on everything between the bases and a head, along all parents: a signed tip says nothing about a commit merged
 * below it ("foxtrot" merges). A refused head still offers what below it is fully accepted, so that nobody can hide a
 * commit by pushing something unsigned on top of it.
 */
export function judgeRange(range: RuledRange): RangeRuling {
  const { head, commits } = range;
  const refused = commits.filter(({ ruling }) => ruling.status !== 'accepted');
  const because = refused.find(({ ruling }) => ruling.status === 'rejected') ?? refused[0] ?? null;
  const candidate = because === null ? head : standIn(range);
  const signed = commits.find(({ id }) => id === candidate)?.ruling;
  return {
    status: because?.ruling.status ?? 'accepted',
    because,
    refused,
    candidate,
    signer: signed?.status === 'accepted' ? signed.signer : null,
  };
}

function standIn({ head, commits, bases }: RuledRange): CommitId | null {
  const clean = cleanCommits(commits);
  const above = commitsAbove(commits, new Set(bases));
  const parents = new Map(commits.map((commit) => [commit.id, commit.parents]));
  let next: CommitId | undefined = head;
  while (next !== undefined && parents.has(next)) {
    if (clean.has(next) && above.has(next)) return next;
    next = parents.get(next)?.[0];
  }
  return next !== undefined && bases.includes(next) ? next : null;
}

/** Commits that are accepted together with all of the range below them. */
function cleanCommits(commits: readonly RuledCommit[]): ReadonlySet<CommitId> {
  const inRange = new Set(commits.map(({ id }) => id));
  const clean = new Set<CommitId>();
  for (const { id, parents, ruling } of commits) {
    const below = parents.filter((parent) => inRange.has(parent));
    if (ruling.status === 'accepted' && below.every((parent) => clean.has(parent))) clean.add(id);
  }
  return clean;
}

/** Commits that descend from a base; without one, all of them. */
function commitsAbove(commits: readonly RuledCommit[], bases: ReadonlySet<CommitId>): ReadonlySet<CommitId> {
  const above = new Set<CommitId>();
  for (const { id, parents } of commits) {
    if (bases.size === 0 || parents.some((parent) => bases.has(parent) || above.has(parent))) above.add(id);
  }
  return above;
}
