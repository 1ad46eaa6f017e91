/** What the phase of a host is made of. */
export interface FirstPollDelayInput {
  readonly machineId: string;
  /** The remote's configured name. */
  readonly remote: string;
  readonly pollMs: number;
}

/** What a later delay is made of. */
export interface PollDelayInput {
  readonly pollMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * Milliseconds from the first poll, which is at once, to the second: this host's own phase in [0, pollMs) for this remote,
 * the same at every start, so that a fleet that starts together does not poll together.
 */
export function firstPollDelay({ machineId, remote, pollMs }: FirstPollDelayInput): number {
  return Math.floor((hash(`${machineId}/${remote}`) / 2 ** 32) * pollMs);
}

/** Milliseconds between any two later polls: the period, spread by 10 % either way. */
export function pollDelay({ pollMs, random }: PollDelayInput): number {
  return Math.round(pollMs * (0.9 + 0.2 * random()));
}

/** FNV-1a, then murmur3's finish: FNV alone leaves the high bits of similar names alike, and they are the phase. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
