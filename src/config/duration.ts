const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof unitMs;

/** What a duration looks like in the config file; also the pattern of the JSON Schema. */
export const durationPattern = /^(?:0|[1-9][0-9]{0,11})(?:ms|s|m|h|d)$/;

/** Longest duration in milliseconds; a Node timer set for longer than 2^31 ms would fire at once. */
export const longestDurationMs = 24 * unitMs.d;

/** Milliseconds of a string such as `500ms`, `30s`, `5m`, `2h`, `7d`; null for anything else. */
export function parseDuration(text: string): number | null {
  if (!durationPattern.test(text)) return null;
  const unit = text.replace(/^[0-9]+/, '') as Unit;
  return Number.parseInt(text, 10) * unitMs[unit];
}

/** The shortest config string that means exactly these milliseconds; the inverse of `parseDuration`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const units: readonly Unit[] = ['d', 'h', 'm', 's'];
  const unit = units.find((candidate) => ms % unitMs[candidate] === 0) ?? 'ms';
  return `${ms / unitMs[unit]}${unit}`;
}
