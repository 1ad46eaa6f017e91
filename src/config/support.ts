import { isDeepStrictEqual } from 'node:util';
import type { ConfigIssue } from './config-error.ts';
import { findPlaces, formatPath } from './key-path.ts';
import { configSchema } from './schema.ts';
import { showValue } from './show-value.ts';

/** A key whose behaviour does not exist yet; `built` lists values beside the default that do. */
export interface Unbuilt {
  readonly key: string;
  readonly kind: 'refuse' | 'ignore';
  readonly built?: readonly unknown[];
}

const refuse = (key: string, built: readonly unknown[] = []): Unbuilt => ({ key, kind: 'refuse', built });
const ignore = (key: string, built: readonly unknown[] = []): Unbuilt => ({ key, kind: 'ignore', built });

/** Keys that promise a protection or an action are refused until they keep it; others have no effect yet. */
export const unbuilt: readonly Unbuilt[] = [
  refuse('driver'),
  refuse('activate.confirm.mode'),
  ignore('activate.confirm.after'),
  refuse('activate.windows'),
  refuse('activate.maxDefer'),
  refuse('activate.delay'),
  refuse('activate.splay'),
  refuse('gates'),
  refuse('reboot.policy'),
  ignore('reboot.triggers'),
  refuse('reboot.windows'),
  refuse('notify'),
];

/** Issues for every refused key that is not at its default; `config` need not be valid elsewhere. */
export function findRefused(config: unknown): readonly ConfigIssue[] {
  return findSet(config, 'refuse').map(({ path, value, fallback }) => ({
    path,
    found: showValue(value, path),
    message: `not supported yet; ${fallback === undefined ? 'leave it out' : `allowed is the default, ${showDefault(fallback)}`}`,
  }));
}

/** Paths of keys that are set and have no effect yet; said once by `config check` and once at start. */
export function findIgnored(config: unknown): readonly string[] {
  return findSet(config, 'ignore').map(({ path }) => formatPath(path));
}

function findSet(config: unknown, kind: Unbuilt['kind']) {
  return unbuilt
    .filter((entry) => entry.kind === kind)
    .flatMap(({ key, built = [] }) => {
      const fallback = defaultOf(key);
      return findPlaces(config, key)
        .filter(({ value }) => ![fallback, ...built].some((fine) => isDeepStrictEqual(value, fine)))
        .map((place) => ({ ...place, fallback }));
    });
}

let defaults: unknown;

function defaultOf(key: string): unknown {
  defaults ??= configSchema.parse({
    source: { remotes: [{ name: 'any', url: '/any' }] },
    trust: { mode: 'none' },
  });
  return findPlaces(defaults, key)[0]?.value;
}

function showDefault(value: unknown): string {
  return typeof value === 'number' ? 'which is given when the key is left out' : JSON.stringify(value);
}
