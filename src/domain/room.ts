import { Problem } from './problem.ts';

/** Room for a process without privileges: bytes, and inodes (null where the file system does not count them). */
export interface Room {
  readonly bytes: number;
  readonly inodes: number | null;
}

/** What has to fit somewhere. */
export interface RoomNeed {
  readonly path: string;
  readonly bytes: number;
  readonly inodes: number;
  /** What it is for, to be put behind "is needed for". */
  readonly purpose: string;
}

/**
 * Least room in the store's file system before a build: what a build needs is not known before, and one that ends for want
 * of room has already hurt everything else on that disk.
 */
export const storeNeed = { bytes: 256 * 1024 ** 2, inodes: 10_000, purpose: 'a build' } as const;

/** Least room in the state directory before a build: a journal that cannot be written stops the deployment half way. */
export const stateNeed = { bytes: 512 * 1024, inodes: 64, purpose: 'the journal and logs' } as const;

/** Entries and the loader's own files, beside kernel and initrd. */
export const bootMargin = 1024 ** 2;

/** Throws Problem `no_room` when a need does not fit; unknown room (null) is never a lack. */
export function mustFit(room: Room | null, { path, bytes, inodes, purpose }: RoomNeed): void {
  if (room === null) return;
  if (room.bytes < bytes) {
    throw lack(path, `${mebibytes(room.bytes)} free, and ${mebibytes(bytes)} is needed for ${purpose}`);
  }
  if (room.inodes !== null && room.inodes < inodes) {
    throw lack(path, `${room.inodes} inodes free, and ${inodes} are needed for ${purpose}`);
  }
}

function lack(path: string, what: string): Problem {
  return new Problem('no_room', `${path} has ${what}; make room there, it is tried again by itself`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
