import { access } from 'node:fs/promises';
import { newestBootProven } from '../domain/boot-proven.ts';
import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { wantedPins } from '../domain/pins.ts';
import { toProblem } from '../domain/problem.ts';
import type { Profile } from '../nix/profile.ts';
import type { Roots } from '../nix/roots.ts';

/** What keeps systems from being collected. */
export interface PinParts {
  readonly roots: Roots;
  readonly profile: Profile;
  /** A profile of abide's own: its current generation outlives `nix-collect-garbage -d`, and boot loaders list it. */
  readonly provenProfile: Profile;
  /** Another one, for what the loader falls back to where that is not proven. */
  readonly fallbackProfile: Profile;
  readonly log: Log;
}

/**
 * Makes good what is missing of the pins, whoever removed it: at the start, and whenever the host is looked at. Never
 * throws. A deployment moves its own pins; what it moved before the journal says so is not put back in the middle of it.
 */
export async function repairPins(parts: PinParts, facts: () => Facts): Promise<void> {
  const { roots, log } = parts;
  try {
    const there = await roots.list();
    for (const [name, toplevel] of Object.entries(wantedPins(facts()))) {
      if (there[name] === toplevel || !(await exists(toplevel))) continue;
      const now = facts();
      if (wantedPins(now)[name] !== toplevel || (now.deployment !== null && name in there)) continue;
      await roots.pin(name, toplevel);
    }
    await retireFallback(parts, there, facts());
    await keepBootable(parts, newestBootProven(facts()), parts.provenProfile);
    const { 'boot-fallback': fallback = null } = wantedPins(facts());
    if (fallback !== null && (await exists(fallback))) await keepFallback(parts, fallback);
  } catch (error) {
    log.warn({ err: toProblem(error) }, 'what must not be collected could not be pinned');
  }
}

/**
 * Runs a boot loader's installation so that nothing it lists is without a root: what it is to list no more loses its
 * generation before it runs, and its root only once it has run.
 */
export async function whileRetiring(parts: PinParts, installLoader: () => Promise<void>): Promise<void> {
  const { roots, provenProfile, fallbackProfile } = parts;
  const there = await roots.list();
  if (`${retiring}boot-fallback` in there && !('boot-fallback' in there)) await fallbackProfile.drop();
  const old = await provenProfile.old();
  for (const { generation, toplevel } of old) await roots.pin(`${retiring}${generation}`, toplevel);
  if (old.length > 0) await provenProfile.forgetOld();
  await installLoader();
  const names = Object.keys(await roots.list()).filter((name) => name.startsWith(retiring));
  for (const name of names) await roots.unpin(name);
}

/** Begins the names of roots that only wait for the loader to run without what they hold. */
export const retiring = 'retiring-';

/** Keeps the system that the loader is about to be told to fall back to, and its entry. Throws as the parts do. */
export async function keepFallback(parts: PinParts, toplevel: string): Promise<void> {
  const { roots, provenProfile, fallbackProfile } = parts;
  if ((await roots.list())['boot-fallback'] !== toplevel) await roots.pin('boot-fallback', toplevel);
  if ((await provenProfile.read())?.toplevel === toplevel) return;
  await keepBootable(parts, toplevel, fallbackProfile);
}

/** Its entry is listed until the loader runs again. */
async function retireFallback(
  { roots }: PinParts,
  there: Readonly<Record<string, string>>,
  facts: Facts,
): Promise<void> {
  const { 'boot-fallback': fallback } = there;
  if (fallback === undefined || 'boot-fallback' in wantedPins(facts) || facts.deployment !== null) return;
  await roots.pin(`${retiring}boot-fallback`, fallback);
  await roots.unpin('boot-fallback');
}

/** A host without a system profile has no boot entries either. */
async function keepBootable({ profile }: PinParts, toplevel: string | null, own: Profile): Promise<void> {
  if (toplevel === null || (await profile.read()) === null || !(await exists(toplevel))) return;
  await own.set(toplevel);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
