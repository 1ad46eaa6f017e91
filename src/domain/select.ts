import { descends, isOrDescends, type Ancestry } from './ancestry.ts';
import { shortId, type CommitId } from './commit.ts';
import type { Desired } from './desired.ts';
import type { Facts } from './facts.ts';
import type { Judgement } from './judgement.ts';
import { relationToFloor, relationToMain } from './relation.ts';
import type { BranchRole, BranchRule, Head, RemoteOffer, RemoteRule, Verdict } from './remote.ts';
import type { Relation } from './status.ts';

/** Everything selection depends on; equal inputs give equal selections. */
export interface SelectionInput {
  /** In the configured order, which decides between diverged candidates. */
  readonly remotes: readonly RemoteRule[];
  /** The last successful poll of each remote; absent: nothing heard yet. */
  readonly offers: Readonly<Record<string, RemoteOffer>>;
  /** Covers `relevantCommits`; a pair that is missing here counts as unrelated. */
  readonly ancestry: Ancestry;
  readonly floor: CommitId | null;
  readonly offered: Facts['offered'];
  readonly quarantined: ReadonlySet<CommitId>;
  readonly spentTesting: CommitId | null;
  /** Testing commits that may not come back. */
  readonly superseded: ReadonlySet<CommitId>;
  /** How many remotes must offer a commit, itself or something on top of it. */
  readonly quorum: number;
}

/** What selection chose and how it saw every head. */
export interface Selection {
  /** null only before anything could ever be selected. */
  readonly desired: Desired | null;
  /** Desired main, also while a testing commit on top of it is desired. */
  readonly main: CommitId | null;
  /** One for every configured branch, in the configured order, main branches first. */
  readonly judgements: readonly Judgement[];
  /** Two main candidates have nothing to do with one another; the remote listed first won. */
  readonly diverged: boolean;
}

/**
 * Chooses the desired commit: the most advanced main candidate, or a testing candidate strictly on top of it. Never goes
 * below the floor, and a quarantined main commit stays desired, so that the loop stands stalled on it.
 */
export function select(input: SelectionInput): Selection {
  const mains = withQuorum(
    branches(input.remotes, 'main').map((branch) => judgeMain(branch, input)),
    input,
  );
  const main = mainOf(mostAdvanced(mains, input.ancestry), input);
  const testings = withQuorum(
    branches(input.remotes, 'testing').map((branch) => judgeTesting(branch, main?.commit ?? null, input)),
    input,
  );
  const testing = mostAdvanced(testings, input.ancestry);
  return {
    desired: testing ? desiredBy(testing, input.remotes) : main,
    main: main?.commit ?? null,
    judgements: [...mains, ...testings],
    diverged: haveDiverged(mains, input.ancestry),
  };
}

/** The distinct commits whose pairwise ancestry `select` and `offeredAfter` need. */
export function relevantCommits(input: Omit<SelectionInput, 'ancestry'>): readonly CommitId[] {
  const commits = new Set<CommitId>();
  if (input.floor !== null) commits.add(input.floor);
  for (const { remote, role } of [
    ...branches(input.remotes, 'main'),
    ...branches(input.remotes, 'testing'),
  ]) {
    const head = headOf(input.offers, remote, role);
    const before = role === 'main' ? offeredBefore(input.offered, remote) : null;
    for (const commit of [head?.commit.id, head?.verdict.candidate, before]) if (commit) commits.add(commit);
  }
  return [...commits];
}

interface Branch {
  readonly remote: string;
  readonly role: BranchRole;
  readonly rule: BranchRule;
}

function branches(remotes: readonly RemoteRule[], role: BranchRole): readonly Branch[] {
  return remotes.flatMap((remote) => {
    const rule = remote[role];
    return rule ? [{ remote: remote.name, role, rule }] : [];
  });
}

function headOf(offers: SelectionInput['offers'], remote: string, role: BranchRole): Head | null {
  return offers[remote]?.[role] ?? null;
}

function offeredBefore(offered: Facts['offered'], remote: string): CommitId | null {
  return offered[remote]?.main ?? null;
}

function judgeMain(branch: Branch, { offers, offered, floor, ancestry }: SelectionInput): Judgement {
  const head = headOf(offers, branch.remote, 'main');
  const before = offeredBefore(offered, branch.remote);
  const id = head?.commit.id ?? null;
  const relation = relationToFloor({ head: id, floor, offered: before, ancestry });
  if (head && before && relation === 'rewritten') {
    return judged(branch, head, relation, refusal(branch, head, before));
  }
  const candidate = head?.verdict.candidate ?? null;
  const allowed = candidate !== null && (floor === null || isOrDescends(ancestry, candidate, floor));
  return { ...judged(branch, head, relation), candidate: allowed ? candidate : null };
}

function judgeTesting(branch: Branch, main: CommitId | null, input: SelectionInput): Judgement {
  const head = headOf(input.offers, branch.remote, 'testing');
  const relation = relationToMain(head?.commit.id ?? null, main, input.ancestry);
  const candidate = head?.verdict.candidate ?? null;
  if (head && candidate !== null && input.superseded.has(candidate)) {
    // A mirror that lags still offers what it offered before; only one that went back replays.
    const isReplay = input.offered[branch.remote]?.testing !== candidate;
    return judged(branch, head, relation, isReplay ? replay(branch, head, candidate) : undefined);
  }
  const allowed = candidate !== null && main !== null && isTestable(candidate, main, input);
  return { ...judged(branch, head, relation), candidate: allowed ? candidate : null };
}

function replay({ remote, rule }: Branch, { verdict }: Head, candidate: CommitId): Verdict {
  const message =
    `${rule.name} of ${remote} went back to ${shortId(candidate)}, which another testing commit had superseded here; ` +
    'commit anew, or set trust.branches.testing.allowReplay';
  return { status: 'rejected', reason: 'replayed', message, candidate: null, signer: verdict.signer };
}

/** Refuses what too few remotes offer; a remote also offers all that its candidate descends from. */
function withQuorum(
  judgements: readonly Judgement[],
  { quorum, ancestry }: SelectionInput,
): readonly Judgement[] {
  if (quorum <= 1) return judgements;
  const offers = offering(judgements);
  return judgements.map((judgement) => {
    const { candidate, verdict } = judgement;
    if (candidate === null || verdict === null) return judgement;
    const by = offers.filter((other) => isOrDescends(ancestry, other.candidate, candidate)).length;
    if (by >= quorum) return judgement;
    const message = `${shortId(candidate)} is offered by ${by} of the ${quorum} remotes that trust.quorum asks for; it waits for the others`;
    return {
      ...judgement,
      candidate: null,
      verdict: { ...verdict, status: 'rejected', reason: 'quorum', message, candidate: null },
    };
  });
}

function isTestable(candidate: CommitId, main: CommitId, input: SelectionInput): boolean {
  if (input.quarantined.has(candidate) || candidate === input.spentTesting) return false;
  return descends(input.ancestry, candidate, main);
}

function judged(branch: Branch, head: Head | null, relation: Relation, verdict?: Verdict): Judgement {
  const { remote, role, rule } = branch;
  return {
    remote,
    role,
    ref: rule.name,
    head,
    relation,
    verdict: verdict ?? head?.verdict ?? null,
    candidate: null,
  };
}

function refusal({ remote, rule }: Branch, { commit, verdict }: Head, before: CommitId): Verdict {
  const next =
    verdict.status === 'accepted'
      ? `If that is meant: abide accept ${commit.id} --reason TEXT`
      : `Nor could it be accepted: ${verdict.message ?? verdict.reason}`;
  const message =
    `${rule.name} of ${remote} was at ${shortId(before)} and is now at ${shortId(commit.id)}, which does not continue it: ` +
    `its history was rewritten. ${next}`;
  return { status: 'rejected', reason: 'rewritten', message, candidate: null, signer: verdict.signer };
}

type Offering = Judgement & { readonly candidate: CommitId };

function offering(judgements: readonly Judgement[]): readonly Offering[] {
  return judgements.filter((judgement): judgement is Offering => judgement.candidate !== null);
}

/** The first candidate, replaced only by what strictly descends from it; so nothing descends from the result. */
function mostAdvanced(judgements: readonly Judgement[], ancestry: Ancestry): Offering | null {
  let best: Offering | null = null;
  for (const next of offering(judgements)) {
    if (!best || descends(ancestry, next.candidate, best.candidate)) best = next;
  }
  return best;
}

function haveDiverged(mains: readonly Judgement[], ancestry: Ancestry): boolean {
  const candidates = offering(mains).map(({ candidate }) => candidate);
  return candidates.some((one) =>
    candidates.some((other) => !isOrDescends(ancestry, one, other) && !descends(ancestry, other, one)),
  );
}

function mainOf(best: Offering | null, { remotes, floor }: SelectionInput): Desired | null {
  if (best) return desiredBy(best, remotes);
  if (floor === null) return null;
  const rule = branches(remotes, 'main')[0]?.rule ?? { name: 'main', operation: 'switch' as const };
  return { commit: floor, remote: null, role: 'main', branch: rule.name, operation: rule.operation };
}

function desiredBy({ remote, role, ref, candidate }: Offering, remotes: readonly RemoteRule[]): Desired {
  const operation = remotes.find(({ name }) => name === remote)?.[role]?.operation ?? 'switch';
  return { commit: candidate, remote, role, branch: ref, operation };
}
