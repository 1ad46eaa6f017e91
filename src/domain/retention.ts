/** An ordinary generation of the system profile. */
export interface Generation {
  readonly number: number;
  readonly toplevel: string;
  /** Specialisations of its toplevel: where one of them runs, the generation is in use. */
  readonly specialisations: readonly string[];
}

/** What may be removed, and what never is. */
export interface RetentionRule {
  /** The newest so many generations stay. */
  readonly keep: number;
  /** Toplevels that are booted, run, boot next, or are pinned: their generations stay, however old. */
  readonly inUse: ReadonlySet<string>;
}

/** The generations that nothing needs any more, oldest first. */
export function retiredGenerations(
  generations: readonly Generation[],
  { keep, inUse }: RetentionRule,
): readonly Generation[] {
  const newestFirst = generations.toSorted((one, other) => other.number - one.number);
  return newestFirst
    .slice(keep)
    .filter(
      ({ toplevel, specialisations }) => ![toplevel, ...specialisations].some((path) => inUse.has(path)),
    )
    .toReversed();
}
