import { UsageError } from './exit.ts';

/** The commit as typed, in lower case. Throws UsageError for what cannot be the beginning of a commit id. */
export function checkCommit(typed: string): string {
  const commit = typed.toLowerCase();
  if (/^[0-9a-f]{7,64}$/.test(commit)) return commit;
  throw new UsageError(`${typed} is no commit id; give the whole id or at least its first 7 digits`);
}
