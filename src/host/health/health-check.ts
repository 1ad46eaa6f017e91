import type { CheckSeen } from '../../domain/check.ts';

/** What a look compares with; null for the look before an activation. */
export type Against = {
  /** What this check saw before the activation; null where no system ran. */
  readonly before: CheckSeen | null;
  readonly previous: string | null;
  readonly toplevel: string;
} | null;

/** What one check found; parts and verdict that are left out are none. */
export type Look = Pick<CheckSeen, 'status' | 'message'> &
  Partial<Pick<CheckSeen, 'definitive' | 'well' | 'unwell'>>;

/** How long a look may take, in milliseconds, with a signal that comes at its end. */
export interface Limit {
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** One kind of check behind one face; what it throws counts as a failure that may pass. */
export interface HealthCheck {
  readonly name: string;
  readonly timeoutMs: number;
  look(against: Against, limit: Limit): Promise<Look>;
}

/** A look that found all well. */
export const passing: Look = { status: 'passing', message: null };

/** A look that found something that may mend itself. */
export function failing(message: string): Look {
  return { status: 'failing', message };
}

/** A look that found something that waiting will not mend. */
export function broken(message: string): Look {
  return { status: 'failing', message, definitive: true };
}

/** A look that could not be taken. */
export function unknown(message: string): Look {
  return { status: 'unknown', message };
}
