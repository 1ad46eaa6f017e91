import { assert, boolean, constantFrom, property, subarray } from 'fast-check';
import { expect, test } from 'vitest';
import type { ConfigError } from '../../src/config/config-error.ts';
import { formatPath } from '../../src/config/key-path.ts';
import { parseConfig } from '../../src/config/load.ts';
import { fullConfig } from './full-config.ts';

type Path = (string | number)[];
type Values = Record<string | number, unknown>;

/** Paths of all maps in a value, the top included. */
function maps(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    maps(child, path.concat(Array.isArray(value) ? Number(key) : key)),
  );
  return Array.isArray(value) ? inner : [path, ...inner];
}

/** The map at a path; undefined when it, or what holds it, is gone. */
function mapAt(value: unknown, path: Path): Values | undefined {
  const found = path.reduce<unknown>((inner, step) => (inner as Values | null | undefined)?.[step], value);
  return (found ?? undefined) as Values | undefined;
}

function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shape(inner)]));
}

const needed =
  /^(?:source|source\.remotes|source\.remotes\[\d\]\.(?:name|url|trust\.mode|trust\.signers)|trust|trust\.signers|trust\.signers\[\d\]\..*)$/;
// There null is a value of its own.
const nullable = new Set(['main', 'testing', 'listen']);
const removable = maps(fullConfig)
  .flatMap((path) => Object.keys(mapAt(fullConfig, path) ?? {}).map((key) => path.concat(key)))
  .filter((path) => !needed.test(formatPath(path)));

/** Without the free keys of build.options, and without the branches that may be null. */
function comparable(data: unknown): unknown {
  const { source, build, ...rest } = parseConfig(data, 'c', 'web1');
  const remotes = source.remotes.map(({ branches: _branches, trust: _trust, ...remote }) => remote);
  return {
    ...(shape(rest) as object),
    build: Object.keys(build).toSorted(),
    source: Object.keys(source).toSorted(),
    remotes: remotes.map(shape),
  };
}

test('any subset of the keys of a valid file is valid and completes to the same keys', () => {
  const whole = comparable(fullConfig);
  const subset = property(subarray(removable), boolean(), (removed, asNull) => {
    const data = structuredClone(fullConfig);
    for (const path of removed) {
      const parent = mapAt(data, path.slice(0, -1));
      const key = path.at(-1) ?? '';
      if (parent && asNull && !nullable.has(String(key))) parent[key] = null;
      else if (parent) delete parent[key];
    }
    expect(comparable(data)).toEqual(whole);
    for (const remote of parseConfig(data, 'c', 'web1').source.remotes) {
      expect(remote.poll).toBeGreaterThanOrEqual(1000);
      expect(remote.auth.knownHostsFile).toMatch(/^\//);
    }
  });
  assert(subset, { numRuns: 200 });
});

test('an unknown key at any depth is refused with its path', () => {
  const places = maps(fullConfig).filter((path) => formatPath(path) !== 'build.options');
  const keys = constantFrom('zz-none', '__proto__', 'constructor', '<<');
  const unknown = property(constantFrom(...places), keys, (place, key) => {
    const data = structuredClone(fullConfig);
    Object.defineProperty(mapAt(data, place), key, { value: { a: 1 }, enumerable: true, configurable: true });
    expect(refusedPaths(data)).toContain(formatPath(place.concat(key)));
  });
  assert(unknown, { numRuns: 200 });
});

function refusedPaths(data: unknown): string[] {
  try {
    parseConfig(data, 'c', 'web1');
    return [];
  } catch (error) {
    return (error as ConfigError).issues.map((issue) => formatPath(issue.path));
  }
}
