import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import { credentialHelper } from './credentials.ts';
import { createGit, type Git } from './git.ts';
import {
  gitConfig,
  mirrorConfig,
  neutralAttributes,
  nixGitConfig,
  type CredentialSource,
} from './git-config.ts';
import { headRef, incomingRef, readRefs, removeTornRefs } from './refs.ts';
import { transportOf, type Log, type RemoteSource } from './remote-source.ts';
import { localEnvironment } from './environment.ts';
import type { Run } from '../process.ts';

/** What opening needs of the mirror's dependencies. */
export interface OpenInput {
  readonly dir: string;
  readonly home: string;
  readonly path: string;
  readonly run: Run;
  readonly remotes: readonly RemoteSource[];
  readonly submodules: boolean;
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
    await forgetOldRemotes(input, gitDir, signal);
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

async function writeHome({ dir, home, remotes, submodules }: OpenInput): Promise<void> {
  await ownDirectory(home);
  const sources = await Promise.all(remotes.map((remote) => writeHelper(home, remote)));
  const files = [
    ['gitconfig', gitConfig([])],
    ['gitconfig-nix', nixGitConfig({ sources, submodules, dir })],
    ...sources.map((source) => [`gitconfig-${source.remote.name}`, gitConfig([source])] as const),
  ] as const;
  for (const [name, text] of files) await replaceFile(join(home, name), text, 0o600);
  const wanted = new Set([
    ...files.map(([name]) => name),
    ...sources.flatMap(({ remote, helper }) => (helper === null ? [] : [`credential-${remote.name}`])),
  ]);
  const old = (await readdir(home)).filter(
    (name) => /^(?:gitconfig|credential)-/.test(name) && !wanted.has(name),
  );
  await Promise.all(old.map((name) => rm(join(home, name), { force: true })));
}

async function writeHelper(home: string, remote: RemoteSource): Promise<CredentialSource> {
  const script = transportOf(remote).startsWith('http') ? credentialHelper(remote) : null;
  if (script === null) return { remote, helper: null };
  const helper = join(home, `credential-${remote.name}`);
  await replaceFile(helper, script, 0o700);
  return { remote, helper };
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

/** Heads belong to a remote as it was configured when they were fetched: the same name may lead elsewhere later. */
async function forgetOldRemotes(input: OpenInput, gitDir: string, signal: AbortSignal): Promise<void> {
  const file = join(gitDir, 'abide-remotes');
  const lines = input.remotes.flatMap((remote) =>
    (['main', 'testing'] as const).flatMap((role) => {
      const branch = remote[role]?.name;
      return branch === undefined ? [] : [JSON.stringify([remote.name, role, branch, remote.url])];
    }),
  );
  const before = new Set((await readFile(file, 'utf8').catch(() => '')).split('\n'));
  const kept = new Set(
    lines
      .filter((line) => before.has(line))
      .map((line) => JSON.parse(line) as [string, 'main' | 'testing'])
      .flatMap(([name, role]) => [incomingRef(name, role), headRef(name, role)]),
  );
  const refs = [
    ...(await readRefs(gitDir, 'refs/abide/incoming')),
    ...(await readRefs(gitDir, 'refs/abide/remotes')),
  ].map(([ref]) => ref);
  const stale = refs.filter((ref) => !kept.has(ref));
  if (stale.length > 0) {
    const commands = stale.map((ref) => `delete ${ref}\n`).join('');
    await mirrorGit(input, gitDir).must(['update-ref', '--stdin'], signal, commands);
  }
  await replaceFile(file, lines.join('\n'), 0o600);
}

function mirrorGit({ run, home, path }: OpenInput, gitDir: string): Git {
  return createGit({ run, gitDir, env: localEnvironment({ home, path, proxyEnvironment: {} }) });
}

async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const info = await stat(path);
  const self = process.geteuid?.() ?? info.uid;
  if (self === 0 && info.uid !== 0) await chown(path, 0, 0);
  await chmod(path, 0o700);
}

/** Never writes through a link and never leaves half a file. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, text, { mode, flag: 'wx' });
  await rename(fresh, file);
}

async function present(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

async function subdirectories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
}
