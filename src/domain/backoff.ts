import type { FailureClass } from './facts.ts';

/** What is tried again: a class of failure of the desired commit, or a fetch. */
export type BackoffClass = FailureClass | 'fetch';

/**
 * The first delay and the longest one by class, in milliseconds. A fetch is cheap and its remote often back soon; an
 * unexpected error is mostly over at the next try; the rest costs the host work each time.
 */
export const backoffTable: Readonly<
  Record<BackoffClass, { readonly baseMs: number; readonly capMs: number }>
> = {
  fetch: { baseMs: 15_000, capMs: 15 * 60_000 },
  evaluate: { baseMs: 60_000, capMs: 30 * 60_000 },
  build: { baseMs: 60_000, capMs: 60 * 60_000 },
  activate: { baseMs: 60_000, capMs: 30 * 60_000 },
  commit: { baseMs: 60_000, capMs: 30 * 60_000 },
  environment: { baseMs: 60_000, capMs: 30 * 60_000 },
  unexpected: { baseMs: 5_000, capMs: 15 * 60_000 },
};

/** Which delay is asked for. */
export interface BackoffInput {
  readonly class: BackoffClass;
  /** Consecutive failures including this one: 1 is the first. */
  readonly row: number;
  /** In [0, 1). */
  readonly random: () => number;
}

const spread = 0.1;

/** Milliseconds until the next try: doubled with each failure up to the cap, then spread by 10 % either way. */
export function backoffMs({ class: kind, row, random }: BackoffInput): number {
  const { baseMs, capMs } = backoffTable[kind];
  const doublings = Math.max(row - 1, 0);
  return Math.round(Math.min(capMs, baseMs * 2 ** doublings) * (1 - spread + 2 * spread * random()));
}

/** No delay of the class is longer, in milliseconds. */
export function longestBackoffMs(kind: BackoffClass): number {
  return backoffTable[kind].capMs * (1 + spread);
}
