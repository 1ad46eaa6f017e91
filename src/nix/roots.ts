import { mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Direct gc roots of abide's own: they survive `nix-collect-garbage -d`, which removes old profile generations. */
export interface Roots {
  /** Replaces what the name held, atomically and durably; a crash leaves the old or the new. Calls take effect in their order. */
  readonly pin: (name: string, storePath: string) => Promise<void>;
  /** Nothing to do is no error. */
  readonly unpin: (name: string) => Promise<void>;
  /** Store path by name. */
  readonly list: () => Promise<Readonly<Record<string, string>>>;
}

/** Where abide's gc roots are for a Nix child's environment, the same directory for pins and for builds. */
export function gcRootsDir(environment: Readonly<Record<string, string>>): string {
  return join(environment['NIX_STATE_DIR'] ?? '/nix/var/nix', 'gcroots', 'abide');
}

/** Makes the directory at the first pin, not before. */
export function createRoots({ environment }: { environment: Readonly<Record<string, string>> }): Roots {
  const dir = gcRootsDir(environment);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    pin: (name, storePath) => inTurn(() => pin(dir, name, storePath)),
    unpin: (name) => inTurn(() => rm(join(dir, name), { force: true })),
    list: async () => {
      const names = (await readdir(dir).catch(none)).filter((name) => !name.startsWith('.'));
      const entries = await Promise.all(
        names.map(async (name) => [name, await readlink(join(dir, name))] as const),
      );
      return Object.fromEntries(entries);
    },
  };
}

async function pin(dir: string, name: string, storePath: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const unfinished = join(dir, `.${name}.new`);
  await rm(unfinished, { force: true });
  await symlink(storePath, unfinished);
  await rename(unfinished, join(dir, name));
  await syncDirectory(dir);
}

function none(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
