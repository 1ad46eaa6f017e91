import { announceHandover } from '../src/domain/announce.ts';
import { mustHandOver } from '../src/domain/handover.ts';
import { deploymentIn } from './in-context.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';

/** True when the system on probation is to be judged by the abide that it starts, and this one is not it. */
export function isForOther({ facts, self }: ReconcilerContext): boolean {
  return mustHandOver(facts, self);
}

/** Tells that this abide makes room. */
export function tellHandover(context: ReconcilerContext): Turn {
  return { emit: [asEmitted(announceHandover(deploymentIn(context)))] };
}
