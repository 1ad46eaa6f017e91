import { isTrial, type Deployment } from '../domain/deployment.ts';
import { isStaged } from '../domain/staged.ts';
import type { Observed } from '../domain/observed.ts';
import { toProblem } from '../domain/problem.ts';
import { retiredGenerations } from '../domain/retention.ts';
import type { BootLoader } from '../host/boot-loader.ts';
import type { HostObserver } from '../host/observe.ts';
import { retiring, whileRetiring, type PinParts } from './pins.ts';

/** What retiring stands on. */
export interface RetireParts extends PinParts {
  readonly bootLoader: Pick<BootLoader, 'install'>;
  /** `retention.bootEntries`; null: generations are left alone. */
  readonly bootEntries: number | null;
}

/**
 * Only behind what runs and has proved itself: the loader runs once more, and nothing else may hang on what it says, so
 * that a failure is told and tried again at the next commit. Never throws.
 */
export async function retireBehind(
  parts: RetireParts & { readonly observer: HostObserver },
  deployment: Deployment,
): Promise<void> {
  if (deployment.operation !== 'switch' || isStaged(deployment) || isTrial(deployment)) return;
  try {
    const observed = await parts.observer.observe();
    if (observed.profile?.toplevel === deployment.toplevel) await retire(parts, deployment, observed);
  } catch (error) {
    const { id } = deployment;
    parts.log.warn({ err: toProblem(error), deployment: id }, 'old boot entries could not be removed');
  }
}

/**
 * Removes old ordinary generations of the system profile after a commit, and their boot entries. What the loader lists has
 * a root until the loader ran without it: the roots come first, then the generations go, then the loader runs, then the
 * roots go. A crash in between leaves roots, and the next commit goes on from there. Throws as the parts do.
 */
export async function retire(parts: RetireParts, deployment: Deployment, observed: Observed): Promise<void> {
  const { profile, roots, bootLoader, log } = parts;
  const pins = await roots.list();
  const retired = await retiredIn(parts, deployment, observed, pins);
  if (retired.length === 0 && !Object.keys(pins).some(isLeaving)) return;
  for (const { number, toplevel } of retired) await roots.pin(`${retiring}system-${number}`, toplevel);
  await profile.remove(retired.map(({ number }) => number));
  const { id, toplevel } = deployment;
  await whileRetiring(parts, () => bootLoader.install({ deployment: id, toplevel }));
  log.info({ generations: retired.map(({ number }) => number) }, 'old boot entries were removed');
}

function isLeaving(pin: string): boolean {
  return pin.startsWith(retiring);
}

async function retiredIn(
  { profile, bootEntries }: RetireParts,
  { previous }: Deployment,
  { current, booted, bootDefault, profile: now }: Observed,
  pins: Readonly<Record<string, string>>,
) {
  if (bootEntries === null) return [];
  const pinned = Object.entries(pins).flatMap(([name, path]) => (isLeaving(name) ? [] : [path]));
  const used = [current, booted, bootDefault, now?.toplevel, previous.toplevel, previous.profile, ...pinned];
  const inUse = new Set(used.filter((path) => path !== null && path !== undefined));
  return retiredGenerations(await profile.generations(), { keep: bootEntries, inUse });
}
