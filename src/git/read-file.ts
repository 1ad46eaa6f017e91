import type { CommitId } from '../domain/commit.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import type { Git } from './git.ts';

/** A file by its path from the top, names only: no `.`, no `..`, no line end. */
export interface FileInCommit {
  readonly commit: CommitId;
  readonly path: string;
}

/**
 * The text of a regular file, null when its directory has none of that name. Problem `impure_input` when a symbolic
 * link is on the way, because a link may lead out of the commit for whoever reads it next; `evaluation_failed` when the
 * directory is not part of the commit itself; `output_too_large` above 4 MiB.
 */
export async function readFile(git: Git, file: FileInCommit, signal: AbortSignal): Promise<string | null> {
  const { commit, path } = file;
  const [, directory = ''] = /^(.*)\/[^/]*$/.exec(path) ?? [];
  const names = `${commit}:${directory}\n${commit}:${path}\n`;
  const check = ['cat-file', '--batch-check'];
  const [there, followed] = await Promise.all([
    git.must(check, signal, names),
    git.must([...check, '--follow-symlinks'], signal, names),
  ]);
  // The answers differ exactly where a link is on the way.
  if (there !== followed) throw reached(path);
  const [above = '', found = ''] = there.split('\n');
  if (!/^[0-9a-f]+ tree /.test(above)) throw noDirectory(directory);
  if (found.endsWith(' missing')) return null;
  const [, id, size] = /^([0-9a-f]+) blob (\d+)$/.exec(found) ?? [];
  if (id === undefined) throw reached(path);
  if (Number(size) > largest) throw tooLarge(path);
  return git.must(['cat-file', 'blob', id], signal);
}

const largest = 4 * 1024 * 1024;

function reached(path: string): Problem {
  const message = `${plainText(path)} of the commit is a symbolic link, behind one, or no file: commit a regular file there`;
  return new Problem('impure_input', message, { retry: 'never' });
}

function noDirectory(directory: string): Problem {
  const message = `the commit has no directory ${plainText(directory)} of its own: add it or set the key source.subdir`;
  return new Problem('evaluation_failed', message, { retry: 'never' });
}

function tooLarge(path: string): Problem {
  const message = `${plainText(path)} of the commit is larger than 4 MiB: commit a smaller one`;
  return new Problem('output_too_large', message, { retry: 'never' });
}
