import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCommitId, type CommitId } from '../domain/commit.ts';
import type { BranchRole } from '../domain/remote.ts';

// The refs of the mirror; there are no branches and no tags, and nothing outside this list is ever read.
//
//   refs/abide/incoming/<remote>/{main,testing}   what the last fetch brought, written by `git fetch` alone
//   refs/abide/remotes/<remote>/{main,testing}    the same, once it was shown to be a commit that can be read
//   refs/abide/keep/<full id>                     commits in use, so that pruning leaves them; the `ref=` of Nix's URL
//
// <remote> is the configured name, the branch is named by its role, so that no name a stranger chose is in a ref.

/** Where a fetch puts a branch before anything is known about it. */
export function incomingRef(remote: string, role: BranchRole): string {
  return `refs/abide/incoming/${remote}/${role}`;
}

/** The last head of a branch that proved to be a commit. */
export function headRef(remote: string, role: BranchRole): string {
  return `refs/abide/remotes/${remote}/${role}`;
}

/** The ref that keeps one commit from being pruned. */
export function keepRef(id: CommitId): string {
  return `refs/abide/keep/${id}`;
}

/**
 * Every ref below a prefix, read from the files themselves: a poll that brings nothing then costs no process.
 * What is not a full id is left out.
 */
export async function readRefs(gitDir: string, prefix: string): Promise<Map<string, CommitId>> {
  const refs = await packedRefs(gitDir, prefix);
  for (const ref of await looseRefs(gitDir, prefix)) {
    const id = (await readText(join(gitDir, ref))).trim();
    if (isCommitId(id)) refs.set(ref, id);
  }
  return refs;
}

/** Removes loose refs that are torn (a power cut leaves empty files) and locks that a killed git left. */
export async function removeTornRefs(gitDir: string, prefix: string): Promise<void> {
  for (const ref of await looseRefs(gitDir, prefix, true)) {
    const file = join(gitDir, ref);
    if (ref.endsWith('.lock') || !isCommitId((await readText(file)).trim())) await rm(file, { force: true });
  }
}

async function looseRefs(gitDir: string, prefix: string, locks = false): Promise<string[]> {
  const entries = await readdir(join(gitDir, prefix), { withFileTypes: true, recursive: true }).catch(
    () => [],
  );
  return entries
    .filter((entry) => entry.isFile() && (locks || !entry.name.endsWith('.lock')))
    .map((entry) => join(entry.parentPath, entry.name).slice(gitDir.length + 1));
}

async function packedRefs(gitDir: string, prefix: string): Promise<Map<string, CommitId>> {
  const lines = (await readText(join(gitDir, 'packed-refs'))).split('\n');
  const refs = lines.flatMap((line) => {
    const [id = '', ref = ''] = line.split(' ');
    return isCommitId(id) && ref.startsWith(`${prefix}/`) ? [[ref, id] as const] : [];
  });
  return new Map(refs);
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
