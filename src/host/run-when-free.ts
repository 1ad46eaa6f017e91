import { setTimeout as sleep } from 'node:timers/promises';
import type { SwitchResult } from '../domain/deployment.ts';
import type { Activator, SwitchOrder } from './activate.ts';

/** How long to insist when somebody else holds switch-to-configuration's lock. */
export interface Patience {
  /** Default 30. */
  readonly tries?: number;
  /** Milliseconds, default 2000. */
  readonly pauseMs?: number;
}

/** Exit code of a switch-to-configuration that found the lock held. */
export const busyExit = 11;

/**
 * Runs a switch under a label, as often as it finds the lock held, until patience ends; each try is an attempt of its own,
 * and one that a daemon before had left running is adopted. The last result is given, also when it is busy.
 */
export async function runWhenFree(
  activator: Activator,
  order: SwitchOrder & { readonly label: string },
  { tries = 30, pauseMs = 2000 }: Patience,
): Promise<SwitchResult> {
  for (let left = tries; ; left -= 1) {
    const attempt = await activator.nextAttempt(order.deployment, order.label);
    const result = await activator.run({ ...order, attempt });
    if (result.exitCode !== busyExit || left <= 1) return result;
    await sleep(pauseMs);
  }
}
