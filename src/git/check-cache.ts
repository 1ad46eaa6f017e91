import type { CheckedCommit } from '../domain/checked-commit.ts';
import type { CommitId } from '../domain/commit.ts';
import type { RejectionReason } from '../domain/remote.ts';

/** What was found out about commits with one set of keys; a commit never changes, so most of it holds for ever. */
export interface CheckCache {
  /** Undefined for what has to be found out (again); `now` is epoch milliseconds. */
  get(id: CommitId, now: number): CheckedCommit | undefined;
  add(commits: readonly CheckedCommit[]): void;
}

/** An empty cache of the newest 25 000 findings; `onAdd` gets the good ones, and `known` are good ones from before. */
export function createCheckCache(
  known: readonly CheckedCommit[],
  onAdd: (good: readonly CheckedCommit[]) => void,
): CheckCache {
  const kept = new Map<CommitId, CheckedCommit>();
  const add = (commit: CheckedCommit) => {
    kept.set(commit.id, commit);
    const oldest = kept.keys().next();
    if (kept.size > limit && !oldest.done) kept.delete(oldest.value);
  };
  for (const commit of known) add(commit);
  return {
    get: (id, now) => {
      const commit = kept.get(id);
      if (!commit?.signature.good) return commit;
      const { until } = commit.signature;
      return until !== null && until <= now ? undefined : commit;
    },
    add: (commits) => {
      const lasting = commits.filter(({ signature }) => signature.good || !passing.has(signature.reason));
      for (const commit of lasting) add(commit);
      onAdd(lasting.filter(({ signature }) => signature.good));
    },
  };
}

const limit = 25_000;

/** What time or a mended machine can change. */
const passing: ReadonlySet<RejectionReason> = new Set<RejectionReason>(['verifier_failed', 'expired_key']);
