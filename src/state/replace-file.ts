import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Problem } from '../domain/problem.ts';

/** A small file that is replaced as a whole. */
export interface Replacement {
  readonly path: string;
  readonly text: string;
  /** Where the file that was there is kept for people; failing to keep it fails nothing. */
  readonly previous?: string;
}

/**
 * Replaces a file so that a reader, a crash or a power cut finds the old one or the new one, whole; mode 0600.
 * Throws Problem `journal_unwritable` and then leaves the old one as it was, with no temporary file beside it.
 */
export function replaceFile({ path, text, previous }: Replacement): void {
  // One daemon writes here, so a fixed name is enough and a killed writer leaves at most this one file.
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(temporary, { force: true });
    writeDurably(temporary, text);
    if (previous !== undefined) keepPrevious(path, previous);
    renameSync(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    removeQuietly(temporary);
    throw unwritable(path, error);
  }
}

/**
 * Keeps a file under another name in its directory before it is replaced, without a moment in which it is missing;
 * an earlier file of that name is never replaced. Throws Problem `journal_unwritable`.
 */
export function setAside(path: string, aside: string): void {
  try {
    linkSync(path, aside);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'EEXIST') return;
    moveAside(path, aside);
  }
}

function moveAside(path: string, aside: string): void {
  try {
    // What cannot be linked (a directory, a file system without links) may be gone for a moment: lost state, never a fresh start.
    renameSync(path, aside);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function keepPrevious(path: string, previous: string): void {
  const temporary = `${previous}.tmp`;
  try {
    rmSync(temporary, { force: true });
    linkSync(path, temporary);
    renameSync(temporary, previous);
  } catch {
    // Kept for people and never read, so it must not be what keeps the state from being written.
  }
  // Renaming one name of a file onto another of the same file does nothing and leaves the first.
  removeQuietly(temporary);
}

/** Makes new names in a directory last through a power cut. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
  } finally {
    closeSync(directory);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A read-only file system keeps it, and then nothing was written either.
  }
}

/** A file system's error as Problem `journal_unwritable`, in words that say what to do; a Problem stays as it is. */
export function unwritable(path: string, error: unknown): Problem {
  if (error instanceof Problem) return error;
  const dir = dirname(path);
  return new Problem('journal_unwritable', `${path} cannot be written: ${whyUnwritable(dir, error)}`, {
    cause: error,
  });
}

function whyUnwritable(dir: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return `no space or inodes left for ${dir} (${code}); free some, and abide goes on by itself`;
  }
  if (code === 'EROFS') return `${dir} is on a read-only file system (EROFS); make it writable again`;
  if (code === 'EACCES' || code === 'EPERM') {
    return `permission denied (${code}); ${dir} must belong to the user the daemon runs as`;
  }
  return `${error instanceof Error ? error.message : String(error)}; see to ${dir}`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
