/** Milliseconds by CLOCK_MONOTONIC: the same for every process of a boot, still in sleep, and set by nobody. */
export function uptime(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
