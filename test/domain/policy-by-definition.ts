import type { CommitId } from '../../src/domain/commit.ts';

/** A commit of a random history as the policy is to see it: by its place in the list, after all its parents. */
export interface DrawnCommit {
  readonly parents: readonly number[];
  readonly word: Word;
}

/** What the policy says of one commit by itself. */
export type Word = 'accepted' | 'pending' | 'rejected';

/** What is expected of a head. */
export interface Expectation {
  readonly status: Word;
  /** The commit that decides; null where none does. */
  readonly because: number | null;
  readonly refused: readonly number[];
  readonly candidate: number | null;
}

/** All that can be reached from these commits, themselves included. */
export function reach(history: readonly DrawnCommit[], from: readonly number[]): ReadonlySet<number> {
  const found = new Set(from);
  // By definition and not by a walk: the least set that holds these and the parents of its members.
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const at of found) for (const parent of history[at]?.parents ?? []) found.add(parent);
  }
  return found;
}

/** Those of these commits that no other of them descends from. */
export function uppermost(history: readonly DrawnCommit[], commits: readonly number[]): readonly number[] {
  return commits.filter((at) => !commits.some((other) => other !== at && reach(history, [other]).has(at)));
}

/** First parents from the head down, the head first. */
function firstParents(history: readonly DrawnCommit[], head: number): readonly number[] {
  const [next] = history[head]?.parents ?? [];
  return next === undefined ? [head] : [head, ...firstParents(history, next)];
}

/** The policy for a whole range, read word for word. */
export function rangeByDefinition(
  history: readonly DrawnCommit[],
  head: number,
  bases: readonly number[],
): Expectation {
  const trusted = reach(history, bases);
  const range = [...reach(history, [head])].filter((at) => !trusted.has(at)).toSorted((a, b) => a - b);
  const refused = range.filter((at) => history[at]?.word !== 'accepted');
  const because = refused.find((at) => history[at]?.word === 'rejected') ?? refused[0] ?? null;
  const isSound = (at: number) => {
    const own = reach(history, [at]);
    const continues = bases.length === 0 || bases.some((base) => own.has(base));
    return range.includes(at) && continues && !refused.some((one) => own.has(one));
  };
  return {
    status: because === null ? 'accepted' : (history[because]?.word ?? 'rejected'),
    because,
    refused,
    candidate: standIn(firstParents(history, head), isSound, { trusted, bases }),
  };
}

/** The policy for a tip alone, read word for word. */
export function tipByDefinition(
  history: readonly DrawnCommit[],
  head: number,
  bases: readonly number[],
): Expectation {
  const trusted = reach(history, bases);
  const isSound = (at: number) => {
    const own = reach(history, [at]);
    const continues = bases.length === 0 || bases.some((base) => own.has(base));
    return !trusted.has(at) && continues && history[at]?.word === 'accepted';
  };
  const word = history[head]?.word ?? 'rejected';
  return {
    status: word,
    because: word === 'accepted' ? null : head,
    refused: word === 'accepted' ? [] : [head],
    candidate: word === 'accepted' ? head : standIn(firstParents(history, head), isSound, { trusted, bases }),
  };
}

/** The newest sound one, or else the base that the line of first parents ends at. */
function standIn(
  line: readonly number[],
  isSound: (at: number) => boolean,
  { trusted, bases }: { readonly trusted: ReadonlySet<number>; readonly bases: readonly number[] },
): number | null {
  const sound = line.find(isSound);
  const end = line.find((at) => trusted.has(at));
  return sound ?? (end !== undefined && bases.includes(end) ? end : null);
}

/** Names of drawn commits where no real ones are needed. */
export function nameOf(at: number): CommitId {
  return `c${at}`;
}
