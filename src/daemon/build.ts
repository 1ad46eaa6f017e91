import type { Planned } from '../../machines/planned.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import type { Inspection } from '../domain/inspection.ts';
import type { SystemDriver } from '../nix/driver.ts';
import { inspect, type InspectParts } from './inspect.ts';
import { mustHaveRoomToBuild, type RoomPlaces } from './must-have-room.ts';

/** What a build stands on. */
export interface BuildParts extends InspectParts {
  readonly driver: SystemDriver;
  readonly places: RoomPlaces;
  readonly onProgress: OnProgress;
}

/** Brings a system into the store, where there is room for it, and looks into it before anything of it runs. */
export async function build(
  parts: BuildParts,
  { evaluation, running }: Planned,
  signal: AbortSignal,
): Promise<Inspection> {
  const { driver, places, onProgress } = parts;
  const { toplevel } = evaluation;
  // What a person goes back to was built long ago.
  if (evaluation.derivation !== '') {
    await mustHaveRoomToBuild(places, toplevel);
    await driver.realise({ evaluation, rootName: 'candidate' }, onProgress, signal);
  }
  return inspect(parts, { running, toplevel }, signal);
}
