import { statfs } from 'node:fs/promises';
import type { Room } from '../domain/room.ts';

/** The room at `path`; null when it cannot be read, which is never "no room". */
export async function checkRoom(path: string): Promise<Room | null> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(path);
    return { bytes: bavail * bsize, inodes: files === 0 ? null : ffree };
  } catch {
    return null;
  }
}
