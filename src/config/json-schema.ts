import * as z from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema that the config's own schema uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly [keyword: string]: unknown;
}

let cached: JsonSchema | undefined;

/** The config file as zod sees it: null only where it is a value of its own. */
export function strictJsonSchema(): JsonSchema {
  cached ??= z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema;
  return cached;
}

/** The config file as a user may write it: partial at every depth, and null for "the default". */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...schema } = withNulls(strictJsonSchema());
  return {
    $schema,
    title: 'abide configuration',
    description: 'Configuration file of abide; every key but source.remotes and trust has a default.',
    ...schema,
  };
}

/** True when null is a value of its own and not "the default". */
export function acceptsNull(schema: JsonSchema): boolean {
  return [schema.type].flat().includes('null') || (schema.anyOf ?? []).some(acceptsNull);
}

/** The alternative that is a map or a list, or the schema itself. */
export function structureOf(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find((option) => option.properties ?? option.items) ?? schema;
}

/** The schema under a key or list index; undefined where nothing is known. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined {
  let current: JsonSchema | undefined = schema;
  for (const step of path) {
    const structure: JsonSchema | undefined = current && structureOf(current);
    current = typeof step === 'number' ? structure?.items : structure?.properties?.[String(step)];
  }
  return current;
}

/** A copy of a config value in which every null that means "the default" is gone. */
export function withoutNulls(value: unknown, schema: JsonSchema): unknown {
  const structure = structureOf(schema);
  if (Array.isArray(value) && structure.items) {
    const { items } = structure;
    return value.map((item) => withoutNulls(item, items));
  }
  if (!isMap(value)) return value;
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const known = valueSchema(structure, key);
    if (inner === null && known && !acceptsNull(known)) return [];
    return [[key, known ? withoutNulls(inner, known) : inner] as const];
  });
  // It defines properties, so a key named __proto__ stays an ordinary, refusable key.
  return Object.fromEntries(kept);
}

/** The schema of a map's value: of a named key, or of any key where keys are free. */
function valueSchema({ properties, additionalProperties }: JsonSchema, key: string): JsonSchema | undefined {
  if (properties && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** True for a map of keys as YAML and JSON give it. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withNulls(schema: JsonSchema): JsonSchema {
  const { properties, items, anyOf, additionalProperties: others } = schema;
  const required = schema.required ?? [];
  return {
    ...schema,
    ...(anyOf && { anyOf: anyOf.map(withNulls) }),
    ...(items && { items: withNulls(items) }),
    ...(typeof others === 'object' && others.type !== undefined && { additionalProperties: orNull(others) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [
          key,
          required.includes(key) ? withNulls(inner) : orNull(withNulls(inner)),
        ]),
      ),
    }),
  };
}

function orNull(schema: JsonSchema): JsonSchema {
  if (acceptsNull(schema)) return schema;
  const { description, default: fallback, ...rest } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    anyOf: rest.anyOf ? [...rest.anyOf, { type: 'null' }] : [rest, { type: 'null' }],
  };
}
