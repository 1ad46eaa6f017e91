import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';

/** An entry of a tree that is not an ordinary file. */
export interface TreeEntry {
  readonly mode: string;
  readonly id: string;
}

/** Entries by name; a text is an ordinary file's content. */
export type TreeContent = Readonly<Record<string, string | TreeEntry>>;

/** What a commit says, but for its signature. */
export interface CommitFields {
  readonly tree: string;
  readonly parents?: readonly string[];
  /** Committer date in seconds since 1970, default now. */
  readonly date?: number;
  readonly author?: string;
  readonly message?: string;
}

/** Writes a loose object as it is, without the checks that git makes, and gives its id. */
export function writeObject(gitDir: string, type: 'blob' | 'tree' | 'commit', content: Buffer): string {
  const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
  const id = createHash('sha1').update(object).digest('hex');
  const file = join(gitDir, 'objects', id.slice(0, 2), id.slice(2));
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, deflateSync(object), { mode: 0o444 });
  }
  return id;
}

/** Writes a blob and gives its id. */
export function writeBlob(gitDir: string, text: string): string {
  return writeObject(gitDir, 'blob', Buffer.from(text));
}

/** Writes a tree, its entries in the order git wants for files, and gives its id. */
export function writeTree(gitDir: string, content: TreeContent): string {
  const names = Object.keys(content).toSorted((a, b) =>
    Buffer.compare(sortKey(a, content), sortKey(b, content)),
  );
  const entries = names.map((name) => [name, content[name] ?? ''] as const);
  return writeRawTree(gitDir, entries);
}

/** Writes a tree with entries as they come: doubled, unsorted, with names that no file may have. */
export function writeRawTree(
  gitDir: string,
  entries: readonly (readonly [name: string, entry: string | TreeEntry])[],
): string {
  const parts = entries.map(([name, entry]) => {
    const { mode, id } = typeof entry === 'string' ? { mode: '100644', id: writeBlob(gitDir, entry) } : entry;
    return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
  });
  return writeObject(gitDir, 'tree', Buffer.concat(parts));
}

/** The bytes of a commit without a signature: what a signature is made over. */
export function commitPayload({
  tree,
  parents = [],
  date,
  author = 'Ada',
  message = 'change',
}: CommitFields) {
  const when = date ?? Math.floor(Date.now() / 1000);
  const person = `${author} <ada@example.org> ${when} +0000`;
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${person}`,
    `committer ${person}`,
  ];
  return Buffer.from(`${lines.join('\n')}\n\n${message}\n`);
}

function sortKey(name: string, content: TreeContent): Buffer {
  const entry = content[name];
  return Buffer.from(typeof entry === 'object' && entry.mode === '40000' ? `${name}/` : name);
}
