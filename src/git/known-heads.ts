import { Problem } from '../domain/problem.ts';
import type { Commit } from '../domain/commit.ts';
import type { Fetched } from '../domain/fetched.ts';
import type { BranchRole } from '../domain/remote.ts';
import type { CommitReader } from './commit-reader.ts';
import { headRef, readRefs } from './refs.ts';
import type { RemoteSource } from './remote-source.ts';

/**
 * What every remote served at its last success, from the mirror alone: where a new daemon begins before it has heard from
 * anybody. A remote without a head, or with one that cannot be read, is left out.
 */
export async function knownHeads(
  { gitDir, remotes, commits }: KnownHeads,
  signal: AbortSignal,
): Promise<readonly Fetched[]> {
  const refs = await readRefs(gitDir, 'refs/abide/remotes');
  const read = async (remote: RemoteSource, role: BranchRole): Promise<Commit | null> => {
    const id = remote[role] && refs.get(headRef(remote.name, role));
    if (!id) return null;
    const [commit = null] = await commits.read([id], signal).catch(noneIfUnknown);
    return commit;
  };
  const known = remotes.map(async (remote) => {
    const [main, testing] = [await read(remote, 'main'), await read(remote, 'testing')];
    return { remote: remote.name, main, testing, changed: false };
  });
  return (await Promise.all(known)).filter(({ main, testing }) => main !== null || testing !== null);
}

interface KnownHeads {
  readonly gitDir: string;
  readonly remotes: readonly RemoteSource[];
  readonly commits: CommitReader;
}

function noneIfUnknown(error: unknown): readonly Commit[] {
  if (error instanceof Problem && error.code !== 'aborted') return [];
  throw error;
}
