import type { Deployment } from '../domain/deployment.ts';
import { toProblem } from '../domain/problem.ts';
import { whyItStays } from '../domain/rollback-switch.ts';
import { armAgain, wayBackOf, type WayBackParts } from './way-back.ts';

/** What making room for the next abide stands on. */
export interface HandOverParts extends WayBackParts {
  /** Ends this daemon, so that another one goes on. */
  readonly renew: () => void;
}

/**
 * The dead-man stays armed, and the journal says where the new abide goes on. One that is gone is armed anew first; throws
 * as `DeadMan.arm` does when it cannot be, because then this abide is the only one of which is known that it works.
 */
export async function handOver(parts: HandOverParts, deployment: Deployment): Promise<void> {
  const { keeper, renew, log } = parts;
  const { id } = deployment;
  keeper.flush();
  if (wayBackOf(deployment) === null) {
    const message = 'the new abide takes over, and nothing undoes one that does not work';
    log.warn({ deployment: id }, `${message}: ${whyItStays(deployment) ?? 'nothing can go back'}`);
  } else {
    const state = await mustBeGuarded(parts, deployment);
    log.info({ deployment: id }, `the new abide takes over; the way back is ${state}`);
  }
  renew();
}

async function mustBeGuarded(parts: HandOverParts, deployment: Deployment): Promise<string> {
  try {
    return await armAgain(parts, deployment);
  } catch (error) {
    const message = 'the new abide does not take over before something can undo it';
    parts.log.error({ err: toProblem(error), deployment: deployment.id }, message);
    throw error;
  }
}
