import type { CommitId } from '../domain/commit.ts';
import type { Fetched } from '../domain/fetched.ts';
import { Problem } from '../domain/problem.ts';
import type { CommitReader } from './commit-reader.ts';
import { fetchRemote, type FetchInput, type Incoming } from './fetch-remote.ts';
import type { Git } from './git.ts';
import { fileProblem, removeLeftovers } from './open-mirror.ts';
import { headRef, readRefs, removeTornRefs } from './refs.ts';
import type { RemoteSource } from './remote-source.ts';
import type { Turns } from './turns.ts';

/** The mirror as one fetch needs it. */
export interface FetchHeads {
  readonly deps: Omit<FetchInput, 'gitDir'>;
  readonly gitDir: string;
  readonly git: Git;
  readonly remote: RemoteSource;
  readonly commits: CommitReader;
  readonly turns: Turns;
}

/** One poll: fetches, proves, and moves the heads; a failure leaves the heads of the last success and no half files. */
export async function fetchHeads(work: FetchHeads, signal: AbortSignal): Promise<Fetched> {
  const { deps, gitDir, remote, turns } = work;
  try {
    const incoming = await fetchRemote({ ...deps, gitDir }, remote, signal);
    return await takeOver(work, incoming, signal);
  } catch (error) {
    // Other fetches may be writing files of the same names; the last of them tidies up.
    turns.lastOut(() => removeLeftovers(gitDir));
    await removeTornRefs(gitDir, `refs/abide/incoming/${remote.name}`);
    throw fileProblem(error, gitDir);
  }
}

/** Moves proved heads on: an unchanged poll ends here without a process. */
async function takeOver(
  { gitDir, git, remote, commits }: FetchHeads,
  incoming: Incoming,
  signal: AbortSignal,
): Promise<Fetched> {
  const before = await readRefs(gitDir, `refs/abide/remotes/${remote.name}`);
  const wanted = (['main', 'testing'] as const).map((role) => ({
    ref: headRef(remote.name, role),
    id: incoming[role],
  }));
  const ids = wanted.flatMap(({ id }) => (id === null ? [] : [id]));
  const found = await commits.read(ids, signal).catch((error: unknown) => {
    throw error instanceof Problem && error.code === 'unknown_commit' ? notCommits(remote, error) : error;
  });
  const moves = wanted.filter(({ ref, id }) => (before.get(ref) ?? null) !== id);
  if (moves.length > 0) await git.must(['update-ref', '--stdin'], signal, moves.map(command).join(''));
  const commit = (id: CommitId | null) => found.find((one) => one.id === id) ?? null;
  return {
    remote: remote.name,
    main: commit(incoming.main),
    testing: commit(incoming.testing),
    changed: moves.length > 0,
  };
}

function command({ ref, id }: { readonly ref: string; readonly id: CommitId | null }): string {
  return id === null ? `delete ${ref}\n` : `update ${ref} ${id}\n`;
}

function notCommits({ name }: RemoteSource, cause: Problem): Problem {
  return new Problem(
    'remote_malformed',
    `remote ${name} serves a branch that is not a commit: ${cause.message}`,
    { cause },
  );
}
