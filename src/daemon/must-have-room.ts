import { access } from 'node:fs/promises';
import type { Deployment } from '../domain/deployment.ts';
import { mustFit, stateNeed, storeNeed } from '../domain/room.ts';
import { bootNeed } from '../host/boot-need.ts';
import { checkRoom } from '../host/check-room.ts';

/** Where room may be lacking. */
export interface RoomPlaces {
  readonly root: string;
  readonly storeDir: string;
  readonly stateDir: string;
}

/** Before a build. What is in the store already needs no room there. Throws Problem `no_room`. */
export async function mustHaveRoomToBuild(
  { storeDir, stateDir }: Pick<RoomPlaces, 'storeDir' | 'stateDir'>,
  toplevel: string,
): Promise<void> {
  mustFit(await checkRoom(stateDir), { path: stateDir, ...stateNeed });
  const isBuilt = await access(toplevel).then(
    () => true,
    () => false,
  );
  if (!isBuilt) mustFit(await checkRoom(storeDir), { path: storeDir, ...storeNeed });
}

/** Before anything changes, where the boot loader comes last: a test never runs it. Throws Problem `no_room`. */
export async function mustHaveRoomToBoot(
  { root }: Pick<RoomPlaces, 'root'>,
  { operation, toplevel }: Pick<Deployment, 'operation' | 'toplevel'>,
): Promise<void> {
  const need = operation === 'test' ? null : await bootNeed(root, toplevel);
  if (need) mustFit(await checkRoom(need.path), need);
}
