import { isMap } from './json-schema.ts';

/** Steps from the top of the config to one value: keys, and indexes of lists. */
export type KeyPath = readonly (string | number)[];

/** A value in a config that need not be valid, and where it stands. */
export interface Place {
  readonly path: KeyPath;
  readonly value: unknown;
}

/** A path as people read it: `source.remotes[0].url`. */
export function formatPath(path: KeyPath): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${quoted(step)}`)).join('');
  return text.replace(/^\./, '') || '(top level)';
}

/** Every place a pattern such as `source.remotes[].trust` names in a value that need not be valid. */
export function findPlaces(root: unknown, pattern: string): readonly Place[] {
  const steps = pattern.split(/\.|(?=\[\])/);
  return steps.reduce<readonly Place[]>(
    (places, step) => places.flatMap((place) => (step === '[]' ? itemsOf(place) : keyOf(place, step))),
    [{ path: [], value: root }],
  );
}

/** The value at a path of keys; undefined where there is none. */
export function valueOf(root: unknown, keys: string): unknown {
  return findPlaces(root, keys)[0]?.value;
}

/** True when `path` is `other` or lies under it. */
export function isUnder(path: KeyPath, other: KeyPath): boolean {
  return other.length <= path.length && other.every((step, index) => path[index] === step);
}

function itemsOf({ path, value }: Place): Place[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown, index) => ({ path: [...path, index], value: item }));
}

function keyOf({ path, value }: Place, key: string): Place[] {
  return isMap(value) && Object.hasOwn(value, key) ? [{ path: [...path, key], value: value[key] }] : [];
}

function quoted(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? key : JSON.stringify(key);
}
