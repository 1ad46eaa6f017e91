import { isCommitId, type CommitId } from '../domain/commit.ts';
import type { CommitTrailers } from '../domain/commit-asks.ts';
import { existingCommits } from './ancestry.ts';
import type { Git } from './git.ts';

/** More commits with trailers of abide's than this are not read, the newest first. */
const most = 1000;

/**
 * The trailers of each commit that the head has and the base has not, along all parents; of those without a trailer for
 * abide nothing. Where there is no base, or the mirror does not have it, the head alone is read.
 */
export async function readTrailers(
  git: Git,
  { head, base }: { readonly head: CommitId; readonly base: CommitId | null },
  signal: AbortSignal,
): Promise<readonly CommitTrailers[]> {
  const isKnown = base !== null && (await existingCommits(git, [base], signal)).length > 0;
  const args = [
    'log',
    '-z',
    '--encoding=UTF-8',
    '--no-show-signature',
    '--extended-regexp',
    '--regexp-ignore-case',
    '--grep=^abide-[^[:space:]:]*[[:space:]]*:',
    `--max-count=${most}`,
    '--format=%H%n%(trailers:only=true,unfold=true)',
    ...(isKnown ? [] : ['--no-walk']),
    '--end-of-options',
    head,
    ...(isKnown ? [`^${base}`] : []),
  ];
  const records = (await git.must(args, signal)).split('\0');
  return records.flatMap((record) => {
    const [commit = '', ...lines] = record.split('\n');
    if (!isCommitId(commit)) return [];
    return [{ commit, trailers: lines.filter((line) => line !== '') }];
  });
}
