/** One package whose versions differ between two closures; versions are in order, empty where it is absent. */
export interface PackageChange {
  readonly name: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** What changes from one closure to another. */
export interface ClosureDiff {
  readonly changes: readonly PackageChange[];
  /** Store paths that only one of the two has. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares closures given as store paths. Paths of the same name and version that only were rebuilt are no change of a package. */
export function diffClosures(before: readonly string[], after: readonly string[]): ClosureDiff {
  const [old, now] = [new Set(before), new Set(after)];
  const [versionsBefore, versionsAfter] = [versionsByName(before), versionsByName(after)];
  const names = [...new Set([...versionsBefore.keys(), ...versionsAfter.keys()])].toSorted();
  const changes = names.map((name) => ({
    name,
    before: versionsBefore.get(name) ?? [],
    after: versionsAfter.get(name) ?? [],
  }));
  return {
    changes: changes.filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after)),
    added: after.filter((path) => !old.has(path)),
    removed: before.filter((path) => !now.has(path)),
  };
}

function versionsByName(paths: readonly string[]): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const path of paths) {
    const { name, version } = parseStoreName(path);
    found.set(name, [...new Set([...(found.get(name) ?? []), version])].toSorted());
  }
  return found;
}

/** As Nix splits names: the version begins at the first dash that a digit follows; none is an empty version. */
function parseStoreName(path: string): { readonly name: string; readonly version: string } {
  const base = (path.split('/').at(-1) ?? '').replace(/^[0-9a-z]{32}-/, '');
  const split = /^(.*?)-(\d.*)$/.exec(base);
  return split ? { name: split[1] ?? base, version: split[2] ?? '' } : { name: base, version: '' };
}
