import { createHash } from 'node:crypto';
import { isCommitId, type CommitId } from '../domain/commit.ts';

/** A commit object whose structure leaves no two readers of it in doubt. */
export interface RawCommit {
  readonly parents: readonly CommitId[];
  /** Committer date in epoch milliseconds. */
  readonly committedAt: number;
  /** The signature's armour, with its line ends; null for an unsigned commit. */
  readonly armor: string | null;
}

/** Why an object is refused before any signature is looked at, as the end of a sentence about it. */
export interface Malformed {
  readonly malformed: string;
}

/** The id that git gives to this commit object, in the hash that the length of `id` stands for. */
export function commitIdOf(bytes: Uint8Array, { length }: CommitId): CommitId {
  const hash = createHash(length === 64 ? 'sha256' : 'sha1');
  return hash.update(`commit ${bytes.length}\0`).update(bytes).digest('hex');
}

/**
 * SHA-256 of the object without its signature. Signatures can be changed without becoming invalid, so that two ids may
 * stand for one commit; this is the same for both.
 */
export function payloadHashOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\n\n');
  const head = (end < 0 ? text : text.slice(0, end)).replace(/^gpgsig(?:-sha256)? .*(?:\n .*)*\n?/gm, '');
  return createHash('sha256')
    .update(Buffer.from(`${head.replace(/\n$/, '')}${end < 0 ? '' : text.slice(end)}`, 'latin1'))
    .digest('hex');
}

/**
 * Reads a commit object strictly. Readers differ in what they make of a header that stands twice or out of place, and a
 * signature that one of them accepts must not bring in the tree that another one sees (CVE-2026-45022, CVE-2026-44309).
 */
export function readRawCommit(bytes: Uint8Array): RawCommit | Malformed {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('\0')) return { malformed: 'has a NUL byte' };
  const end = text.indexOf('\n\n');
  if (end < 0) return { malformed: 'has no message' };
  const head = text.slice(0, end);
  if (head.includes('\r')) return { malformed: 'has a carriage return in its header' };
  const fields = readFields(head);
  if (fields === null) return { malformed: 'has a header line that is none' };
  return findFault(fields) ?? commitOf(fields);
}

interface Field {
  readonly name: string;
  /** Continuation lines come after line ends, without their leading space. */
  readonly value: string;
}

function readFields(head: string): Field[] | null {
  const fields: { name: string; value: string }[] = [];
  for (const line of head.split('\n')) {
    const last = fields.at(-1);
    if (line.startsWith(' ')) {
      if (!last) return null;
      last.value += `\n${line.slice(1)}`;
      continue;
    }
    const space = line.indexOf(' ');
    if (space < 1) return null;
    fields.push({ name: line.slice(0, space), value: line.slice(space + 1) });
  }
  return fields;
}

const order = /^tree( parent)* author committer(?: (?!tree |parent |author |committer )\S+)* $/;

function findFault(fields: readonly Field[]): Malformed | null {
  const names = fields.map(({ name }) => name);
  if (!order.test(`${names.join(' ')} `)) return { malformed: 'has headers twice or out of their order' };
  const twice = ['gpgsig', 'gpgsig-sha256', 'encoding'].find(
    (name) => names.filter((other) => other === name).length > 1,
  );
  if (twice) return { malformed: `has more than one ${twice} header` };
  // Git leaves every header of such a name out of what is signed, so that anybody could write it.
  const unsigned = names.some((name) => /^gpgsig(?!$|-sha256$)/.test(name));
  if (unsigned) return { malformed: 'has a header that its signature would not cover' };
  const ids = fields.filter(({ name }) => name === 'tree' || name === 'parent');
  if (!ids.every(({ value }) => isCommitId(value)))
    return { malformed: 'names a tree or parent that is no id' };
  if (!committerDate.test(valueOf(fields, 'committer'))) return { malformed: 'has no proper committer date' };
  return null;
}

// Up to the year 5138: ssh-keygen reads no year of five digits.
const committerDate = /^[^\n]*> (\d{1,11}) [+-]\d{4}$/;

function commitOf(fields: readonly Field[]): RawCommit | Malformed {
  const signature = fields.find(({ name }) => name === 'gpgsig')?.value ?? null;
  const other = fields.some(({ name }) => name === 'gpgsig-sha256');
  // Git takes both out of what is signed, so that each would be free to change under the other.
  if (signature !== null && other) return { malformed: 'has signatures in two hash formats' };
  return {
    parents: fields.filter(({ name }) => name === 'parent').map(({ value }) => value),
    committedAt: Number(committerDate.exec(valueOf(fields, 'committer'))?.[1]) * 1000,
    armor: signature,
  };
}

function valueOf(fields: readonly Field[], wanted: string): string {
  return fields.find(({ name }) => name === wanted)?.value ?? '';
}
