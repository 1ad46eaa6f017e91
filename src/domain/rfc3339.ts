const latest = Date.UTC(9999, 11, 31, 23, 59, 59);

/** Epoch milliseconds as RFC 3339 in UTC; null stays null, and what no calendar holds becomes its nearest end. */
export function rfc3339(ms: number): string;
export function rfc3339(ms: number | null): string | null;
export function rfc3339(ms: number | null): string | null {
  if (ms === null) return null;
  return new Date(Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, 0), latest)).toISOString();
}

/** RFC 3339 as whole or broken seconds since the epoch; 0 for null and for what is no time, as metrics want it. */
export function epochSeconds(time: string | null): number {
  const ms = time === null ? 0 : Date.parse(time);
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

/** The earlier of two times in RFC 3339, so that a clock that was set back leaves nothing in the future. */
export function notAfter(time: string, now: string): string {
  return Date.parse(time) > Date.parse(now) ? now : time;
}
