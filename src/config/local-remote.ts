import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { findPathFault } from './check-path.ts';
import type { PathFault } from './check-path.ts';
import type { ConfigIssue } from './config-error.ts';
import { issueAt } from './issue-at.ts';
import { findPlaces, valueOf } from './key-path.ts';
import type { Place } from './key-path.ts';
import { localPathOf } from './remote-url.ts';

/**
 * Issues for repositories on this machine that somebody else can change while no commit has to be signed: that user
 * would be root. The explicit word `trust: { mode: none }` at the remote itself lifts it; a missing path is none.
 */
export async function findForeignRemotes(config: unknown, uid: number): Promise<readonly ConfigIssue[]> {
  if (valueOf(config, 'trust.mode') !== 'none') return [];
  const silent = findPlaces(config, 'source.remotes[]').filter(({ value }) => !saysTrust(value));
  return (await Promise.all(silent.map((place) => checkRemote(place, uid)))).flat();
}

function saysTrust(remote: unknown): boolean {
  return (valueOf(remote, 'trust') ?? null) !== null;
}

async function checkRemote({ path, value }: Place, uid: number): Promise<ConfigIssue[]> {
  const url = valueOf(value, 'url');
  const local = typeof url === 'string' ? localPathOf(url) : null;
  const fault = local === null ? null : await createSearch(uid, branchesOf(value)).inRepository(local);
  if (fault === null) return [];
  const message = `the repository ${fault}, and no commit has to be signed: whoever can change it is root on this host; sign commits and name the signers under trust, or write trust: { mode: none } at this remote to say that this is meant`;
  return [issueAt([...path, 'url'], url, message)];
}

function branchesOf(remote: unknown): readonly string[] {
  const names = ['branches.main.name', 'branches.testing.name'].map((key) => valueOf(remote, key));
  return names.filter((name) => typeof name === 'string').map((name) => `refs/heads/${name}`);
}

/** What of a repository decides which commit a branch is at. */
const parts = ['.', 'HEAD', 'config', 'commondir', 'objects', 'packed-refs', 'refs', 'refs/heads'];

/** Looks for the first place of a repository that another user can change. */
function createSearch(uid: number, refs: readonly string[]) {
  const look = (path: string) => findPathFault(path, uid, 'any');

  /** Follows a `.git` file to the directory it names. */
  async function inRepository(path: string): Promise<string | null> {
    const dotGit = join(path, '.git');
    const [top, inside] = [await look(path), await look(dotGit)];
    if (top !== null || inside?.isMissing === false) return told(top ?? inside);
    if (inside !== null) return inGitDir(path, new Set());
    const target = await pointerIn(dotGit, /^gitdir: (.+)/);
    return inGitDir(target === null ? dotGit : resolve(path, target), new Set());
  }

  async function inGitDir(gitDir: string, seen: Set<string>): Promise<string | null> {
    if (seen.has(gitDir)) return null;
    const faults = await Promise.all([...parts, ...refs].map((part) => look(join(gitDir, part))));
    const found = faults.map(told).find((text) => text !== null);
    if (found !== undefined) return found;
    const common = await pointerIn(join(gitDir, 'commondir'), /^(.+)/);
    return common === null ? null : inGitDir(resolve(gitDir, common), seen.add(gitDir));
  }

  return { inRepository };
}

function told(fault: PathFault | null): string | null {
  return fault === null || fault.isMissing ? null : fault.text;
}

// Read only after nobody else can change it, so that it is neither a pipe nor without end.
async function pointerIn(file: string, pattern: RegExp): Promise<string | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return pattern.exec(text)?.[1]?.trim() ?? null;
}
