import { access, readdir, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CommitId } from '../domain/commit.ts';
import { Problem } from '../domain/problem.ts';
import type { BranchRole } from '../domain/remote.ts';
import { succeeded, type Finished, type Run } from '../process.ts';
import { checkCredentials } from './credentials.ts';
import { fetchEnvironment, type EnvironmentInput } from './environment.ts';
import { explainFetch, refusedAsShallow } from './explain-fetch.ts';
import { requireRepository } from './local-repository.ts';
import { headRef, incomingRef, readRefs } from './refs.ts';
import { refspecs } from './refspecs.ts';
import { localPath, transportOf, type RemoteSource } from './remote-source.ts';
import { uploadPackAsOwner } from './upload-pack.ts';

/** What one fetch needs beside the remote. */
export interface FetchInput extends EnvironmentInput {
  readonly gitDir: string;
  readonly run: Run;
  /** Limit of one pack in bytes. */
  readonly maxPackBytes: number;
}

/** What a remote serves; null for a branch that is not there or not asked for. */
export type Incoming = Readonly<Record<BranchRole, CommitId | null>>;

/**
 * Runs `git fetch` on one remote, usually once, and says what its branches are, proved by git's own report: exit code 0
 * is not enough, because a shallow remote gives it and updates nothing. Throws Problem with a `remote_*` code,
 * `credential_unreadable`, `no_space`, `mirror_broken` or `aborted`.
 */
export async function fetchRemote(
  input: FetchInput,
  remote: RemoteSource,
  signal: AbortSignal,
): Promise<Incoming> {
  await checkCredentials(remote);
  const source = await sourceOf(input, remote);
  const deadline = performance.now() + remote.timeoutMs;
  const reported = new Set<string>();
  let silent = false;
  for (const specs of refspecs(remote)) {
    const timeoutMs = deadline - performance.now();
    const finished = await fetchOnce({ input, remote, source, specs, timeoutMs, reported }, signal);
    if (!succeeded(finished)) throw explainFetch(remote, finished, await reachedLimit(input));
    if (refusedAsShallow(finished.stderr)) throw shallow(remote);
    silent ||= transportOf(remote).startsWith('http') && !/^POST git-upload-pack/m.test(finished.stderr);
  }
  const incoming = await proved(input, remote, reported);
  if (silent && !(await alreadyAccepted(input, remote, incoming))) throw notGit(remote);
  return incoming;
}

interface Source {
  readonly url: string;
  readonly uploadPack: string | null;
}

interface Attempt {
  readonly input: FetchInput;
  readonly remote: RemoteSource;
  readonly source: Source;
  readonly specs: readonly string[];
  readonly timeoutMs: number;
  /** Our own refs that git says it looked at. */
  readonly reported: Set<string>;
}

async function sourceOf(input: FetchInput, remote: RemoteSource): Promise<Source> {
  const path = localPath(remote.url);
  if (path === null) return { url: remote.url, uploadPack: null };
  const repository = await requireRepository(remote.name, path);
  const uploadPack = await uploadPackAsOwner(repository, input.path);
  if (uploadPack !== null && (await findProgram('setpriv', input.path)) === null) {
    throw new Problem(
      'tool_missing',
      `setpriv is needed to read ${path} as its owner; install util-linux and try again`,
    );
  }
  return { url: repository.path, uploadPack };
}

async function fetchOnce(attempt: Attempt, signal: AbortSignal): Promise<Finished> {
  const { input, remote, specs, timeoutMs, reported } = attempt;
  const [file = 'git', ...args] = await fetchCommand(attempt);
  return input.run(
    {
      file,
      args,
      env: fetchEnvironment(input, remote),
      input: Buffer.from(`${specs.join('\n')}\n`, 'latin1'),
      timeoutMs: Math.max(1, timeoutMs),
      onErrorLine: (line) => {
        const ref = /^ [-+*=t ] .* -> (refs\/abide\/incoming\/\S+)/.exec(line)?.[1];
        if (ref !== undefined) reported.add(ref);
      },
    },
    signal,
  );
}

async function fetchCommand({ input, source }: Attempt): Promise<string[]> {
  const limited = (await findProgram('prlimit', input.path)) !== null;
  // The second limit is for a remote that lists refs without end: they are kept in memory.
  const limits = limited ? ['prlimit', `--fsize=${input.maxPackBytes}`, `--data=${maxMemory}`, '--'] : [];
  const uploadPack = source.uploadPack === null ? [] : [`--upload-pack=${source.uploadPack}`];
  return [
    ...limits,
    'git',
    `--git-dir=${input.gitDir}`,
    'fetch',
    ...fetchOptions,
    ...uploadPack,
    '--',
    source.url,
  ];
}

const fetchOptions = [
  '--verbose',
  '--no-tags',
  '--prune',
  '--no-recurse-submodules',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-show-forced-updates',
  '--no-progress',
  '--stdin',
];

const maxMemory = 2 * 1024 ** 3;

async function proved(input: FetchInput, remote: RemoteSource, reported: Set<string>): Promise<Incoming> {
  const refs = await readRefs(input.gitDir, `refs/abide/incoming/${remote.name}`);
  const incoming = (role: BranchRole) => {
    const ref = incomingRef(remote.name, role);
    const id = (remote[role] && refs.get(ref)) ?? null;
    if (id !== null && !reported.has(ref)) throw shallow(remote);
    return id;
  };
  return { main: incoming('main'), testing: incoming('testing') };
}

// What stopped at the limit is as large as the limit; git itself only says that its child ended.
async function reachedLimit({ gitDir, maxPackBytes }: FetchInput): Promise<boolean> {
  const packs = join(gitDir, 'objects', 'pack');
  const names = (await readdir(packs).catch(() => [])).filter((name) => name.startsWith('tmp_'));
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(packs, name)).catch(() => null))?.size ?? 0),
  );
  return sizes.some((size) => size >= maxPackBytes);
}

/**
 * Git falls back to plain files over http, where any web page passes for a server without branches and no object is
 * checked. A server is seen to be a Git server when it is asked something; one of an older protocol than version 2
 * is not asked when nothing is new, so then its branches must be the ones it had.
 */
async function alreadyAccepted(
  { gitDir }: FetchInput,
  remote: RemoteSource,
  incoming: Incoming,
): Promise<boolean> {
  const heads = await readRefs(gitDir, `refs/abide/remotes/${remote.name}`);
  const same = (['main', 'testing'] as const).every((role) => {
    const known = heads.get(headRef(remote.name, role)) ?? null;
    return incoming[role] === known;
  });
  return same && heads.size > 0;
}

function notGit({ name }: RemoteSource): Problem {
  return new Problem(
    'remote_protocol',
    `remote ${name} answered, but not as a Git server; check that its URL is that of a repository`,
  );
}

function shallow({ name }: RemoteSource): Problem {
  return new Problem(
    'remote_shallow',
    `remote ${name} has only a part of its history (a shallow clone) and was not used; run git fetch --unshallow there`,
  );
}

async function findProgram(name: string, path: string): Promise<string | null> {
  for (const directory of path.split(delimiter).filter((part) => part.startsWith('/'))) {
    const file = join(directory, name);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  return null;
}
