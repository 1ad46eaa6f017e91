import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment, SwitchResult } from '../domain/deployment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';
import type { Activator, SwitchName, SwitchOrder } from '../host/activate.ts';
import { specialisationNamed } from '../host/specialisation.ts';
import { armWayBack, hookOf, unlessUndone, type WayBackParts } from './way-back.ts';

/** What a switch stands on. */
export interface SwitchParts extends WayBackParts {
  readonly activator: Activator;
  readonly onProgress: OnProgress;
  readonly activateTimeoutMs: number;
  /** After a look at the switch that failed, in milliseconds; default 2000. */
  readonly lookAgainMs?: number;
}

/**
 * Switches to the deployment's system, or follows the switch that an earlier daemon began. Throws only where no switch was
 * begun: once it was, neither a full disk nor a program that cannot be started may end the wait for it.
 */
export async function switchTo(parts: SwitchParts, deployment: Deployment): Promise<SwitchResult> {
  const { activator, onProgress, activateTimeoutMs } = parts;
  const { id, retried } = deployment;
  const name = { deployment: id, action: 'test', attempt: retried ? 2 : 1 } as const;
  const isBegun = await hasBegun(activator, name);
  const order: SwitchOrder = {
    ...name,
    toplevel: isBegun ? deployment.toplevel : await variantToRun(parts, deployment),
    noCheck: false,
    deadMan: hookOf(parts, deployment),
    timeoutMs: activateTimeoutMs,
    onProgress,
  };
  if (!isBegun) {
    parts.keeper.flush();
    if (retried) await armWayBack(parts, deployment);
  }
  return unlessUndone(parts, deployment, await seenToItsEnd(parts, order));
}

async function seenToItsEnd(parts: SwitchParts, order: SwitchOrder): Promise<SwitchResult> {
  const { activator, log, lookAgainMs = 2000 } = parts;
  const told = tellOnce(log, order.deployment);
  for (;;) {
    try {
      return await activator.run(order);
    } catch (error) {
      if (!(await hasBegun(activator, order))) throw error;
      told(error);
      await sleep(lookAgainMs);
    }
  }
}

/** One that cannot be looked at was begun: what nobody began leaves nothing that could not be looked at. */
async function hasBegun(activator: Activator, order: SwitchName): Promise<boolean> {
  try {
    return (await activator.state(order)) !== 'none';
  } catch {
    return true;
  }
}

function tellOnce(log: Log, deployment: string): (error: unknown) => void {
  let last: string | null = null;
  return (error) => {
    const err = toProblem(error);
    if (err.message === last) return;
    last = err.message;
    log.warn({ err, deployment }, 'the switch cannot be followed; it goes on, and is looked at again');
  };
}

/** A host in a specialisation stays in it where the new system has one of that name. */
async function variantToRun({ log }: SwitchParts, { id, toplevel, previous }: Deployment): Promise<string> {
  const { specialisation: ran } = previous;
  if (ran === null) return toplevel;
  const found = await specialisationNamed(toplevel, ran.name);
  if (found !== null) return found;
  const message = `the host runs the specialisation ${ran.name}, which the new system has not; its base is switched to`;
  log.warn({ deployment: id }, message);
  return toplevel;
}
