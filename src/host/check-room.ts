import { statfs } from 'node:fs/promises';

/** Room for a process without privileges at a path: bytes, and inodes (null where the file system does not count them). */
export interface Room {
  readonly bytes: number;
  readonly inodes: number | null;
}

/** The room at `path`; null when it cannot be read, which is never "no room". */
export async function checkRoom(path: string): Promise<Room | null> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(path);
    return { bytes: bavail * bsize, inodes: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}
