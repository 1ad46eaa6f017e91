import { setTimeout as sleep } from 'node:timers/promises';
import { hasWayBack } from '../domain/after-switch.ts';
import { systemsTold } from '../domain/boot-once.ts';
import { isTrial, type Deployment, type SwitchResult, type WentBack } from '../domain/deployment.ts';
import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import type { Observed } from '../domain/observed.ts';
import type { ProbationRules } from '../domain/probation.ts';
import { toProblem } from '../domain/problem.ts';
import { whyItStays } from '../domain/rollback-switch.ts';
import { isSwitchable } from '../host/activate.ts';
import type { BootLoader } from '../host/boot-loader.ts';
import type { BootOnce } from '../host/boot-once.ts';
import type { DeadMan, DeadManHook, WayBack } from '../host/dead-man.ts';
import type { DeadManState } from '../host/dead-man-state.ts';
import type { HostObserver } from '../host/observe.ts';
import type { RollBack } from '../host/roll-back.ts';
import type { Profile } from '../nix/profile.ts';
import type { Keeper } from './keeper.ts';
import type { DeadManSeconds } from './policy-of.ts';

/** What ways back are made of. */
export interface WayBackParts {
  readonly deadMan: DeadMan;
  readonly rollBack: RollBack;
  readonly profile: Profile;
  readonly bootLoader: BootLoader;
  readonly bootOnce: BootOnce;
  readonly observer: HostObserver;
  readonly keeper: Keeper;
  readonly facts: () => Facts;
  readonly deadManSeconds: (probation: ProbationRules | null) => DeadManSeconds;
  readonly log: Log;
}

/**
 * Arms before anything changes. A host on which nothing ran has no way back, and then that is said; gives why there is none
 * though a system runs, and null otherwise.
 */
export async function armWayBack(parts: WayBackParts, deployment: Deployment): Promise<string | null> {
  const way = wayBackOf(deployment);
  const { deadMan, log } = parts;
  if (!way) return tellUnarmed(log, deployment);
  if (!isSwitchable(way.previous)) {
    const why = `${way.previous}, which ran before, has no switch-to-configuration: nothing can go back to it`;
    log.warn({ deployment: deployment.id }, `${why}, and no dead-man is armed`);
    return why;
  }
  const { switching, probation } = secondsOf(parts);
  if (isTrial(deployment) || deployment.inPlace) await deadMan.arm(way, 'probation', probation);
  else await deadMan.arm(way, deployment.retried ? 'switch-2' : 'switch', switching);
  return null;
}

/** Gives what was found out before, which was told then. */
function tellUnarmed(log: Log, deployment: Deployment): string | null {
  const { id, noRollback, noWayBack } = deployment;
  const why = noWayBack === null ? whyItStays(deployment) : null;
  if (why !== null && (noRollback !== null || !activatesNothing(deployment))) {
    log.warn({ deployment: id }, `${why}, and no dead-man is armed`);
  }
  return noWayBack;
}

/** For the switch of a deployment; null where nothing is armed. */
export function hookOf(parts: WayBackParts, deployment: Deployment): DeadManHook | null {
  return wayBackOf(deployment) && parts.deadMan.hook(deployment.id, secondsOf(parts).probation);
}

/**
 * The result as the loop must see it: a switch whose dead-man acted meanwhile was undone, whatever it says. One that somebody
 * removed during the switch is armed anew.
 */
export async function unlessUndone(
  parts: WayBackParts,
  deployment: Deployment,
  result: SwitchResult,
): Promise<SwitchResult> {
  const { deadMan, log } = parts;
  const left = await deadMan.state(deployment.id).catch((error: unknown) => {
    log.error({ err: toProblem(error) }, 'the dead-man cannot be looked at after the switch');
    return null;
  });
  // Links and probation say the rest: a switch that is over must not be lost for a look at something else.
  if (left === null) return result;
  if (isTaken(left)) return { ...result, exitCode: null, signal: 'dead-man' };
  await armAgain(parts, deployment, left).catch((error: unknown) => {
    log.error({ err: toProblem(error) }, 'the dead-man cannot be armed anew');
  });
  return result;
}

/** Arms the dead-man of a system on probation anew where it waits no more, and gives its state; `known` saves a look. Throws as `DeadMan.arm` does. */
export async function armAgain(
  parts: Pick<WayBackParts, 'deadMan' | 'deadManSeconds' | 'facts' | 'log'>,
  deployment: Deployment,
  known?: DeadManState,
): Promise<DeadManState['state']> {
  const { deadMan, log } = parts;
  const { state } = known ?? (await deadMan.state(deployment.id));
  const way = wayBackOf(deployment);
  if (way === null || !idle.has(state)) return state;
  log.warn({ deployment: deployment.id }, 'the dead-man waits no more after the switch; it is armed anew');
  await deadMan.arm(way, 'again', secondsOf(parts).probation);
  return 'armed';
}

/** Calls the dead-man off once the system has proved itself, and what others left; see `DeadMan.disarm`. */
export async function callOff({ keeper, deadMan }: WayBackParts, { id }: Deployment): Promise<void> {
  keeper.flush();
  await deadMan.clear(id);
  await deadMan.disarm(id);
}

/** Nothing may keep a rollback from running: not even a journal that cannot be written. */
export async function goBack(parts: WayBackParts, deployment: Deployment): Promise<WentBack> {
  const { keeper, rollBack, observer, log } = parts;
  try {
    keeper.flush();
  } catch (error) {
    log.error({ err: toProblem(error) }, 'going back although the journal cannot be written');
  }
  const way = wayBackOf(deployment);
  if (!way) return { observed: await observer.observe(), byItself: false, note: null };
  const went = await rollBack(way);
  // Also where somebody switched to yet another system: what this deployment moved must not be what boots.
  return { ...went, observed: await putBack(parts, deployment) };
}

/** Profile and boot default as they were, where the deployment had moved them; what somebody else set stays. */
export async function putBack(
  { profile, bootLoader, bootOnce, observer, facts }: WayBackParts,
  { id, toplevel, previous }: Deployment,
): Promise<Observed> {
  const { profile: now, bootDefault } = await observer.observe();
  if (previous.profile === null || previous.profile === toplevel) return observer.observe();
  if (now?.toplevel === toplevel) await profile.set(previous.profile);
  const { bootOnce: once, loaderTold } = facts();
  // What the loader holds hides what its files say.
  const isHeld = once?.toplevel === toplevel || loaderTold?.toplevel === toplevel;
  const moved = isHeld || now?.toplevel === toplevel || bootDefault === toplevel;
  if (moved && (await profile.read())?.toplevel === previous.profile) {
    const told = systemsTold(facts());
    // The profile before may itself be a system that was only staged.
    const way =
      once?.toplevel === previous.profile
        ? { held: once.fallback, afterwards: () => bootOnce.forget(told) }
        : { afterwards: () => bootOnce.release(told) };
    await bootLoader.install({ deployment: id, toplevel: previous.profile, ...way });
  }
  return observer.observe();
}

/**
 * What an earlier daemon left armed, when this one starts: a dead-man that went back while there was no daemon decides the
 * deployment, and one that is gone is armed anew. Without the journal nobody knows what is armed, so it acts at once.
 */
export async function adoptWayBack(
  facts: Facts,
  parts: Pick<WayBackParts, 'deadMan' | 'deadManSeconds' | 'log'> & {
    readonly isLoaded: boolean;
    /** The boot this daemon started in: a dead-man of another one ended with that, and is not missed. */
    readonly bootId: string | null;
  },
): Promise<Facts> {
  const { deadMan, log, isLoaded } = parts;
  try {
    if (!isLoaded) await startOrphans(parts);
    else if (facts.deployment) return await adopt(facts, facts.deployment, parts);
    else await deadMan.clear(null);
  } catch (error) {
    log.error({ err: toProblem(error) }, 'what is left of a dead-man cannot be settled');
  }
  return facts;
}

function secondsOf({
  deadManSeconds,
  facts,
}: Pick<WayBackParts, 'deadManSeconds' | 'facts'>): DeadManSeconds {
  return deadManSeconds(facts().probation?.rules ?? null);
}

/** Where a deployment's dead-man leads; null where there is to be none. */
export function wayBackOf(deployment: Deployment): WayBack | null {
  const { id, toplevel, previous } = deployment;
  if (activatesNothing(deployment) || previous.toplevel === null || !hasWayBack({ facts: { deployment } }))
    return null;
  const ran = previous.specialisation?.toplevel ?? previous.toplevel;
  return { deployment: id, toplevel, previous: ran, profile: previous.profile };
}

/** Only the next boot brings it, and with that its own probation. */
function activatesNothing(deployment: Deployment): boolean {
  return deployment.operation === 'boot' && !isTrial(deployment) && !deployment.inPlace;
}

function isTaken({ state, byItself }: DeadManState): boolean {
  return byItself && (state === 'acting' || state === 'went-back');
}

/** What still runs while they act is not what will run: it must not be looked at, let alone be committed. */
async function startOrphans({ deadMan, log }: Pick<WayBackParts, 'deadMan' | 'log'>): Promise<void> {
  const orphans = await deadMan.startAll();
  for (const deployment of orphans) {
    log.warn({ deployment }, 'the journal is lost in the middle of a deployment; its dead-man goes back now');
  }
  const end = performance.now() + longestOrphanMs;
  for (const deployment of orphans) {
    while (performance.now() < end && atWork.has((await deadMan.state(deployment)).state)) await sleep(200);
  }
}

const atWork: ReadonlySet<DeadManState['state']> = new Set<DeadManState['state']>(['armed', 'acting']);

/** One that cannot go back tries for ever; a daemon that shows so is better than none. */
const longestOrphanMs = 2 * 60_000;

/** Nobody waits, though the deployment is not judged: also what an end called off that never reached the disk. */
const idle: ReadonlySet<DeadManState['state']> = new Set<DeadManState['state']>(['none', 'gone', 'disarmed']);

const guarded: ReadonlySet<string | null> = new Set(['switch', 'look', 'probation']);

async function adopt(
  facts: Facts,
  deployment: Deployment,
  {
    deadMan,
    deadManSeconds,
    log,
    bootId,
  }: Pick<WayBackParts, 'deadMan' | 'deadManSeconds' | 'log'> & { readonly bootId: string | null },
): Promise<Facts> {
  const { id, step, reason, message } = deployment;
  if (deployment.bootId !== bootId) return facts;
  const left = await deadMan.state(id);
  const way = wayBackOf(deployment);
  if (isTaken(left) && step !== 'rollback') {
    log.warn({ deployment: id }, 'the dead-man went back from the running deployment while abide was away');
    const why =
      deployment.abide === 'changed'
        ? 'the abide of the new system did not take over in time'
        : 'abide was away when the new system had to be judged';
    const blame = { reason: reason ?? 'ActivationFailed', message: message ?? why };
    return { ...facts, deployment: { ...deployment, ...blame, step: 'rollback' } };
  }
  if (way && guarded.has(step) && (idle.has(left.state) || left.state === 'stood-by')) {
    log.warn({ deployment: id }, 'the dead-man of the running deployment waits no more; it is armed anew');
    await deadMan.arm(way, 'again', deadManSeconds(facts.probation?.rules ?? null).switching);
  }
  return facts;
}
