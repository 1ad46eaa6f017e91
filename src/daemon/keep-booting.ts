import { isGivenUp, isUnseen, systemsTold, type LoaderInstalled } from '../domain/boot-once.ts';
import { isTrial, type Deployment } from '../domain/deployment.ts';
import { notByItself } from '../domain/rollback-switch.ts';
import { Problem, toProblem } from '../domain/problem.ts';
import { mustRun } from './must-be-alone.ts';
import { mustHaveRoomToBoot, type RoomPlaces } from './must-have-room.ts';
import { keepFallback, whileRetiring, type PinParts } from './pins.ts';
import type { WayBackParts } from './way-back.ts';

/** What profile and boot default are set with. */
export interface KeepBootingParts extends PinParts, WayBackParts {
  readonly places: Pick<RoomPlaces, 'root'>;
}

/**
 * Makes the deployment's system the profile. Throws Problem `profile_moved` where somebody else did meanwhile, `no_room` where
 * the boot loader would find none, and as `mustRun` does.
 */
export async function setProfile(parts: KeepBootingParts, deployment: Deployment): Promise<void> {
  const { keeper, profile } = parts;
  keeper.flush();
  const { toplevel, previous } = deployment;
  await mustRun(parts, deployment);
  await mustBeOurs(parts, [previous.profile, toplevel]);
  await mustHaveRoomToBoot(parts.places, deployment);
  await profile.set(toplevel);
}

/** A profile that somebody else moved since the deployment began is what a person wants, and is not overwritten. */
async function mustBeOurs({ profile }: KeepBootingParts, allowed: readonly (string | null)[]): Promise<void> {
  const found = (await profile.read())?.toplevel ?? null;
  if (found === null || allowed.includes(found)) return;
  throw new Problem(
    'profile_moved',
    `the system profile was set to ${found} by somebody else in the middle of the deployment, and stays there`,
    { retry: 'never' },
  );
}

/** A loader that fails leaves the profile as it was, so that profile and boot default never disagree. */
export async function installLoader(
  parts: KeepBootingParts,
  deployment: Deployment,
): Promise<LoaderInstalled> {
  const { keeper, profile, log } = parts;
  keeper.flush();
  if (isTrial(deployment)) return keepBooted(parts, deployment);
  await mustBeOurs(parts, [deployment.toplevel]);
  try {
    return await installFor(parts, deployment);
  } catch (error) {
    const { profile: before } = deployment.previous;
    const tell = (what: string) => (cause: unknown) =>
      log.error({ err: toProblem(cause), deployment: deployment.id }, what);
    if (before !== null) await profile.set(before).catch(tell('the profile could not be put back'));
    await letGo(parts, deployment).catch(tell('the boot loader could not be told what it said before'));
    throw error;
  }
}

/** The next boot must not start what was given up since it was staged. Never throws. */
export async function forgetGivenUp({ bootOnce, facts, log }: WayBackParts): Promise<void> {
  const known = facts();
  if (!isGivenUp(known)) return;
  await bootOnce.forget(systemsTold(known)).catch((error: unknown) => {
    log.warn({ err: toProblem(error) }, 'the boot loader may still start once what was given up');
  });
}

/** What nobody has seen running is started just once, where the loader knows how: the old default holds until it is proved. */
async function installFor(parts: KeepBootingParts, deployment: Deployment): Promise<LoaderInstalled> {
  const { bootLoader, bootOnce, observer, facts } = parts;
  const { id, toplevel, previous } = deployment;
  const { current } = await observer.observe();
  const isNew = isUnseen(deployment, facts(), current);
  const why = isNew ? (whyNoWayBack(deployment) ?? (await bootOnce.refuses(previous.bootDefault))) : null;
  const held = isNew && why === null ? previous.bootDefault : null;
  const told = systemsTold(facts());
  // What was staged before is superseded. Until this is the default, the old one holds, whatever the loader's files say.
  await bootOnce.forget(told);
  if (held !== null) {
    await keepFallback(parts, held);
    await bootOnce.hold(held);
  }
  const way = held === null ? { afterwards: () => bootOnce.release(told) } : { held };
  await whileRetiring(parts, () => bootLoader.install({ deployment: id, toplevel, ...way }));
  if (held !== null && current !== toplevel) await bootOnce.once(toplevel);
  return { once: held !== null, why };
}

/** What nothing may go back from by itself, the boot loader does not go back from either. */
function whyNoWayBack({ noRollback }: Deployment): string | null {
  return noRollback === null ? null : notByItself(noRollback);
}

/**
 * A staged system whose loader failed is not started, and the loader's files decide again; unless an earlier one waits to be
 * started, or they would start this one.
 */
async function letGo({ bootOnce, observer, facts }: KeepBootingParts, deployment: Deployment): Promise<void> {
  const known = facts();
  const { toplevel, previous } = deployment;
  const told = systemsTold(known);
  if (known.loaderTold?.toplevel !== toplevel || known.bootOnce !== null) return bootOnce.forget(told);
  await bootOnce.release(told);
  const { bootDefault } = await observer.observe();
  if (bootDefault === toplevel && previous.bootDefault !== null) await bootOnce.hold(previous.bootDefault);
}

/** The loader's files name the booted system as the default since it was staged; from here on they count again. */
async function keepBooted(
  { bootLoader, bootOnce, facts }: KeepBootingParts,
  { toplevel }: Deployment,
): Promise<LoaderInstalled> {
  await bootOnce.release(systemsTold(facts()));
  await bootLoader.mustBoot(toplevel);
  return { once: false, why: null };
}
