import type { Facts } from './facts.ts';

/** The name of abide's own profile, which holds the newest of these systems. */
export const provenProfile = 'abide-boot-proven';

/** The profile of abide's own that keeps what the loader falls back to bootable, where that is not the proven one. */
export const fallbackProfile = 'abide-boot-fallback';

/** A system that this host is known to boot into; `since` is RFC 3339. */
export interface BootProven {
  readonly toplevel: string;
  readonly since: string;
}

type Proven = Pick<Facts, 'bootProven' | 'quarantine'>;

/** The newest systems that proved themselves after a boot are remembered, so many of them. */
const keptProven = 20;

/** True for a system that passed a probation after it had booted, or that was booted when abide came to the host. */
export function isBootProven({ bootProven }: Pick<Proven, 'bootProven'>, toplevel: string): boolean {
  return bootProven?.some((proven) => proven.toplevel === toplevel) ?? false;
}

/** The newest boot-proven system of all: what abide never retires, whatever else became of it; null where there is none. */
export function newestBootProven({ bootProven }: Pick<Proven, 'bootProven'>): string | null {
  return bootProven?.[0]?.toplevel ?? null;
}

/** The newest boot-proven system to go back to from `toplevel`: another one, which was not itself rolled back here. */
export function bootProvenBeside({ bootProven, quarantine }: Proven, toplevel: string): string | null {
  const isRefused = (other: string) => quarantine.some((entry) => entry.toplevel === other);
  const fit = bootProven?.find((proven) => proven.toplevel !== toplevel && !isRefused(proven.toplevel));
  return fit?.toplevel ?? null;
}

/** The list with a system that just proved itself as the newest. */
export function withBootProven(
  before: Facts['bootProven'],
  toplevel: string,
  nowIso: string,
): readonly BootProven[] {
  const others = (before ?? []).filter((proven) => proven.toplevel !== toplevel);
  return [{ toplevel, since: nowIso }, ...others].slice(0, keptProven);
}
