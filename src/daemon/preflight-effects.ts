import type { Deployment } from '../domain/deployment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import type { Comparison } from '../domain/preflight.ts';
import { mustBeSwitchable } from '../host/activate.ts';
import type { CheckSwitch } from '../host/check-switch.ts';
import { compareSystems } from '../host/compare-systems.ts';
import { mustHaveRoomToBoot, type RoomPlaces } from './must-have-room.ts';
import { armWayBack, type WayBackParts } from './way-back.ts';

/** What a preflight stands on. */
export interface PreflightParts extends WayBackParts {
  readonly checkSwitch: CheckSwitch;
  readonly places: RoomPlaces;
  readonly onProgress: OnProgress;
}

/** How the new system differs from what runs and what was booted. Throws what makes it impossible to bring at all. */
export async function compare(
  { keeper, observer, places }: PreflightParts,
  deployment: Deployment,
): Promise<Comparison> {
  keeper.flush();
  const { toplevel, previous } = deployment;
  mustBeSwitchable(toplevel);
  await mustHaveRoomToBoot(places, deployment);
  const { booted } = await observer.observe();
  return compareSystems({ toplevel, running: previous.toplevel, booted });
}

/** Asks the new system's own pre-switch checks. */
export async function check(
  { checkSwitch, onProgress }: PreflightParts,
  { id, toplevel }: Deployment,
): Promise<void> {
  await checkSwitch({ deployment: id, toplevel, onProgress });
}

/** Last before the switch, and why nothing can be gone back to, if so: what baseline and checks take is not taken from the time that the dead-man waits. */
export async function arm(parts: PreflightParts, deployment: Deployment): Promise<string | null> {
  parts.keeper.flush();
  return armWayBack(parts, deployment);
}
