const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const longestMs = 24 * 86_400_000;

/** What `parseLength` takes, for error messages. */
export const allowedLength = 'a duration such as 30m, 2h or 7d, at most 24d';

/** Milliseconds of a length of time as the config writes durations; null for anything else, for zero and for over 24 days. */
export function parseLength(text: string): number | null {
  const match = /^(0|[1-9]\d{0,11})(ms|s|m|h|d)$/.exec(text);
  const ms = Number(match?.[1]) * (unitMs[match?.[2] ?? ''] ?? Number.NaN);
  return ms > 0 && ms <= longestMs ? ms : null;
}
