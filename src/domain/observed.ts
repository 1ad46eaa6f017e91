/** A variant of a system, by its name in it and by its own toplevel. */
export interface Specialisation {
  readonly name: string;
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
  /** Commit the running system says it was built from, if it says so. */
  readonly currentRevision: string | null;
  /** Toplevel behind run/booted-system. */
  readonly booted: string | null;
  readonly bootedRevision: string | null;
  readonly profile: { readonly generation: number | null; readonly toplevel: string } | null;
  /** Toplevel the boot loader starts by default, where that can be read. */
  readonly bootDefault: string | null;
  /** Why the booted system differs from the running one in a way only a reboot mends. */
  readonly rebootReasons: readonly RebootReason[];
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
