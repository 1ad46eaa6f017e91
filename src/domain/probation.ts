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
  /** When the host was last found to have slept; null where it did not. It settles again from here on. */
  readonly resumedAt: number | null;
  /** How long the host had slept in this boot as of the last look at the clocks; null where nobody looked. */
  readonly asleepMs: number | null;
}

/** The probation of a deployment as the journal keeps it. */
export interface Probation {
  readonly deployment: string;
  /** How long it is watched, by the new system's own configuration; null: as the running one says. */
  readonly rules: ProbationRules | null;
  /** What the checks said before the activation; null where no system ran. */
  readonly before: readonly CheckSeen[] | null;
  /** What of the newest look still counts after a boot; left out before one. */
  readonly last?: readonly CheckSeen[] | undefined;
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
  | { readonly do: 'fail'; readonly why: 'broken' | 'lost' | 'deadline' | 'unconfirmed' };

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
  return goesOn ? kept : { bootId, activatedAt: now, steadySince: null, resumedAt: null, asleepMs: null };
}

/** Clocks that run beside one another differ by this much at the most, in milliseconds; more is sleep. */
const shortestSleepMs = 1000;

/**
 * The clock after a look at how long the host has slept in this boot. After a sleep the system settles again: what was seen
 * before proves nothing of a network that is gone for a moment. null for `asleepMs` where that cannot be read.
 */
export function noticeSleep(clock: ProbationClock, asleepMs: number | null, now: number): ProbationClock {
  if (asleepMs === null) return clock;
  if (clock.asleepMs === null) return { ...clock, asleepMs };
  if (asleepMs - clock.asleepMs < shortestSleepMs) return clock;
  return { ...clock, asleepMs, resumedAt: now, steadySince: null };
}

/** How long after its deadline a probation may still go on because the host slept; the dead-man waits longer than this. */
export function sleepAllowance({ settleMs, stableForMs }: ProbationRules): number {
  return settleMs + Math.min(stableForMs, mostStableMs);
}

/** Half of the minute that the dead-man gives abide beyond settle and deadline. */
const mostStableMs = 30_000;

/** When a probation is over: its deadline, or, after a sleep shortly before that, as soon as it can have proved itself. */
export function endOf(rules: ProbationRules, { activatedAt, resumedAt }: ProbationClock): number {
  const deadline = activatedAt + rules.deadlineMs;
  if (resumedAt === null) return deadline;
  const proved = resumedAt + rules.settleMs + rules.stableForMs + 2 * pauseMs;
  return Math.max(deadline, Math.min(proved, deadline + sleepAllowance(rules)));
}

/** The clock after a look. */
export function afterRound(clock: ProbationClock, { standing, endedAt }: Round): ProbationClock {
  return { ...clock, steadySince: standing === 'holding' ? (clock.steadySince ?? endedAt) : null };
}

/**
 * Decides by the clock and the newest look alone. It never passes before all checks held for `stableForMs`, nor by a look
 * that ended after the deadline, nor while a person's word is awaited; a definitive failure fails at once, and the deadline
 * fails the rest.
 */
export function nextInProbation(from: {
  readonly rules: ProbationRules;
  readonly clock: ProbationClock;
  readonly round: Round | null;
  /** True while the system may not pass for want of a person's word. */
  readonly awaitsWord: boolean;
  readonly now: number;
}): ProbationStep {
  const { rules, clock, awaitsWord, now } = from;
  const ends = endOf(rules, clock);
  const settled = (clock.resumedAt ?? clock.activatedAt) + rules.settleMs;
  const round = isOfNow(from.round, clock) ? from.round : null;
  if (round?.standing === 'lost' || round?.standing === 'broken') return { do: 'fail', why: round.standing };
  const leftToHold = leftOf(rules, clock, round);
  const hasHeld = round !== null && leftToHold === 0 && round.endedAt <= ends;
  if (hasHeld && !awaitsWord) return { do: 'pass' };
  if (now >= ends) return { do: 'fail', why: hasHeld ? 'unconfirmed' : 'deadline' };
  if (now < settled) return { do: 'settle', ms: Math.min(settled, ends) - now };
  const due = round ? round.endedAt + (hasHeld ? pauseMs : Math.min(pauseMs, leftToHold)) : now;
  return now >= due ? { do: 'probe', withinMs: ends - now } : { do: 'pause', ms: Math.min(due, ends) - now };
}

/** A look from before a sleep counts only if it found what waiting will not mend. */
function isOfNow(round: Round | null, { resumedAt }: ProbationClock): boolean {
  if (round === null || resumedAt === null || round.endedAt > resumedAt) return true;
  return round.standing === 'broken' || round.standing === 'lost';
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
