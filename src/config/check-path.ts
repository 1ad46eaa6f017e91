import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { posix } from 'node:path';
import { findMembers, nameUser } from './accounts.ts';

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

/**
 * As `checkTrustedPath`; `any` takes a directory too, and one to which others may not even add, but minds a group only
 * for the others who are in it, as repositories are often made group-writable.
 */
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
  const problem = await judge({ path: directory, stats: found, uid, kind, isEnd: rest.length === 0 });
  if (problem !== null) return fault(problem);
  if (found.isSymbolicLink()) {
    const target = posix.resolve(posix.dirname(directory), await readlink(directory));
    return { directory: '/', rest: partsOf(target).concat(rest) };
  }
  const [next, ...further] = rest;
  if (next === undefined) {
    return kind === 'file' && !found.isFile() ? fault(`is not a file: ${directory}`) : null;
  }
  return walk({ directory: posix.join(directory, next), rest: further }, uid, kind);
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

interface Component {
  readonly path: string;
  readonly stats: Stats;
  readonly uid: number;
  readonly kind: PathKind;
  /** True for what the whole path leads to. */
  readonly isEnd: boolean;
}

async function judge({ path, stats, uid, kind, isEnd }: Component): Promise<string | null> {
  if (!isOwnedByUs(stats, uid)) {
    return `can be changed by user ${await nameUser(stats.uid)}, who owns ${path}`;
  }
  // A link has no mode of its own; whoever owns it can point it elsewhere, so only its owner counts.
  if (stats.isSymbolicLink() || (stats.mode & othersMayWrite) === 0) return null;
  // A sticky directory keeps others from changing what is in it, not from adding to it.
  const isShared = stats.isDirectory() && (stats.mode & sticky) !== 0;
  if (isShared && (kind === 'file' || !isEnd)) return null;
  const who = kind === 'any' && (stats.mode & 0o002) === 0 ? await stranger(stats.gid, uid) : 'others';
  return who === null
    ? null
    : `can be changed by ${who}: ${path} has mode ${(stats.mode & 0o7777).toString(8)}`;
}

/** Who in a group is neither root nor the daemon's user; null when nobody is. */
async function stranger(gid: number, uid: number): Promise<string | null> {
  const members = await findMembers(gid);
  if (members === null) return `group ${gid}`;
  const other = members.find((member) => member !== 0 && member !== uid);
  return other === undefined ? null : `user ${await nameUser(other)}, who is in group ${gid}`;
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
