/** A variant of a system, by its name in it and by its own toplevel. */
export interface Specialisation {
  readonly name: string;
  readonly toplevel: string;
}

/** A unit that is not as the running system has it, and why. */
export interface UnitChange {
  readonly unit: string;
  /**
   * masked: it cannot start; replaced: by another file; overridden: by a drop-in; unlinked: none is the system's any more;
   * the rest: what a switch that was cut off has left undone.
   */
  readonly is: 'masked' | 'replaced' | 'overridden' | 'unlinked' | LeftUndone;
  /** Where that was done: a directory, or the file that says so. */
  readonly where: string;
}

/** What a switch had still to do with a unit when it was cut off. */
export type LeftUndone = 'unstarted' | 'unrestarted' | 'unreloaded';

/** A system profile beside the system's own one, as `nixos-rebuild --profile-name` makes it. */
export interface ForeignProfile {
  readonly name: string;
  readonly generation: number | null;
  readonly toplevel: string;
}

/** The host as it is, read afresh; null is "cannot be read" and never a difference. */
export interface Observed {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly hostName: string | null;
  readonly machineId: string | null;
  readonly bootId: string | null;
  /** Toplevel behind run/current-system; of a specialisation that runs, the system that it is one of. */
  readonly current: string | null;
  /** The specialisation of `current` that runs; null when `current` itself does. */
  readonly specialisation: Specialisation | null;
  /** When run/current-system was set last: by an activation, or by the boot. Epoch milliseconds. */
  readonly currentSince: number | null;
  /** Commit the running system says it was built from, if it says so. */
  readonly currentRevision: string | null;
  /** Toplevel behind run/booted-system. */
  readonly booted: string | null;
  readonly bootedRevision: string | null;
  readonly profile: { readonly generation: number | null; readonly toplevel: string } | null;
  /** When the profile was moved last, in epoch milliseconds. */
  readonly profileSince: number | null;
  /** The profile's highest generation; above the profile's own one when somebody went back to an older one. */
  readonly newestGeneration: number | null;
  /** Toplevel the boot loader starts by default, where that can be read. */
  readonly bootDefault: string | null;
  /** Those that hold what runs, was booted, or starts by default; abide's own profile is none of them. */
  readonly foreignProfiles: readonly ForeignProfile[];
  /**
   * Why the booted system differs from the running one in a way only a reboot mends. null where that cannot be told: one of
   * them is gone, or there is no kernel, as in a container.
   */
  readonly rebootReasons: readonly RebootReason[] | null;
  /** Units that are not as the running system has them; null where no systemd runs. */
  readonly units: readonly UnitChange[] | null;
  /** True while somebody holds switch-to-configuration's lock. */
  readonly switchRunning: boolean;
}

/** What only a reboot brings into effect; closed, because it is a label of a metric. */
export const rebootReasons = [
  'kernel',
  'kernel-modules',
  'kernel-params',
  'initrd',
  'firmware',
  'systemd',
  'other',
] as const;
export type RebootReason = (typeof rebootReasons)[number];

/** No look at a host takes longer, in milliseconds. */
const longestLookMs = 60_000;

/**
 * True for a look that began before the newest one and was told after it: an effect has changed the host in between. One that
 * seems much older was made after the clock had been put back.
 */
export function isOutdated(observed: Observed, newest: Observed | null): boolean {
  const older = (newest?.at ?? 0) - observed.at;
  return older > 0 && older < longestLookMs;
}
