import type { CommitId } from '../domain/commit.ts';
import { payloadHashOf, readRawCommit } from './raw-commit.ts';
import { readCommits, type ReadDeps } from './read-commits.ts';

/** What identifies a commit when its signature does not count. */
export interface Payload {
  readonly hash: string;
  /** Committer date in epoch milliseconds; null for an object that is no sound commit. */
  readonly committedAt: number | null;
}

/** Payloads of the mirror's commits; the last 1000 are remembered. */
export interface Payloads {
  /** null for a commit that the mirror does not have. */
  read(id: CommitId, signal: AbortSignal): Promise<Payload | null>;
  /** Remembers a commit that somebody else read, and hashed. */
  note(id: CommitId, bytes: Uint8Array): Payload;
}

/** Nothing is read before the first question. */
export function createPayloads(deps: ReadDeps): Payloads {
  const known = new Map<CommitId, Payload>();
  const note: Payloads['note'] = (id, bytes) => {
    const raw = readRawCommit(bytes);
    const payload = {
      hash: payloadHashOf(bytes),
      committedAt: 'malformed' in raw ? null : raw.committedAt,
    };
    known.set(id, payload);
    const oldest = known.keys().next();
    if (known.size > 1000 && !oldest.done) known.delete(oldest.value);
    return payload;
  };
  return {
    note,
    read: async (id, signal) => {
      const before = known.get(id);
      if (before) return before;
      const bytes = (await readCommits(deps, [id], signal)).get(id);
      return bytes ? note(id, bytes) : null;
    },
  };
}
