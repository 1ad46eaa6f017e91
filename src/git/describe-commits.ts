import { simpleGit } from 'simple-git';
import { isCommitId, type Commit, type CommitId } from '../domain/commit.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';

/** Where to read, and the complete environment to read in. */
export interface DescribeInput {
  readonly gitDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What people are shown of commits, in the order asked; an id that is no commit here is Problem `unknown_commit`. */
export async function describeCommits(
  { gitDir, env }: DescribeInput,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<Commit[]> {
  const strange = ids.find((id): boolean => !isCommitId(id));
  if (strange !== undefined) throw unknown(strange);
  const output = await log({ ...env, GIT_DIR: gitDir }, ids, signal);
  const fields = output.split('\0');
  return ids.map((id, index) => {
    const [found, seconds = '', author = '', subject = ''] = fields.slice(index * 4);
    // A tag or another object that leads to a commit has another id than the one asked for.
    if (found !== id) throw unknown(id);
    return {
      id,
      subject: plainText(subject, 200),
      author: plainText(author, 100),
      committedAt: rfc3339(Number(seconds)),
    };
  });
}

async function log(
  env: Readonly<Record<string, string>>,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<string> {
  const git = simpleGit({
    baseDir: '/',
    abort: signal,
    maxConcurrentProcesses: 1,
    timeout: { block: 30_000 },
    allowEnvironment: Object.keys(env).filter((name) => name.startsWith('GIT_')),
    unsafe: { allowUnsafeConfigPaths: true, allowUnsafeProtocolOverride: true },
    // Without this, simple-git takes an exit code other than 0 with nothing on standard error for a success.
    errors: (error, { exitCode }) =>
      error ?? (exitCode === 0 ? undefined : new Error(`git log: exit code ${exitCode}`)),
  }).env({ ...env });
  try {
    return await git.raw([
      'log',
      '--no-walk=unsorted',
      '-z',
      '--encoding=UTF-8',
      `--format=${format}`,
      ...ids,
      '--',
    ]);
  } catch (error) {
    if (signal.aborted)
      throw new Problem('aborted', 'reading a commit was ended because its work is no longer wanted');
    const text = error instanceof Error ? error.message : String(error);
    if (noCommit.test(text)) throw unknown(ids.join(', '));
    throw new Problem('mirror_broken', `${plainText(text, 500)} (reading a commit of the mirror)`, {
      cause: error,
    });
  }
}

const noCommit = /bad object|bad revision|unknown revision|not a valid|not a commit/;
const format = '%H%x00%ct%x00%an%x00%s';

function unknown(id: string): Problem {
  return new Problem(
    'unknown_commit',
    `${plainText(id, 140)} is no commit of this mirror; give the id of a commit that a remote has`,
    {
      retry: 'never',
    },
  );
}

// The date is whatever the author wrote; what no calendar has is shown as the beginning of time.
function rfc3339(seconds: number): string {
  const date = new Date(seconds * 1000);
  const sound = Number.isFinite(date.getTime()) && date.getUTCFullYear() <= 9999;
  return (sound ? date : new Date(0)).toISOString().replace('.000Z', 'Z');
}
