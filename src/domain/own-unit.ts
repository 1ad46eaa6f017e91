/** The name of abide's own service on every host. */
export const ownUnitName = 'abide.service';

/** abide's own service as a system brings it; files are where they can be read before that system runs. */
export type OwnUnit =
  | {
      readonly is: 'absent';
      /** The end of a sentence about the system: `has no abide.service`. */
      readonly why: string;
    }
  | {
      readonly is: 'present';
      /** The same for the same unit, drop-ins and program; changes with any of them. */
      readonly definition: string;
      /** The program and its arguments up to `run`; null where the unit starts abide in a way that cannot be read. */
      readonly program: readonly string[] | null;
      readonly config: OwnConfigFile | null;
    };

/** The configuration file that a system's abide is started with. */
export interface OwnConfigFile {
  /** As the unit names it. */
  readonly named: string;
  readonly path: string;
  /** True when the system brings the file, and not somebody who keeps it on the host by hand. */
  readonly isCarried: boolean;
  /** SHA-256 of its bytes; null where there is no such file. */
  readonly digest: string | null;
}

/** What becomes of abide's own service by a deployment; `broken` and `removed` happen only by consent. */
export const ownFates = ['unchanged', 'changed', 'broken', 'removed'] as const;
export type OwnFate = (typeof ownFates)[number];

/** What becomes of abide's own service between two systems; `isRefused`: the new one cannot start with its configuration. */
export function fateOf(before: OwnUnit, after: OwnUnit, isRefused: boolean): OwnFate {
  if (before.is === 'absent') return 'unchanged';
  if (after.is === 'absent') return 'removed';
  if (isRefused) return 'broken';
  const isSame = before.definition === after.definition && before.config?.digest === after.config?.digest;
  return isSame ? 'unchanged' : 'changed';
}

/** Why a system would leave the host without an abide that works; null when it does not, or when none worked before. */
export function removalText(before: OwnUnit, after: OwnUnit, fault: string | null): string | null {
  if (before.is === 'absent') return null;
  if (after.is === 'absent') return `the new system ${after.why}: abide would be gone from this host`;
  return fault === null ? null : `the abide of the new system ${fault}`;
}
