import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ActorRefFrom } from 'xstate';
import type { reconcilerMachine } from '../../machines/reconciler.ts';
import type { GoesBack, RollbackRequest } from '../api/handlers.ts';
import { Refused } from '../api/refused.ts';
import { wayByHand, type WayByHand } from '../domain/go-back.ts';
import type { Roots } from '../nix/roots.ts';
import type { Auditor } from './auditor.ts';
import type { Keeper } from './keeper.ts';
import { inspect, type InspectParts } from './inspect.ts';
import { mustBeOnDisk } from './must-be-on-disk.ts';

/** What a way back by hand acts on. */
export interface GoBackParts extends InspectParts {
  readonly actor: ActorRefFrom<typeof reconcilerMachine>;
  readonly auditor: Pick<Auditor, 'record'>;
  readonly keeper: Pick<Keeper, 'problem'>;
  readonly roots: Pick<Roots, 'pin'>;
}

/** The name of the gc root that keeps the system to go back to from the wish to its deployment. */
export const rootOfWayBack = 'way-back';

/**
 * `abide rollback`: what is left is quarantined and the loop is held before anything changes on the host. Throws Refused
 * where there is nothing to go back to, where it is not in the store any more, or where abide would be gone with it.
 */
export async function rollBackByHand(parts: GoBackParts, request: RollbackRequest): Promise<GoesBack> {
  const { actor, auditor, roots } = parts;
  const { to, reason, by } = request;
  const way = wayByHand(actor.getSnapshot().context, to);
  if (way.way === 'none') throw new Refused(way.message);
  const goes = goesBack(way);
  if (way.way === 'deploy') {
    mustBeInStore(way.to.toplevel);
    await mustKeepAbide(parts, way.to.toplevel);
    await roots.pin(rootOfWayBack, way.to.toplevel);
  }
  auditor.record({ kind: 'rollback', commit: goes.commit, from: goes.from, reason, actor: by });
  actor.send({ type: 'rollback', to, toplevel: way.way === 'deploy' ? way.to.toplevel : null, reason, by });
  mustBeOnDisk(parts);
  const { suspended } = actor.getSnapshot().context.facts;
  if (suspended === null) throw new Refused('another deployment began in this moment; ask again');
  return goes;
}

function goesBack(way: Exclude<WayByHand, { way: 'none' }>): GoesBack {
  if (way.way === 'deploy') {
    const { commit, toplevel } = way.to;
    return { from: way.left.commit, commit, toplevel };
  }
  const { commit: from, previous } = way.deployment;
  return { from, commit: previous.commit, toplevel: previous.toplevel };
}

function mustBeInStore(toplevel: string): void {
  if (existsSync(join(toplevel, 'bin/switch-to-configuration'))) return;
  throw new Refused(
    `${toplevel} is not in the store any more: garbage was collected since; push a commit that reverts what came after it`,
  );
}

/** Nobody who asks to go back is asked again at a gate: what takes abide away is refused before anything is written. */
async function mustKeepAbide(parts: GoBackParts, toplevel: string): Promise<void> {
  const { policy, observed } = parts.actor.getSnapshot().context;
  if (policy.allowRemovingAbide) return;
  const running = observed?.current ?? null;
  const removal = await removalBy(parts, { running, toplevel });
  if (removal === null) return;
  throw new Refused(
    `${toplevel} is not gone back to: ${removal}; go back to another deployment with --to, or set activate.allowRemovingAbide: true`,
  );
}

async function removalBy(
  parts: InspectParts,
  systems: Parameters<typeof inspect>[1],
): Promise<string | null> {
  const tooLong = AbortSignal.timeout(longestLookMs);
  try {
    return (await inspect(parts, systems, tooLong)).removal;
  } catch (error) {
    if (tooLong.aborted)
      return `its abide does not say within ${longestLookMs / 1000} s whether it can start`;
    throw error;
  }
}

/** Who asks on the command line waits a minute for the answer. */
const longestLookMs = 45_000;
