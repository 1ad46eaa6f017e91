import type { Deployment } from '../domain/deployment.ts';
import type { Log } from '../domain/log.ts';
import type { DeadMan } from '../host/dead-man.ts';
import type { Keeper } from './keeper.ts';

/** What making room for the next abide stands on. */
export interface HandOverParts {
  readonly keeper: Keeper;
  readonly deadMan: DeadMan;
  /** Ends this daemon, so that another one goes on. */
  readonly renew: () => void;
  readonly log: Log;
}

/** The dead-man stays armed, and the journal says where the new abide goes on. */
export async function handOver(
  { keeper, deadMan, renew, log }: HandOverParts,
  { id }: Deployment,
): Promise<void> {
  keeper.flush();
  const { state } = await deadMan.state(id);
  log.info({ deployment: id }, `the new abide takes over; the way back is ${state}`);
  renew();
}
