/** How long ago an RFC 3339 time was, in words; `now` is epoch milliseconds. */
export function timeAgo(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (Number.isNaN(ms)) return 'at an unknown time';
  return ms < 1000 ? 'just now' : `${roughly(ms)} ago`;
}

/** How long something has lasted that began at an RFC 3339 time, in words. */
export function timeFor(time: string, now: number): string {
  const ms = now - Date.parse(time);
  return Number.isNaN(ms) ? 'an unknown time' : roughly(Math.max(0, ms));
}

/** How far ahead an RFC 3339 time is, in words; one that has passed is "now". */
export function timeUntil(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  if (Number.isNaN(ms)) return 'at an unknown time';
  return ms < 1000 ? 'now' : `in ${roughly(ms)}`;
}

/** A length of time with its two largest units: `42 s`, `2 min 10 s`, `3 h 5 min`. */
export function timeLasting(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const all = Math.round(ms / 1000);
  const parts = [
    [Math.floor(all / 86_400), 'd'],
    [Math.floor(all / 3600) % 24, 'h'],
    [Math.floor(all / 60) % 60, 'min'],
    [all % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

function roughly(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
