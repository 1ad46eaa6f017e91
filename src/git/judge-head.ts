import { descends } from '../domain/ancestry.ts';
import type { CheckedCommit } from '../domain/checked-commit.ts';
import { shortId, type CommitId } from '../domain/commit.ts';
import { judgeCommit, type CommitRule } from '../domain/judge-commit.ts';
import { judgeRange, type RuledCommit } from '../domain/judge-range.ts';
import type { BranchRole, Signer } from '../domain/remote.ts';
import { rfc3339 } from '../domain/rfc3339.ts';
import { findStart, type DescentDeps, type Start, type TrustBase } from './head-start.ts';
import type { HistoryEntry, HistoryQuery } from './history.ts';
import { refusedHead, ruledHead, type JudgedHead } from './judged-head.ts';

/** One head and all it is judged by. */
export interface HeadCase {
  readonly head: CommitId;
  readonly role: BranchRole;
  readonly mode: 'tip' | 'range';
  readonly anchor: CommitId | null;
  readonly maxRange: number;
  readonly base: TrustBase;
  readonly rule: CommitRule;
}

/** How the mirror is asked. */
export interface HeadDeps extends DescentDeps {
  readonly history: (query: HistoryQuery, signal: AbortSignal) => Promise<readonly HistoryEntry[]>;
  /** Committer date in epoch milliseconds; null for a commit that is not here. */
  readonly dateOf: (id: CommitId, signal: AbortSignal) => Promise<number | null>;
  readonly check: (
    ids: readonly CommitId[],
    signal: AbortSignal,
  ) => Promise<ReadonlyMap<CommitId, CheckedCommit>>;
}

/**
 * Judges one head by the floor, the anchor and the signatures of all it adds to them. Throws only when the mirror cannot
 * be read or the work is aborted.
 */
export async function judgeHead(deps: HeadDeps, given: HeadCase, signal: AbortSignal): Promise<JudgedHead> {
  const start = await findStart(deps, given, signal);
  if ('verdict' in start) return start;
  const early = await checkClock(deps, given, signal);
  if (early) return early;
  const isTip = given.mode === 'tip' || start.bases.length === 0;
  const judged = await (isTip ? judgeTip : judgeAll)(deps, given, start, signal);
  return start.onLine && mayOffer(given, start) ? judged : offeringNothing(judged);
}

/**
 * A testing branch without a main below it has nothing to be on top of, and only its tip was looked at: when main is heard
 * of, what lies between the two has to be verified first.
 */
function mayOffer({ mode, role }: HeadCase, { bases }: Start): boolean {
  return mode === 'tip' || role === 'main' || bases.length > 0;
}

function offeringNothing(judged: JudgedHead): JudgedHead {
  return { ...judged, verdict: { ...judged.verdict, candidate: null } };
}

/** With a clock that is behind what was deployed here, keys that have expired would count again. */
async function checkClock(
  { dateOf }: HeadDeps,
  { head, base: { floor }, rule }: HeadCase,
  signal: AbortSignal,
): Promise<JudgedHead | null> {
  const deployed = floor === null ? null : await dateOf(floor.commit, signal);
  if (deployed === null || deployed <= rule.now + rule.clockSkewMs) return null;
  const message =
    `this machine's clock says ${rfc3339(rule.now)}, which is before the commit that is deployed here was made ` +
    `(${rfc3339(deployed)}); nothing new is trusted until the clock is right`;
  return refusedHead({ commit: head, status: 'pending', reason: 'date_out_of_range', message });
}

async function judgeAll(
  { history, check }: HeadDeps,
  { head, rule, maxRange }: HeadCase,
  { bases }: Start,
  signal: AbortSignal,
): Promise<JudgedHead> {
  const entries = await history({ head, without: bases, most: maxRange + 1 }, signal);
  if (entries.length > maxRange) {
    const message =
      `${shortId(head)} brings more than ${maxRange} commits that would have to be verified; ` +
      'set trust.anchor to a commit that you know, or raise trust.maxRange';
    return refusedHead(
      { commit: head, status: 'rejected', reason: 'range_too_long', message },
      entries.length,
    );
  }
  const commits = await ruleOn(check, entries, rule, signal);
  return ruledHead(judgeRange({ head, commits, bases }), commits.length);
}

/**
 * Only the head counts; when it is refused, the newest first-parent ancestor that is good by itself stands in. Without a
 * base the search is short: a signature far below would bring the host to a system of long ago.
 */
async function judgeTip(
  deps: HeadDeps,
  { head, rule, maxRange }: HeadCase,
  { bases, onLine }: Start,
  signal: AbortSignal,
): Promise<JudgedHead> {
  const most = bases.length > 0 ? maxRange : onLine ? longestBlindSearch : 1;
  const query = { head, without: bases, most, firstParent: true };
  const entries = (await deps.history(query, signal)).toReversed();
  const [own] = await ruleOn(deps.check, entries.slice(0, 1), rule, signal);
  if (own?.ruling.status === 'accepted') {
    const { signer } = own.ruling;
    return ruledHead({ status: 'accepted', because: null, refused: [], candidate: head, signer }, 1);
  }
  const refusal = {
    status: own?.ruling.status ?? 'rejected',
    because: own ?? null,
    refused: own ? [own] : [],
  };
  const found = await findGood(deps, { entries, bases, rule }, signal);
  return ruledHead({ ...refusal, ...found }, entries.length);
}

interface Search {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  readonly bases: readonly CommitId[];
  readonly rule: CommitRule;
}

async function findGood(
  { check, ancestry }: HeadDeps,
  { entries, bases, rule }: Search,
  signal: AbortSignal,
): Promise<{ readonly candidate: CommitId | null; readonly signer: Signer | null }> {
  for (let at = 0; at < entries.length; at += tipsTogether) {
    const some = await ruleOn(check, entries.slice(at, at + tipsTogether), rule, signal);
    for (const { id, ruling } of some) {
      if (ruling.status !== 'accepted') continue;
      // First parents can lead past the base, to commits that have nothing to do with it.
      const known = await ancestry([id, ...bases], signal);
      if (bases.length > 0 && !bases.some((base) => descends(known, id, base))) return nothingGood;
      return { candidate: id, signer: ruling.signer };
    }
  }
  const end = entries.at(-1)?.parents[0];
  return end !== undefined && bases.includes(end) ? { candidate: end, signer: null } : nothingGood;
}

const nothingGood = { candidate: null, signer: null };
const longestBlindSearch = 100;
const tipsTogether = 20;

async function ruleOn(
  check: HeadDeps['check'],
  entries: readonly HistoryEntry[],
  rule: CommitRule,
  signal: AbortSignal,
): Promise<readonly RuledCommit[]> {
  const ids = entries.map(({ id }) => id);
  const checked = await check(ids, signal);
  return entries.map((entry) => ruled(entry, checked.get(entry.id), rule));
}

function ruled(
  { id, parents }: HistoryEntry,
  checked: CheckedCommit | undefined,
  rule: CommitRule,
): RuledCommit {
  if (!checked) throw new Error(`bug: ${id} was not checked`);
  // What git walked must be what was signed.
  if (checked.signature.good && checked.parents.join() !== parents.join()) {
    const message = `${shortId(id)} has other parents than git says; the mirror is damaged`;
    return { id, parents, ruling: { status: 'rejected', reason: 'malformed', message } };
  }
  return { id, parents, ruling: judgeCommit(checked, rule) };
}
