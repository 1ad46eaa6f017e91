import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { nameUser } from './user-name.ts';

const mostLinks = 40;
const othersMayWrite = 0o022;
const sticky = 0o1000;

/** Why a path cannot be relied on. */
export interface PathFault {
  /** True when there is nothing at the path, so that nobody's hand can be in it yet. */
  readonly isMissing: boolean;
  /** The end of a sentence about the path; names the user who can change it. */
  readonly text: string;
}

/**
 * Why a file that decides trust cannot be relied on, as the end of a sentence about it; null when it can.
 * `uid` is the daemon's user, the only one beside root who may be able to change any component of the path.
 */
export async function checkTrustedPath(path: string, uid: number): Promise<string | null> {
  return (await findPathFault(path, uid, 'file'))?.text ?? null;
}

/** As `checkTrustedPath`; `any` takes a directory too, and one to which others may not even add. */
export async function findPathFault(path: string, uid: number, kind: PathKind): Promise<PathFault | null> {
  let place: Place = { directory: '/', rest: partsOf(path) };
  for (let links = 0; links <= mostLinks; links += 1) {
    const end = await walk(place, uid, kind);
    if (end === null || 'text' in end) return end;
    place = end;
  }
  return fault(`has more than ${mostLinks} symbolic links on its path`);
}

type PathKind = 'file' | 'any';

interface Place {
  readonly directory: string;
  readonly rest: readonly string[];
}

function fault(text: string): PathFault {
  return { isMissing: false, text };
}

/** Judges one component after the other up to a link, which gives the place to go on from. */
async function walk(
  { directory, rest }: Place,
  uid: number,
  kind: PathKind,
): Promise<Place | PathFault | null> {
  const found = await look(directory);
  if ('text' in found) return found;
  const problem = await judge(directory, found, uid);
  if (problem !== null) return fault(problem);
  if (found.isSymbolicLink()) {
    const target = posix.resolve(posix.dirname(directory), await readlink(directory));
    return { directory: '/', rest: partsOf(target).concat(rest) };
  }
  const [next, ...further] = rest;
  if (next === undefined) return judgeEnd(directory, found, kind);
  return walk({ directory: posix.join(directory, next), rest: further }, uid, kind);
}

function judgeEnd(path: string, stats: Stats, kind: PathKind): PathFault | null {
  if (kind === 'file' && !stats.isFile()) return fault(`is not a file: ${path}`);
  // A sticky directory keeps others from changing what is in it, not from adding to it.
  return kind === 'any' && (stats.mode & othersMayWrite) !== 0 ? fault(changeable(path, stats)) : null;
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

async function judge(path: string, stats: Stats, uid: number): Promise<string | null> {
  if (!isOwnedByUs(stats, uid)) {
    return `can be changed by user ${await nameUser(stats.uid)}, who owns ${path}`;
  }
  // A link has no mode of its own; whoever owns it can point it elsewhere, so only its owner counts.
  if (stats.isSymbolicLink()) return null;
  const isSafe = (stats.mode & othersMayWrite) === 0 || (stats.isDirectory() && (stats.mode & sticky) !== 0);
  return isSafe ? null : changeable(path, stats);
}

function changeable(path: string, { mode, gid }: Stats): string {
  const who = (mode & 0o002) === 0 ? `group ${gid}` : 'others';
  return `can be changed by ${who}: ${path} has mode ${(mode & 0o7777).toString(8)}`;
}

function isOwnedByUs(stats: Stats, uid: number): boolean {
  return stats.uid === 0 || stats.uid === uid;
}

async function look(path: string): Promise<Stats | PathFault> {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { isMissing: true, text: `does not exist: ${path}` }
      : fault(`cannot be looked at: ${path} (${code})`);
  }
}
