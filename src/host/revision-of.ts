import { join } from 'node:path';
import { isCommitId, type CommitId } from '../domain/commit.ts';
import { readText } from './read-text.ts';

/**
 * The commit that a toplevel says it was built from; null when it says none, or one with changes on top. Read from the
 * text of its `nixos-version`: running the program would run code of whatever system that is.
 */
export async function revisionOf(toplevel: string): Promise<CommitId | null> {
  const text = await readText(join(toplevel, 'sw/bin/nixos-version'), 64 * 1024);
  const revision = text?.match(/"configurationRevision"\s*:\s*"([^"]*)"/)?.[1] ?? '';
  return isCommitId(revision) ? revision : null;
}
