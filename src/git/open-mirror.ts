import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { createGit, type Git } from './git.ts';
import { forgetRemotes } from './forget-remotes.ts';
import { mirrorConfig, neutralAttributes } from './git-config.ts';
import { ownDirectory, replaceFile } from './private-file.ts';
import { removeTornRefs } from './refs.ts';
import type { Log } from './remote-source.ts';
import { writeHome, type HomeInput } from './write-home.ts';
import { localEnvironment } from './environment.ts';

/** What opening needs of the mirror's dependencies. */
export interface OpenInput extends HomeInput {
  readonly path: string;
  readonly run: Run;
  readonly log: Log;
}

/**
 * Makes the mirror and its private home, or repairs them: files that decide how git behaves are written anew, what a
 * killed git left is removed, refs of remotes that are configured otherwise go, and a mirror that git cannot read
 * through is moved aside to `.git.broken` and begun again. No other git may run on the mirror meanwhile.
 */
export async function openMirror(input: OpenInput, signal: AbortSignal): Promise<void> {
  const gitDir = join(input.dir, '.git');
  try {
    await writeHome(input);
    await ownDirectory(input.dir);
    if ((await present(gitDir)) && !(await usable(input, gitDir, signal))) await moveAside(input, gitDir);
    if (!(await present(gitDir))) await create(input, gitDir, signal);
    await forgetRemotes({ git: mirrorGit(input, gitDir), gitDir, remotes: input.remotes }, signal);
  } catch (error) {
    throw fileProblem(error, input.dir);
  }
}

/** Removes what a git that was killed left in the object store; no git may be writing to it. */
export async function removeLeftovers(gitDir: string): Promise<void> {
  const objects = join(gitDir, 'objects');
  for (const directory of [objects, ...(await subdirectories(objects))]) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (/^(?:tmp_|\.tmp-)|\.(?:lock|keep)$/.test(name))
        await rm(join(directory, name), { force: true, recursive: true });
    }
  }
  for (const name of await readdir(gitDir).catch(() => [])) {
    if (name.endsWith('.lock')) await rm(join(gitDir, name), { force: true });
  }
}

/** A failed file operation as `no_space` or `mirror_broken`, naming the place; a Problem stays what it is. */
export function fileProblem(error: unknown, place: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (error instanceof Problem || typeof code !== 'string') return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const advice = full
    ? 'make room on its file system'
    : 'it must be a directory of its own that this user may write';
  return new Problem(full ? 'no_space' : 'mirror_broken', `${place} (${code}): ${advice}`, { cause: error });
}

async function create(
  { run, home, path, log }: OpenInput,
  gitDir: string,
  signal: AbortSignal,
): Promise<void> {
  const fresh = `${gitDir}.new`;
  await rm(fresh, { recursive: true, force: true });
  const git = createGit({ run, gitDir: fresh, env: localEnvironment({ home, path, proxyEnvironment: {} }) });
  await git.must(['init', '--quiet', '--bare', '--template=', '--initial-branch=none'], signal);
  await writeDecidingFiles(fresh);
  // Only a whole repository ever has the mirror's name.
  await rename(fresh, gitDir);
  log.info({ mirror: gitDir }, 'made a new mirror');
}

async function usable(input: OpenInput, gitDir: string, signal: AbortSignal): Promise<boolean> {
  const parts = await Promise.all(['HEAD', 'objects', 'refs'].map((part) => present(join(gitDir, part))));
  if (!(await lstat(gitDir)).isDirectory() || !parts.every(Boolean)) return false;
  if (await present(join(gitDir, 'shallow'))) return false;
  await ownDirectory(gitDir);
  await writeDecidingFiles(gitDir);
  await removeLeftovers(gitDir);
  await removeTornRefs(gitDir, 'refs');
  return readsThrough(mirrorGit(input, gitDir), signal);
}

async function readsThrough(git: Git, signal: AbortSignal): Promise<boolean> {
  const [refs, commits] = [
    await git.ask(['for-each-ref', '--format=%(objecttype)'], signal),
    await git.ask(['rev-list', '--count', '--all'], signal),
  ];
  return succeeded(refs) && succeeded(commits) && !/^(?:error|fatal)/m.test(refs.stderr + commits.stderr);
}

async function writeDecidingFiles(gitDir: string): Promise<void> {
  for (const name of [
    'hooks',
    'info',
    'config.worktree',
    'objects/info/alternates',
    'objects/info/http-alternates',
  ]) {
    await rm(join(gitDir, name), { recursive: true, force: true });
  }
  await mkdir(join(gitDir, 'info'), { mode: 0o700 });
  await replaceFile(join(gitDir, 'info', 'attributes'), neutralAttributes, 0o600);
  await replaceFile(join(gitDir, 'config'), mirrorConfig, 0o600);
  await chmod(gitDir, 0o700);
}

async function moveAside({ log }: OpenInput, gitDir: string): Promise<void> {
  const aside = `${gitDir}.broken`;
  await rm(aside, { recursive: true, force: true });
  await rename(gitDir, aside);
  log.warn(
    { mirror: gitDir, aside },
    'the mirror could not be read and was moved aside; everything is fetched again',
  );
}

function mirrorGit({ run, home, path }: OpenInput, gitDir: string): Git {
  return createGit({ run, gitDir, env: localEnvironment({ home, path, proxyEnvironment: {} }) });
}

async function present(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

async function subdirectories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}
