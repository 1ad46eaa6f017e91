/** A systemd unit as far as its health goes. */
export interface Unit {
  readonly name: string;
  /** False when the system has no such unit, or masks it. */
  readonly exists: boolean;
  /** ActiveState and SubState as systemd names them. */
  readonly active: string;
  readonly sub: string;
  readonly result: string;
  /** A oneshot that is not meant to stay active. */
  readonly ends: boolean;
  /** Some other unit starts it, not only a bus or a socket. */
  readonly wanted: boolean;
  /** A timer, path or socket starts it. */
  readonly triggered: boolean;
  readonly restarts: number;
}

/** What is known of the unit from before. */
export interface UnitBefore {
  readonly wasActive: boolean;
  readonly wasFailed: boolean;
  /** Its restarts as of the look before this one; null when that did not see it. */
  readonly restartsBefore: number | null;
}

/** Whether a unit got worse; `failed-if-changed` counts only when the new system brought or changed the unit. */
export type UnitVerdict =
  | { readonly is: 'well' }
  | {
      readonly is: 'bad' | 'warn' | 'failed-if-changed';
      readonly message: string;
      readonly definitive: boolean;
    };

const well = { is: 'well' } as const;

/**
 * Judges one unit: one that was active and is not, and a wanted one that failed or restarts over and over, are bad. What a
 * timer, path or socket starts, and what waits for the network, only warns. A unit that the new system does not have is well.
 */
export function judgeUnit(unit: Unit, before: UnitBefore): UnitVerdict {
  if (!unit.exists) return well;
  const trouble = troubleOf(unit, before);
  if (trouble === null) return well;
  const { message, definitive } = trouble;
  if (unit.triggered || /-wait-online(?:@.*)?\.service$/.test(unit.name)) {
    return { is: 'warn', message, definitive: false };
  }
  if (before.wasActive) return { is: 'bad', message, definitive };
  return unit.wanted ? { is: 'failed-if-changed', message, definitive } : well;
}

interface Trouble {
  readonly message: string;
  readonly definitive: boolean;
}

function troubleOf(unit: Unit, before: UnitBefore): Trouble | null {
  const { name, active, sub, result, restarts, ends, wanted } = unit;
  if (active === 'failed') {
    return before.wasFailed ? null : { message: `${name} failed (${result})`, definitive: true };
  }
  if (sub.startsWith('auto-restart')) {
    return { message: `${name} failed and is restarted (${result})`, definitive: false };
  }
  if (before.restartsBefore !== null && restarts > before.restartsBefore) {
    return { message: `${name} restarts over and over`, definitive: false };
  }
  if (!before.wasActive || ends || !['inactive', 'deactivating', 'activating'].includes(active)) return null;
  // What nobody wants was started on demand, and may end by itself when it is idle.
  if (active === 'inactive' && !wanted && result === 'success') return null;
  return { message: `${name} was active and is ${active}`, definitive: false };
}
