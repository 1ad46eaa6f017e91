import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';
import type { DeadMan } from '../host/dead-man.ts';
import type { Keeper } from './keeper.ts';

/**
 * Told of the facts after every transition: a deployment that has ended, however, leaves nothing armed. Until its end is on
 * disk the next daemon would go on with it, and must find its way back.
 */
export function createRetirement({
  deadMan,
  keeper,
  log,
}: {
  readonly deadMan: Pick<DeadMan, 'clear'>;
  readonly keeper: Pick<Keeper, 'flush'>;
  readonly log: Log;
}): (facts: Facts) => void {
  let running: string | null = null;
  let isOwed = false;
  let last: Promise<void> = Promise.resolve();
  return ({ deployment }) => {
    isOwed ||= running !== null && deployment?.id !== running;
    running = deployment?.id ?? null;
    if (!isOwed || !isOnDisk(keeper)) return;
    isOwed = false;
    // By then another one may run.
    last = last
      .then(() => deadMan.clear(running))
      .catch((error: unknown) => {
        log.warn({ err: toProblem(error) }, 'the dead-man of an ended deployment cannot be called off');
      });
  };
}

/** The keeper tells why not. */
function isOnDisk(keeper: Pick<Keeper, 'flush'>): boolean {
  try {
    keeper.flush();
    return true;
  } catch {
    return false;
  }
}
