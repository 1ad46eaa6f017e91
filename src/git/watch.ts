import { watch, type FSWatcher } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findRepository } from './local-repository.ts';
import type { Log } from './remote-source.ts';

/** A local repository that is watched. */
export interface Watch {
  /** Work tree, worktree or bare repository; it need not exist yet. */
  readonly path: string;
  /** Called within milliseconds of a change of any branch, and when the repository appears; never with what changed. */
  readonly onChange: () => void;
  readonly log: Log;
}

/** Watches a repository's branches with inotify; what it cannot see (a moved parent directory) is left to polling. */
export function watchRepository({ path, onChange, log }: Watch): { close(): void } {
  const call = createCall(onChange);
  const watchers = new Map<string, FSWatcher>();
  let armed: string | null = null;
  let blind = false;
  const drop = () => {
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
    armed = null;
  };
  const fail = (error: unknown) => {
    if (!blind) log.warn({ path, err: error }, 'the repository cannot be watched; it is only polled');
    blind = true;
  };
  const look = createLook(async () => {
    const found = await watchedDirectories(path);
    if (closed()) return;
    if (found?.identity !== armed) drop();
    if (found === null) return;
    for (const [directory, watcher] of watchers) {
      if (found.directories.includes(directory)) continue;
      watcher.close();
      watchers.delete(directory);
    }
    const appeared = armed === null;
    for (const directory of found.directories) {
      if (!watchers.has(directory)) watchers.set(directory, listen(directory, found.top, onEvent, fail));
    }
    armed = found.identity;
    blind = false;
    if (appeared) call.soon();
  }, fail);
  const onEvent = (ofBranch: boolean) => {
    if (ofBranch) call.soon();
    look.soon();
  };
  const timer = setInterval(look.soon, lookInterval).unref();
  const closed = () => call.closed();
  look.soon();
  return {
    close: () => {
      clearInterval(timer);
      call.close();
      drop();
    },
  };
}

interface Found {
  /** Changes when another repository is put in the place of this one. */
  readonly identity: string;
  readonly top: string;
  readonly directories: readonly string[];
}

async function watchedDirectories(path: string): Promise<Found | null> {
  const repository = await findRepository(path).catch(() => null);
  if (repository === null) return null;
  const top = repository.commonDir;
  const info = await stat(top, { bigint: true });
  const below = [...(await tree(join(top, 'refs', 'heads'))), ...(await tree(join(top, 'reftable')))];
  return {
    identity: `${top}:${info.dev}:${info.ino}`,
    top,
    directories: [top, ...below.slice(0, mostDirectories)],
  };
}

/** The directory and those below it, nearest first and never more than the limit. */
async function tree(directory: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [directory];
  for (
    let next = waiting.shift();
    next !== undefined && found.length < mostDirectories;
    next = waiting.shift()
  ) {
    const parent = next;
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => null);
    if (entries === null) continue;
    found.push(parent);
    const below = entries.filter((entry) => entry.isDirectory()).slice(0, mostDirectories);
    waiting.push(...below.map((entry) => join(parent, entry.name)));
  }
  return found;
}

function listen(
  directory: string,
  top: string,
  onEvent: (ofBranch: boolean) => void,
  fail: (error: unknown) => void,
): FSWatcher {
  const watcher = watch(directory, { persistent: false }, (_, name) => {
    // Locks come before what they lock; in the top directory only these names have to do with branches.
    if (name === null || !name.endsWith('.lock')) {
      onEvent(directory !== top || name === null || ofBranches.has(name));
    }
  });
  return watcher.on('error', fail);
}

const ofBranches = new Set(['packed-refs', 'refs', 'reftable', 'HEAD']);

// Where somebody has more directories of branches than this, the rest is polled.
const mostDirectories = 256;
const lookInterval = 2000;
const together = 3;

/** Puts events that come together into one call. */
function createCall(onChange: () => void) {
  let timer: NodeJS.Timeout | null = null;
  let isClosed = false;
  return {
    soon: () => {
      if (isClosed || timer !== null) return;
      timer = setTimeout(() => {
        timer = null;
        onChange();
      }, together);
    },
    closed: () => isClosed,
    close: () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** One look at a time; one more when something happened during it. */
function createLook(look: () => Promise<void>, fail: (error: unknown) => void) {
  let running = false;
  let again = false;
  const soon = () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    look()
      .catch(fail)
      .finally(() => {
        running = false;
        if (!again) return;
        again = false;
        soon();
      })
      .catch(fail);
  };
  return { soon };
}
