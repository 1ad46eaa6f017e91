import type { CommitId } from '../domain/commit.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded } from '../process.ts';
import type { Git } from './git.ts';

/** The commit that hex digits mean; a name of a ref is never looked up. Problem `unknown_commit` otherwise. */
export async function resolveCommit(git: Git, text: string, signal: AbortSignal): Promise<CommitId> {
  const hex = text.toLowerCase();
  const finished = /^[0-9a-f]{4,64}$/.test(hex)
    ? await git.ask(['rev-parse', '--verify', '--end-of-options', `${hex}^{commit}`], signal)
    : null;
  const id = finished && succeeded(finished) ? finished.stdout.toString('utf8').trim() : '';
  if (id !== '' && id.startsWith(hex)) return id;
  const ambiguous = finished?.stderr.includes('ambiguous') ?? false;
  const why = ambiguous
    ? 'means more than one commit; give more of its digits'
    : 'is no commit of this mirror; give at least 4 digits of the id of a commit that a remote has';
  throw new Problem('unknown_commit', `${plainText(text, 80)} ${why}`, { retry: 'never' });
}
