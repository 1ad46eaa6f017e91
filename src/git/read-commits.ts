import type { CommitId } from '../domain/commit.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { commitIdOf } from './raw-commit.ts';

/** Where commit objects are read. */
export interface ReadDeps {
  readonly run: Run;
  readonly gitDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The bytes of commit objects, by id, each hashed again: git does not do that when it reads. One that is missing, too
 * large or not what its id says is left out. Throws Problem `mirror_broken` when git itself fails.
 */
export async function readCommits(
  deps: ReadDeps,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<ReadonlyMap<CommitId, Buffer>> {
  const found = new Map<CommitId, Buffer>();
  for (let at = 0; at < ids.length; at += most) {
    const some = ids.slice(at, at + most);
    for (const [id, bytes] of await readTogether(deps, some, signal)) found.set(id, bytes);
  }
  return found;
}

const most = 500;
const maxBytes = 16 * 1024 * 1024;

async function readTogether(
  deps: ReadDeps,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<readonly (readonly [CommitId, Buffer])[]> {
  try {
    return parse(await catFile(deps, ids, signal), ids);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'output_too_large') throw error;
    // One of them is out of all proportion; the others are not to suffer for it.
    if (ids.length === 1) return [];
    const half = Math.ceil(ids.length / 2);
    return [
      ...(await readTogether(deps, ids.slice(0, half), signal)),
      ...(await readTogether(deps, ids.slice(half), signal)),
    ];
  }
}

async function catFile(
  { run, gitDir, env }: ReadDeps,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<Buffer> {
  const finished = await run(
    {
      file: 'git',
      args: [`--git-dir=${gitDir}`, 'cat-file', '--batch'],
      env,
      timeoutMs: 120_000,
      maxOutputBytes: maxBytes,
      input: ids.map((id) => `${id}\n`).join(''),
    },
    signal,
  );
  if (succeeded(finished)) return finished.stdout;
  throw new Problem('mirror_broken', 'git cat-file could not read commits of the mirror');
}

/** Per object a line `<id> <type> <size>`, the bytes and a line end; one that is not there has a line of its own. */
function parse(output: Buffer, ids: readonly CommitId[]): (readonly [CommitId, Buffer])[] {
  const found: (readonly [CommitId, Buffer])[] = [];
  let at = 0;
  for (const id of ids) {
    const end = output.indexOf(0x0a, at);
    if (end < 0) break;
    const [name, type, size] = output.toString('latin1', at, end).split(' ');
    at = end + 1;
    if (name !== id || size === undefined || !/^\d+$/.test(size)) continue;
    const bytes = output.subarray(at, at + Number(size));
    at += Number(size) + 1;
    if (type === 'commit' && commitIdOf(bytes, id) === id) found.push([id, bytes]);
  }
  return found;
}
