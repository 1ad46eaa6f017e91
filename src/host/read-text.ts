import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** A small file's text, at most `limit` bytes from its start; null when it cannot be read. Never throws, never waits. */
export async function readText(path: string, limit = 1024 * 1024): Promise<string | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readUpTo(file, limit);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

// Files of /proc say size 0 and give a page at a time, so only an empty read is the end.
async function readUpTo(file: FileHandle, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < limit) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(limit - size, 64 * 1024)));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
  return Buffer.concat(chunks).toString('utf8');
}
