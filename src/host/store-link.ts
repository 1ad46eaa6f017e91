import { readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Where the host is and where its store is; `root` is `/` except in tests, demos and chroots. */
export interface Place {
  readonly root: string;
  /** Absolute, without the root prefix: store paths are the same inside and outside of it. */
  readonly storeDir: string;
}

/** A link followed to the store: the store path itself, and the last name passed on the way to it. */
export interface StoreLink {
  readonly target: string;
  /** Path of the link that points into the store. */
  readonly last: string;
}

const mostHops = 8;

/**
 * Follows links from `path`, which is below the root, until one points into the store; what is in the store is never
 * followed, so a path that was collected is still reported. null when it leads nowhere.
 */
export async function storeLink({ root, storeDir }: Place, path: string): Promise<StoreLink | null> {
  let last = join(root, path);
  for (let hop = 0; hop < mostHops; hop += 1) {
    const target = await readlink(last).catch(() => null);
    if (target === null) return null;
    if (target.startsWith(`${storeDir}/`)) return { target, last };
    last = inside(root, last, target);
  }
  return null;
}

function inside(root: string, link: string, target: string): string {
  if (!target.startsWith('/')) return resolve(dirname(link), target);
  // An absolute link inside the root means the root's own file, also when it was made from outside.
  return root !== '/' && target.startsWith(`${root}/`) ? target : join(root, target);
}
