import { longestBackoffMs } from './backoff.ts';
import type { Failure } from './facts.ts';
import { stalledRetryMs } from './policy.ts';

/**
 * Milliseconds until a moment that was at most `longestMs` away when it was set. One that is further away was set by a clock
 * that was put back since; what waits for it is due now, because nobody knows how long it has waited.
 */
export function timeLeft(until: number, longestMs: number, now: number): number {
  const left = until - now;
  return left > longestMs ? 0 : Math.max(0, left);
}

/** Milliseconds until what failed is tried again by itself. */
export function failureLeft({ until, stalled, class: kind }: Failure, now: number): number {
  return timeLeft(until, stalled ? stalledRetryMs : longestBackoffMs(kind), now);
}
