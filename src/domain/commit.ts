/** A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits, never abbreviated. */
export type CommitId = string;

/** What people are shown of a commit; every text is already free of control and bidi characters. */
export interface Commit {
  readonly id: CommitId;
  readonly subject: string;
  readonly author: string;
  /** RFC 3339, from the committer date: signed content, not a trusted clock. */
  readonly committedAt: string;
}

const fullId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** True for a full commit id; an abbreviation or a ref name is never one. */
export function isCommitId(text: string): text is CommitId {
  return fullId.test(text);
}

/** The first 8 digits, for people only; never used to look anything up. */
export function shortId(id: CommitId): string {
  return id.slice(0, 8);
}
