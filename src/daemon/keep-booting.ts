import type { LoaderInstalled } from '../domain/boot-once.ts';
import { isTrial } from '../domain/boot-trial.ts';
import { isStaged } from '../domain/deploy.ts';
import type { Deployment } from '../domain/deployment.ts';
import { notByItself } from '../domain/rollback-switch.ts';
import { Problem, toProblem } from '../domain/problem.ts';
import { whileRetiring, type PinParts } from './pins.ts';
import type { WayBackParts } from './way-back.ts';

/** What profile and boot default are set with. */
export interface KeepBootingParts extends PinParts, WayBackParts {}

/** Makes the deployment's system the profile. Throws Problem `profile_moved` where somebody else did meanwhile. */
export async function setProfile(parts: KeepBootingParts, deployment: Deployment): Promise<void> {
  const { keeper, profile } = parts;
  keeper.flush();
  const { toplevel, previous } = deployment;
  await mustBeOurs(parts, [previous.profile, toplevel]);
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
    if (before !== null) {
      await profile.set(before).catch((cause: unknown) => {
        log.error({ err: toProblem(cause), deployment: deployment.id }, 'the profile could not be put back');
      });
    }
    throw error;
  }
}

/** What nobody has seen running is started just once, where the loader knows how: the old default holds until it is proved. */
async function installFor(parts: KeepBootingParts, deployment: Deployment): Promise<LoaderInstalled> {
  const { bootLoader, bootOnce, observer, facts } = parts;
  const { id, toplevel, previous } = deployment;
  const { current } = await observer.observe();
  const staged = isStaged(deployment) && current !== toplevel;
  const why = staged ? (whyNoWayBack(deployment) ?? (await bootOnce.refuses(previous.bootDefault))) : null;
  const held = staged && why === null ? previous.bootDefault : null;
  if (held !== null) await bootOnce.hold(held);
  else if (facts().bootOnce) await bootOnce.release();
  await whileRetiring(parts, () =>
    bootLoader.install(held === null ? { deployment: id, toplevel } : { deployment: id, toplevel, held }),
  );
  if (held !== null) await bootOnce.once(toplevel);
  return { once: held !== null, why };
}

/** What nothing may go back from by itself, the boot loader does not go back from either. */
function whyNoWayBack({ noRollback }: Deployment): string | null {
  return noRollback === null ? null : notByItself(noRollback);
}

/** The loader's files name the booted system as the default since it was staged; from here on they count again. */
async function keepBooted(
  { bootOnce, observer }: KeepBootingParts,
  { toplevel }: Deployment,
): Promise<LoaderInstalled> {
  await bootOnce.release();
  const { bootDefault } = await observer.observe();
  if (bootDefault === null || bootDefault === toplevel) return { once: false, why: null };
  throw new Problem(
    'boot_loader_failed',
    `${toplevel} proved itself, but the boot loader starts ${bootDefault} by default`,
  );
}
