import type { CheckSeen } from './check.ts';
import type { BranchRole } from './remote.ts';

/** How long a new system is watched, in milliseconds. */
export interface ProbationRules {
  readonly settleMs: number;
  /** All checks must hold this long. */
  readonly stableForMs: number;
  /** Counted from the end of the activation. */
  readonly deadlineMs: number;
}

/** Times of the boot's own clock in milliseconds, which neither sleep nor the setting of the date moves. */
export interface ProbationClock {
  /** The times count in this boot only. */
  readonly bootId: string | null;
  /** End of the activation. */
  readonly activatedAt: number;
  /** Since when every look found all checks well; null while one does not hold. */
  readonly steadySince: number | null;
}

/** The probation of a deployment as the journal keeps it. */
export interface Probation {
  readonly deployment: string;
  /** How long it is watched, by the new system's own configuration; null: as the running one says. */
  readonly rules: ProbationRules | null;
  /** What the checks said before the activation; null where no system ran. */
  readonly before: readonly CheckSeen[] | null;
  /** null until the activation has ended. */
  readonly clock: ProbationClock | null;
}

/** How one look at all checks ended: `broken` is a failure that waiting will not mend, `lost` that another system runs. */
export interface Round {
  readonly endedAt: number;
  readonly standing: 'holding' | 'failing' | 'broken' | 'lost';
}

/** The next step of a probation; `withinMs` is what is left of the deadline. */
export type ProbationStep =
  | { readonly do: 'settle' | 'pause'; readonly ms: number }
  | { readonly do: 'probe'; readonly withinMs: number }
  | { readonly do: 'pass' }
  | { readonly do: 'fail'; readonly why: 'broken' | 'lost' | 'deadline' };

/** The pause between two looks, in milliseconds. */
export const pauseMs = 1000;

/** A testing branch is there to be tried out: it settles for at most 5 s and need not hold. */
export function rulesFor(rules: ProbationRules, branch: BranchRole): ProbationRules {
  if (branch === 'main') return rules;
  return { ...rules, settleMs: Math.min(rules.settleMs, 5000), stableForMs: 0 };
}

/** The clock of a probation that begins now, or goes on: a restart of the daemon gains and loses nothing, a boot begins anew. */
export function startClock(kept: ProbationClock | null, bootId: string | null, now: number): ProbationClock {
  const goesOn = kept !== null && kept.bootId === bootId && kept.activatedAt <= now;
  return goesOn ? kept : { bootId, activatedAt: now, steadySince: null };
}

/** The clock after a look. */
export function afterRound(clock: ProbationClock, { standing, endedAt }: Round): ProbationClock {
  return { ...clock, steadySince: standing === 'holding' ? (clock.steadySince ?? endedAt) : null };
}

/**
 * Decides by the clock and the newest look alone. It never passes before all checks held for `stableForMs`, nor by a look
 * that ended after the deadline; a definitive failure fails at once, and the deadline fails the rest.
 */
export function nextInProbation(from: {
  readonly rules: ProbationRules;
  readonly clock: ProbationClock;
  readonly round: Round | null;
  readonly now: number;
}): ProbationStep {
  const { rules, clock, round, now } = from;
  const ends = clock.activatedAt + rules.deadlineMs;
  const settled = clock.activatedAt + rules.settleMs;
  if (round?.standing === 'lost' || round?.standing === 'broken') return { do: 'fail', why: round.standing };
  const leftToHold = leftOf(rules, clock, round);
  if (round && leftToHold === 0 && round.endedAt <= ends) return { do: 'pass' };
  if (now >= ends) return { do: 'fail', why: 'deadline' };
  if (now < settled) return { do: 'settle', ms: Math.min(settled, ends) - now };
  const due = round ? round.endedAt + Math.min(pauseMs, leftToHold) : now;
  return now >= due ? { do: 'probe', withinMs: ends - now } : { do: 'pause', ms: Math.min(due, ends) - now };
}

/** Milliseconds that the checks still have to hold as of the newest look; infinite while they do not. */
function leftOf(
  { stableForMs }: ProbationRules,
  { steadySince }: ProbationClock,
  round: Round | null,
): number {
  if (round?.standing !== 'holding' || steadySince === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, steadySince + stableForMs - round.endedAt);
}
