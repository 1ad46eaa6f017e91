import { ownEnd, type Self } from '../domain/handover.ts';
import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';

/** Why a daemon ends without being asked to: `renew`, another abide goes on here; `leave`, none does. */
export type OwnEnd = 'renew' | 'leave';

/** Decides once that this daemon is to end. */
export interface OwnEnding {
  readonly ended: Promise<OwnEnd>;
  readonly renew: () => void;
  /** Told of the facts after every transition. */
  readonly look: (facts: Facts) => void;
}

/** Watches for the deployment that makes this process the wrong one. */
export function createOwnEnding(start: Facts, self: Self, log: Log): OwnEnding {
  let before = start;
  let isLeaving = false;
  let end: (why: OwnEnd) => void = () => undefined;
  const ended = new Promise<OwnEnd>((resolve) => {
    end = resolve;
  });
  return {
    ended,
    renew: () => end('renew'),
    look: (facts) => {
      const what = ownEnd(before, facts, self);
      before = facts;
      if (what !== 'stay') log.info({}, what === 'leave' ? leaving : returning);
      if (what === 'renew') end(what);
      // What is deployed next decides anew whether an abide is needed here.
      isLeaving = what === 'leave' || (isLeaving && facts.deployment === null);
      // Nobody comes after it who could run a hook that is owed; each has its own time limit.
      if (isLeaving && facts.pendingHooks.length === 0) end('leave');
    },
  };
}

const leaving = 'the system that was committed has no abide, by consent: this daemon ends for good';
const returning = 'the system before runs again: this daemon ends, and the abide of that system goes on';
