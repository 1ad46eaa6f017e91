import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../harness/daemon.ts';
import { top } from '../harness/sources.ts';

/**
 * Makes sure that the program is built from the sources as they are; called before the tests of every file here. The
 * suite has built it before, and then this costs a look at some dates; of two files that start at once one builds.
 */
export async function built(): Promise<void> {
  const lock = join(top, 'node_modules', '.abide-build');
  for (let tries = 0; tries < 600 && !isFresh(); tries += 1) {
    if (take(lock)) {
      try {
        execFileSync(process.execPath, [join(top, 'test/setup/build.mjs')], { stdio: 'pipe' });
      } finally {
        rmdirSync(lock);
      }
      return;
    }
    await sleep(100);
  }
  if (!isFresh()) throw new Error(`dist is older than the sources; if nobody builds it, remove ${lock}`);
}

function isFresh(): boolean {
  const made = modified(program);
  const sources = ['src', 'machines', 'metrics'].flatMap((dir) => filesIn(join(top, dir)));
  return [...sources, join(top, 'package.json')].every((file) => modified(file) <= made);
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}
