/** An alert as Prometheus takes it; durations in seconds. */
export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: number;
  /** How long it goes on after the expression gave nothing any more: a host that reboots must not end it. */
  readonly keep?: number;
  readonly severity: 'critical' | 'warning' | 'info';
  /** One sentence that is the same for every host. */
  readonly summary: string;
  /** Names host and value by Prometheus' templates. */
  readonly description: string;
}

/** A series that is computed once for all who ask. */
export interface Recording {
  readonly record: string;
  readonly expr: string;
}

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Alert | Recording)[];
}

/** Seconds as PromQL writes a duration, in the largest unit that fits: `90s`, `15m`, `6h`, `7d`. */
export function duration(seconds: number): string {
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? (['s', 1] as const);
  return `${seconds / size}${unit}`;
}

/** The same for people, inside a sentence. */
export function span(seconds: number): string {
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? (['s', 1] as const);
  const count = seconds / size;
  return `${count} ${words[unit]}${count === 1 ? '' : 's'}`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

const words = { d: 'day', h: 'hour', m: 'minute', s: 'second' } as const;
