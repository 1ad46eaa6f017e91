import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from './read-text.ts';

/** The lock's file below the root. */
export const switchLock = 'run/nixos/switch-to-configuration.lock';

/**
 * True while somebody holds switch-to-configuration's lock. Looked up in the kernel's list and never tried: a try could
 * itself make a switch that starts at that moment fail as busy.
 */
export async function isSwitchLocked(root: string): Promise<boolean> {
  const path = join(root, switchLock);
  const lock = await stat(path, { bigint: true }).catch(() => null);
  if (lock === null) return false;
  const inode = `${device(lock.dev)}:${lock.ino}`;
  const locks = (await readText('/proc/locks')) ?? '';
  return locks.split('\n').some((line) => /^\d+: FLOCK\s/.test(line) && line.split(/\s+/).includes(inode));
}

/** As in /proc/locks: major and minor number, two hex digits at least. */
function device(dev: bigint): string {
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & 0xfffff000n);
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffffff00n);
  return [major, minor].map((part) => part.toString(16).padStart(2, '0')).join(':');
}
