import type * as z from 'zod';
import type { ConfigIssue } from './config-error.ts';
import { schemaAt, strictJsonSchema, structureOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { formatPath } from './key-path.ts';
import type { KeyPath } from './key-path.ts';
import { showValue } from './show-value.ts';
import { suggest } from './suggest.ts';

type ZodIssue = z.core.$ZodIssue;

/** What zod found wrong, in the words of config errors; one unknown key is one issue. */
export function fromZodIssue(issue: ZodIssue, input: unknown): readonly ConfigIssue[] {
  const path = issue.path as KeyPath;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const value = valueAt(input, path);
  if (value === undefined)
    return [{ path, found: null, message: `missing; needed is ${allowed(issue, path)}` }];
  return [{ path, found: showValue(value, path), message: `allowed is ${allowed(issue, path)}` }];
}

function unknownKey(parent: KeyPath, key: string): ConfigIssue {
  const here = Object.keys(propertiesAt(parent));
  const near = suggest(key, here);
  const place = near === null ? placeOf(key) : null;
  const hints = [
    near === null ? null : `did you mean ${near}?`,
    place === null ? null : `it belongs to ${place};`,
    `allowed here: ${here.toSorted().join(', ')}`,
  ];
  return {
    path: [...parent, key],
    found: null,
    message: `unknown key; ${hints.filter((hint) => hint !== null).join(' ')}`,
  };
}

function propertiesAt(path: KeyPath): Readonly<Record<string, JsonSchema>> {
  const schema = schemaAt(strictJsonSchema(), path);
  return (schema && structureOf(schema).properties) ?? {};
}

/** Where a key of this name is allowed, when there is just one such place. */
function placeOf(key: string): string | null {
  const places = placesOf(key, strictJsonSchema(), '');
  return places.length === 1 ? (places[0] ?? null) : null;
}

function placesOf(key: string, schema: JsonSchema, prefix: string): string[] {
  const { properties, items } = structureOf(schema);
  if (items) return placesOf(key, items, `${prefix}[]`);
  return Object.entries(properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return name === key ? [path] : placesOf(key, inner, path);
  });
}

function valueAt(input: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    input,
  );
}

// Leaves carry their own text; maps get theirs from the schema.
function allowed(issue: ZodIssue, path: KeyPath): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? `a key allowed in ${formatPath(path)}`;
  const isMapExpected =
    issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record');
  if (!isMapExpected) return issue.message;
  const keys = Object.keys(propertiesAt(path));
  return keys.length === 0 ? 'a map' : `a map with keys of ${keys.join(', ')}`;
}
