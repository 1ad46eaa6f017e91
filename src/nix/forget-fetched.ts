import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes Nix before 2.20 read a commit from its repository again. Such a Nix remembers the tree of a revision whatever
 * repository it came from, also one where export-ignore and the like had their say. Inputs are found by their hash.
 */
export async function forgetFetched(environment: Readonly<Record<string, string>>): Promise<void> {
  const { XDG_CACHE_HOME, HOME = '/' } = environment;
  const cache = join(XDG_CACHE_HOME ?? join(HOME, '.cache'), 'nix', 'fetcher-cache-v1.sqlite');
  for (const suffix of ['', '-journal', '-wal', '-shm']) await rm(`${cache}${suffix}`, { force: true });
}
