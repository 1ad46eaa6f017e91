import { shortId, type CommitId } from './commit.ts';
import type { Expected, Facts } from './facts.ts';
import type { Policy } from './policy.ts';
import { plainText } from './plain-text.ts';
import { commitsOf } from './remember-commit.ts';

/** The lines at the end of a commit's message that git takes for trailers. */
export interface CommitTrailers {
  readonly commit: CommitId;
  readonly trailers: readonly string[];
}

/** What the commits between the deployed and the desired one ask of its deployment. */
export interface CommitAsks {
  /** A commit after which nothing may be rolled back by itself. */
  readonly noRollback: CommitId | null;
  /** A commit that a person has to confirm. */
  readonly confirm: CommitId | null;
  /** What was written and not understood; none of it is obeyed. */
  readonly remarks: readonly string[];
}

/** Reads `Abide-Rollback: no` and `Abide-Confirm: manual`; anything else that begins with `Abide-` is a remark. */
export function readAsks(read: readonly CommitTrailers[]): CommitAsks {
  const found = read.flatMap(({ commit, trailers }) => trailers.flatMap((line) => askIn(commit, line)));
  return {
    noRollback: found.find(({ asks }) => asks === 'noRollback')?.commit ?? null,
    confirm: found.find(({ asks }) => asks === 'confirm')?.commit ?? null,
    remarks: found.flatMap(({ asks }) => (typeof asks === 'string' ? [] : [asks.remark])),
  };
}

/** The commit that asks for it, or the key, by which nothing goes back from a deployment by itself; null: a failure is undone. */
export function noRollbackOf({ rollback }: Pick<Policy, 'rollback'>, asking: CommitId | null): string | null {
  return asking ?? (rollback.enabled ? null : 'rollback.enabled');
}

/**
 * The commit up to which this host has committed: what lies above it is asked what it asks for. What was only staged has not
 * run, so that whatever is deployed instead of it is asked for its commits too.
 */
export function committedBase(facts: Facts): CommitId | null {
  const { expected, committedMain, floor } = facts;
  if (expected?.committed) return runningCommit(facts) ?? expected.commit;
  return committedMain?.commit ?? floor?.commit ?? null;
}

/** The commit whose system is expected to run, which what was only staged is not; null where nobody knows of which it is. */
export function runningCommit(facts: Facts): CommitId | null {
  const { expected } = facts;
  if (!expected) return null;
  const giving = commitsOf(facts, expected.current);
  return !isUnrun(expected) || giving.includes(expected.commit) ? expected.commit : (giving[0] ?? null);
}

function isUnrun({ operation, current, profile, committed }: Expected): boolean {
  return committed && operation !== 'test' && current !== null && current !== profile;
}

interface Ask {
  readonly commit: CommitId;
  readonly asks: 'noRollback' | 'confirm' | { readonly remark: string };
}

function askIn(commit: CommitId, line: string): Ask[] {
  const [, key, value] = /^(abide-[^\s:]*)\s*:(.*)$/i.exec(line) ?? [];
  if (key === undefined || value === undefined) return [];
  const meant = `${key.toLowerCase()}: ${value.trim().toLowerCase()}`;
  if (meant === 'abide-rollback: no') return [{ commit, asks: 'noRollback' }];
  if (meant === 'abide-confirm: manual') return [{ commit, asks: 'confirm' }];
  const remark = `${shortId(commit)} says "${plainText(line, 100)}", which has no effect; allowed are Abide-Rollback: no and Abide-Confirm: manual`;
  return [{ commit, asks: { remark } }];
}
