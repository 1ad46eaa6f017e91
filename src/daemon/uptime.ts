import { readFileSync } from 'node:fs';

/** Milliseconds by CLOCK_MONOTONIC: the same for every process of a boot, still in sleep, and set by nobody. */
export function uptime(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** Milliseconds that the host has slept in this boot: /proc/uptime counts those too. null where that cannot be read. */
export function asleep(): number | null {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    return Number.isFinite(seconds) ? Math.round(seconds * 1000) - uptime() : null;
  } catch {
    return null;
  }
}

/** The clocks of this boot, for what must neither count sleep nor trust the date. */
export const bootClocks = { uptime, asleep };
