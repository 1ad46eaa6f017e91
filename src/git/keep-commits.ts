import type { CommitId } from '../domain/commit.ts';
import { existingCommits } from './ancestry.ts';
import type { Git } from './git.ts';
import { keepRef, readRefs } from './refs.ts';

/** Makes refs/abide/keep hold exactly the commits that this mirror has of these; costs no process when it does. */
export async function keepCommits(
  { git, gitDir }: { readonly git: Git; readonly gitDir: string },
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<void> {
  const before = new Set((await readRefs(gitDir, 'refs/abide/keep')).keys());
  const missing = [...new Set(ids)].filter((id) => !before.has(keepRef(id)));
  const added = await existingCommits(git, missing, signal);
  const wanted = new Set(ids.map(keepRef));
  const removed = [...before].filter((ref) => !wanted.has(ref));
  const commands = [
    ...added.map((id) => `create ${keepRef(id)} ${id}\n`),
    ...removed.map((ref) => `delete ${ref}\n`),
  ];
  if (commands.length > 0) await git.must(['update-ref', '--stdin'], signal, commands.join(''));
}
