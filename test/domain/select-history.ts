import { ancestryPair, type Ancestry } from '../../src/domain/ancestry.ts';
import type { CommitId } from '../../src/domain/commit.ts';
import type { Head, RemoteOffer, RemoteRule, Verdict } from '../../src/domain/remote.ts';
import { relevantCommits, type SelectionInput } from '../../src/domain/select.ts';

/** Parents by commit; acyclic. */
export type History = Readonly<Record<CommitId, readonly CommitId[]>>;

/** True when `descendant` strictly descends from `ancestor`, found by walking parents. */
export function walksTo(history: History, descendant: CommitId, ancestor: CommitId): boolean {
  const todo = [...(history[descendant] ?? [])];
  for (let commit = todo.pop(); commit !== undefined; commit = todo.pop()) {
    if (commit === ancestor) return true;
    todo.push(...(history[commit] ?? []));
  }
  return false;
}

/** What git would answer about just these commits. */
export function ancestryOf(history: History, commits: readonly CommitId[]): Ancestry {
  const pairs = commits.flatMap((ancestor) =>
    commits
      .filter((descendant) => walksTo(history, descendant, ancestor))
      .map((descendant) => ancestryPair(ancestor, descendant)),
  );
  return { pairs: new Set(pairs) };
}

/** A selection input with the ancestry of exactly the commits that `relevantCommits` asks for. */
export function inputFrom(history: History, parts: Partial<SelectionInput>): SelectionInput {
  const input = {
    remotes: [],
    offers: {},
    floor: null,
    offered: {},
    quarantined: new Set<CommitId>(),
    spentTesting: null,
    superseded: new Set<CommitId>(),
    quorum: 1,
    ...parts,
  };
  return { ...input, ancestry: ancestryOf(history, relevantCommits(input)) };
}

export function remote(name: string, parts: Partial<RemoteRule> = {}): RemoteRule {
  return {
    name,
    main: { name: 'main', operation: 'switch' },
    testing: { name: 'testing-web1', operation: 'test' },
    ...parts,
  };
}

export function verdict(status: Verdict['status'], candidate: CommitId | null): Verdict {
  const reason = status === 'rejected' ? 'unsigned' : null;
  return { status, reason, message: reason, candidate, signer: null };
}

export function head(id: CommitId, verdictOfIt: Verdict = verdict('accepted', id)): Head {
  const commit = { id, subject: '', author: '', committedAt: '' };
  const offered = verdictOfIt.candidate;
  const candidate = offered === null ? null : { commit: { ...commit, id: offered }, payloadHash: null };
  return { commit, verdict: verdictOfIt, candidate, refused: [], rangeSize: 1 };
}

/** Offers from `{ remote: [main, testing] }`; a commit id stands for its accepted head. */
export function offersOf(
  heads: Readonly<Record<string, readonly [Head | CommitId | null, (Head | CommitId | null)?]>>,
): Record<string, RemoteOffer> {
  const asHead = (given: Head | CommitId | null | undefined) =>
    typeof given === 'string' ? head(given) : (given ?? null);
  return Object.fromEntries(
    Object.entries(heads).map(([name, [main, testing]]) => [
      name,
      { remote: name, main: asHead(main), testing: asHead(testing) },
    ]),
  );
}
