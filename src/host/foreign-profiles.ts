import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fallbackProfile, provenProfile } from '../domain/boot-proven.ts';
import type { ForeignProfile } from '../domain/observed.ts';
import { storeLink, type Place } from './store-link.ts';

const dir = 'nix/var/nix/profiles/system-profiles';

/** The system profiles that others made beside the system's own; on most hosts there are none, and not even their directory. */
export async function foreignProfiles(place: Place): Promise<readonly ForeignProfile[]> {
  const names = await readdir(join(place.root, dir)).catch(() => []);
  const isOwn = (name: string) => name === provenProfile || name === fallbackProfile;
  const profiles = names.filter((name) => !isOwn(name) && !/-\d+-link$/.test(name));
  const found = await Promise.all(profiles.map((name) => read(place, name)));
  return found.filter((profile) => profile !== null);
}

async function read(place: Place, name: string): Promise<ForeignProfile | null> {
  const link = await storeLink(place, `${dir}/${name}`);
  if (link === null) return null;
  const generation = /-(\d+)-link$/.exec(basename(link.last))?.[1];
  return { name, generation: generation === undefined ? null : Number(generation), toplevel: link.target };
}
