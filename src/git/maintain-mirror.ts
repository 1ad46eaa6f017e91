import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { removeLeftovers } from './open-mirror.ts';
import type { Log } from './remote-source.ts';

/** The mirror that is maintained. */
export interface MaintainInput {
  readonly git: Git;
  readonly gitDir: string;
  readonly log: Log;
}

/**
 * Puts all that a ref leads to into one pack and drops the rest, once there are many packs (each fetch that brings
 * something makes one). No fetch may run meanwhile; evaluations may, because what they read is under a ref.
 */
export async function maintainMirror(
  { git, gitDir, log }: MaintainInput,
  signal: AbortSignal,
): Promise<void> {
  await removeLeftovers(gitDir);
  const packs = await countPacks(gitDir);
  if (packs <= manyPacks) return;
  await git.must(['repack', '-a', '-d', '-q', '--no-write-bitmap-index'], signal);
  await git.must(['prune', '--expire=now'], signal);
  log.info({ packs }, 'repacked and pruned the mirror');
}

const manyPacks = 30;

async function countPacks(gitDir: string): Promise<number> {
  const names = await readdir(join(gitDir, 'objects', 'pack')).catch(() => []);
  return names.filter((name) => name.endsWith('.pack')).length;
}
