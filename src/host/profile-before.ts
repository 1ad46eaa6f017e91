import { readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** How a profile is put back by moving its link; empty where no generation of it holds what it is to hold again. */
export function profileBefore(root: string, toplevel: string | null) {
  const link = join(root, 'nix/var/nix/profiles/system');
  const generation = toplevel === null ? null : generationWith(link, toplevel);
  return generation === null || toplevel === null
    ? { link, generation: '', toplevel: '' }
    : { link, generation, toplevel };
}

/** The current generation where it is one, else the newest: a trial's profile holds the system on trial already. */
function generationWith(link: string, toplevel: string): string | null {
  try {
    const numberOf = (name: string) => Number(/-(\d+)-link$/.exec(name)?.[1] ?? 0);
    const names = readdirSync(dirname(link)).filter((name) => /^system-\d+-link$/.test(name));
    const newest = names.toSorted((one, other) => numberOf(other) - numberOf(one));
    const found = [readlinkSync(link), ...newest].find((name) => targetOf(link, name) === toplevel);
    return found ?? null;
  } catch {
    return null;
  }
}

function targetOf(link: string, generation: string): string | null {
  try {
    return readlinkSync(resolve(dirname(link), generation));
  } catch {
    return null;
  }
}
