import type { CommitId } from '../domain/commit.ts';
import type { RangeRuling } from '../domain/judge-range.ts';
import type { RefusedCommit, Verdict } from '../domain/remote.ts';

/** A verdict with all that led to it. */
export interface JudgedHead {
  readonly verdict: Verdict;
  /** Commits between base and head that are not accepted, oldest first; at most 20. */
  readonly refused: readonly RefusedCommit[];
  /** How many commits were judged. */
  readonly rangeSize: number;
}

/** At the base or below it: nothing is left to be proved. */
export function settledHead(head: CommitId): JudgedHead {
  const verdict = { status: 'accepted', reason: null, message: null, candidate: head, signer: null } as const;
  return { verdict, refused: [], rangeSize: 0 };
}

/** A head that is refused, or has to wait, as a whole; it offers nothing. */
export function refusedHead(refused: RefusedCommit, rangeSize = 0): JudgedHead {
  const { status, reason, message } = refused;
  return {
    verdict: { status, reason, message, candidate: null, signer: null },
    refused: [refused],
    rangeSize,
  };
}

/** What a ruling on a range, or on tips, makes of its head. */
export function ruledHead(ruling: RangeRuling, rangeSize: number): JudgedHead {
  const { status, candidate, signer } = ruling;
  const refused = ruling.refused.flatMap(({ id, ruling: one }): RefusedCommit[] =>
    one.status === 'accepted'
      ? []
      : [{ commit: id, status: one.status, reason: one.reason, message: one.message }],
  );
  const because = refused.find(({ commit }) => commit === ruling.because?.id);
  const more =
    refused.length > 1 ? `; ${refused.length - 1} more below the head are not accepted either` : '';
  return {
    verdict: {
      status,
      reason: because?.reason ?? null,
      message: because ? `${because.message}${more}` : null,
      candidate,
      signer,
    },
    refused: refused.slice(0, mostRefused),
    rangeSize,
  };
}

const mostRefused = 20;
