import { shortId, type CommitId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';
import type { Loop } from './loop.ts';
import { stalledRetryMs } from './policy.ts';
import { timeLeft } from './time-left.ts';

/** Commits that were rolled back one after the other while the same system ran. */
export interface RollbackRow {
  /** The toplevel that ran before each of them, and runs again. */
  readonly base: string;
  /** Each once, oldest first. */
  readonly commits: readonly CommitId[];
  /** Epoch milliseconds: until then no other commit is tried on this base by itself. */
  readonly until: number;
}

/** After so many rollbacks the host is as likely to blame as the commits. */
const most = 2;

/** Reasons that say nothing of the host: the network's, and a person's word or silence. */
const uncounted: ReadonlySet<string> = new Set(['Inconclusive', 'Rejected', 'NotConfirmed']);

/** The row once a deployment was rolled back for `reason`; `now` is epoch milliseconds. */
export function rowAfter(
  { rollbackRow }: Pick<Facts, 'rollbackRow'>,
  { commit, previous: { toplevel: base }, goesBackFrom }: Deployment,
  { reason, now }: { readonly reason: string | null; readonly now: number },
): RollbackRow | null {
  if (base === null || goesBackFrom !== null || uncounted.has(reason ?? '')) return rollbackRow;
  const earlier = rollbackRow?.base === base ? rollbackRow.commits : [];
  const commits = [...earlier.filter((other) => other !== commit), commit].slice(-most);
  return { base, commits, until: now + stalledRetryMs };
}

/**
 * True when a commit is not to be tried because too many in a row were rolled back on the system that runs. One that gives
 * just that system, such as a revert, changes nothing and passes; so does one of which nobody knows yet what it gives.
 */
export function isHeldByRow(
  { facts, observed }: Pick<Loop, 'facts' | 'observed'>,
  commit: CommitId,
  now: number,
): boolean {
  const row = openRow({ facts, observed });
  const gives = facts.commits.find((record) => record.commit === commit)?.toplevel ?? null;
  return row !== null && rowLeft(row, now) > 0 && gives !== null && gives !== row.base;
}

/** Milliseconds until another commit is tried by itself. */
export function rowLeft({ until }: RollbackRow, now: number): number {
  return timeLeft(until, stalledRetryMs, now);
}

/** The row that holds on the system that runs; null where none is long enough. */
export function openRow({ facts, observed }: Pick<Loop, 'facts' | 'observed'>): RollbackRow | null {
  const row = facts.rollbackRow;
  return row !== null && row.commits.length >= most && row.base === observed?.current ? row : null;
}

/** Why nothing is tried, in one clause. */
export function rowText({ commits }: RollbackRow): string {
  const names = commits.map(shortId).join(' and ');
  return `${names} were rolled back one after the other on the system that runs, so the host itself may be the cause`;
}
