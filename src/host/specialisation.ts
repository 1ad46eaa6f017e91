import { readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Specialisation } from '../domain/observed.ts';
import type { Place } from './store-link.ts';

/** A specialisation and the system that it is one of. */
export interface FoundSpecialisation extends Specialisation {
  readonly base: string;
}

/**
 * Which system the toplevel is a specialisation of, among the generations of the system profile and `others`; null when it is
 * one of them itself, or of none of them.
 */
export async function specialisationOf(
  place: Place,
  toplevel: string,
  others: readonly (string | null)[],
): Promise<FoundSpecialisation | null> {
  const near = others.filter((one) => one !== null);
  if (near.includes(toplevel)) return null;
  const bases = new Set([...near, ...(await generations(place))]);
  if (bases.has(toplevel)) return null;
  for (const base of bases) {
    const name = await nameIn(base, toplevel);
    if (name !== null) return { base, name, toplevel };
  }
  return null;
}

/** The toplevel of a system's specialisation of that name; null where it has none. */
export async function specialisationNamed(base: string, name: string): Promise<string | null> {
  return readlink(join(base, 'specialisation', name)).catch(() => null);
}

async function nameIn(base: string, toplevel: string): Promise<string | null> {
  const names = await readdir(join(base, 'specialisation')).catch(() => []);
  for (const name of names) {
    if ((await specialisationNamed(base, name)) === toplevel) return name;
  }
  return null;
}

async function generations({ root, storeDir }: Place): Promise<readonly string[]> {
  const profile = join(root, 'nix/var/nix/profiles/system');
  const names = await readdir(dirname(profile)).catch(() => []);
  const links = names.filter((name) => /^system-\d+-link$/.test(name));
  const targets = await Promise.all(
    links.map((name) => readlink(join(dirname(profile), name)).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(`${storeDir}/`));
}
