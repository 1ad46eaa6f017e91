import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deploymentsDir } from './switch-files.ts';

/**
 * Removes the files of deployments that history no longer keeps; `keep` are ids, the running one's among them. What began
 * and did not end stays, because it may still run. Never throws.
 */
export async function tidyDeployments(stateDir: string, keep: readonly string[]): Promise<void> {
  const top = deploymentsDir(stateDir);
  const kept = new Set(keep);
  const ids = await readdir(top).catch(() => []);
  for (const id of ids.filter((one) => !kept.has(one))) {
    const dir = join(top, id);
    const names = await readdir(dir).catch(() => []);
    if (names.every((name) => hasEnded(dir, name))) {
      await rm(dir, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function hasEnded(dir: string, name: string): boolean {
  const label = /^started-(.+)$/.exec(name)?.[1];
  return label === undefined || existsSync(join(dir, `exit-${label}`));
}
