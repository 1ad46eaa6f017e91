import { constants } from 'node:fs';
import { lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Problem } from '../domain/problem.ts';

/** A repository on this machine, found without git, because git must not run on it as root. */
export interface LocalRepository {
  /** Resolved path to hand to git. */
  readonly path: string;
  /** Directory with this checkout's HEAD; of a worktree, its own part. */
  readonly gitDir: string;
  /** Directory with refs and packed-refs; that of a worktree's main repository. */
  readonly commonDir: string;
  /** The user whose files these are; upload-pack runs as them. */
  readonly owner: number;
}

/** Finds a plain checkout, a worktree, a `.git` file or a bare repository; null when there is none. */
export async function findRepository(path: string): Promise<LocalRepository | null> {
  const resolved = await realpath(path).catch(() => null);
  if (resolved === null) return null;
  const found = await gitDirOf(resolved);
  if (found === null) return null;
  const commonDir = await commonDirOf(found.gitDir);
  const owner = (await stat(commonDir)).uid;
  return { path: resolved, gitDir: found.gitDir, commonDir, owner };
}

/** As `findRepository`, for a fetch: Problem `remote_not_found`, or `remote_auth` when several users have a hand in it. */
export async function requireRepository(name: string, path: string): Promise<LocalRepository> {
  const repository = await findRepository(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Problem('remote_auth', `remote ${name}: ${path} cannot be read (${cause.code})`, { cause });
  });
  if (repository === null) {
    const there = await stat(path).catch(() => null);
    const why = there === null ? 'does not exist' : 'is not a Git repository';
    throw new Problem('remote_not_found', `remote ${name}: ${path} ${why}`);
  }
  const owners = new Set([...(await linkOwners(path)), ...(await partOwners(repository))]);
  owners.add(repository.owner);
  // root's part can be read by root for root; what another user wrote must not decide what root reads.
  if (owners.size > 1 && !(owners.size === 2 && owners.has(0) && repository.owner !== 0)) {
    throw new Problem(
      'remote_auth',
      `remote ${name}: ${path} leads to a repository of user ${repository.owner} through files of user ${[...owners].filter((uid) => uid !== repository.owner).join(', ')}; name the repository itself`,
    );
  }
  return repository;
}

async function gitDirOf(path: string): Promise<{ gitDir: string } | null> {
  const dotGit = join(path, '.git');
  const info = await stat(dotGit).catch(() => null);
  if (info?.isDirectory()) return { gitDir: dotGit };
  if (info?.isFile()) {
    const target = /^gitdir: (.+?)\s*$/.exec((await readLine(dotGit)) ?? '')?.[1];
    return target === undefined ? null : { gitDir: resolve(path, target) };
  }
  const bare = await Promise.all(['HEAD', 'objects', 'refs'].map((part) => exists(join(path, part))));
  return bare.every(Boolean) ? { gitDir: path } : null;
}

async function commonDirOf(gitDir: string): Promise<string> {
  const common = await readLine(join(gitDir, 'commondir'));
  return common === null ? gitDir : resolve(gitDir, common.trim());
}

/** A short file of somebody else: what is no plain file (a pipe would be waited for without end) is not there. */
async function readLine(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) return null;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function partOwners({ path, gitDir, commonDir }: LocalRepository): Promise<number[]> {
  const parts = [join(path, '.git'), gitDir, commonDir, join(commonDir, 'objects')];
  const owners = await Promise.all(parts.map(async (part) => (await lstat(part).catch(() => null))?.uid));
  return owners.filter((uid) => uid !== undefined);
}

// Whoever owns a symbolic link on the way chose where it leads.
async function linkOwners(path: string): Promise<number[]> {
  const owners: number[] = [];
  for (let part = resolve(path); part !== dirname(part); part = dirname(part)) {
    const info = await lstat(part).catch(() => null);
    if (info?.isSymbolicLink()) owners.push(info.uid);
  }
  return owners;
}
