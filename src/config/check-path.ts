import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';

const mostLinks = 40;
const othersMayWrite = 0o022;
const sticky = 0o1000;

/**
 * Why a file that decides trust cannot be relied on, as the end of a sentence about it; null when it can.
 * `uid` is the daemon's user, the only one beside root who may be able to change any component of the path.
 */
export async function checkTrustedPath(path: string, uid: number): Promise<string | null> {
  let place: Place = { directory: '/', rest: partsOf(path) };
  for (let links = 0; links <= mostLinks; links += 1) {
    const end = await walk(place, uid);
    if (end === null || typeof end === 'string') return end;
    place = end;
  }
  return `has more than ${mostLinks} symbolic links on its path`;
}

interface Place {
  readonly directory: string;
  readonly rest: readonly string[];
}

/** Judges one component after the other up to a link, which gives the place to go on from. */
async function walk({ directory, rest }: Place, uid: number): Promise<Place | string | null> {
  const found = await look(directory);
  if (typeof found === 'string') return found;
  const problem = judge(directory, found, uid);
  if (problem !== null) return problem;
  if (found.isSymbolicLink()) {
    const target = posix.resolve(posix.dirname(directory), await readlink(directory));
    return { directory: '/', rest: partsOf(target).concat(rest) };
  }
  const [next, ...further] = rest;
  if (next === undefined) return found.isFile() ? null : `is not a file: ${directory}`;
  return walk({ directory: posix.join(directory, next), rest: further }, uid);
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

function judge(path: string, stats: Stats, uid: number): string | null {
  if (!isOwnedByUs(stats, uid)) return `can be changed by user ${stats.uid}, who owns ${path}`;
  // A link has no mode of its own; whoever owns it can point it elsewhere, so only its owner counts.
  if (stats.isSymbolicLink()) return null;
  const isSafe = (stats.mode & othersMayWrite) === 0 || (stats.isDirectory() && (stats.mode & sticky) !== 0);
  return isSafe ? null : `can be changed by others: ${path} has mode ${(stats.mode & 0o7777).toString(8)}`;
}

function isOwnedByUs(stats: Stats, uid: number): boolean {
  return stats.uid === 0 || stats.uid === uid;
}

async function look(path: string): Promise<Stats | string> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `does not exist: ${path}` : `cannot be looked at: ${path} (${code})`;
  }
}
