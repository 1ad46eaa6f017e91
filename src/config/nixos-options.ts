import { acceptsNull, strictJsonSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** `nix/options.nix`: the options under services.abide.settings, one for every key of the config file. */
export function renderNixosOptions(): string {
  return [
    '# Generated from the schema in src/config/; `npx tsx test/setup/generate.ts` writes it anew.',
    '# Defaults are those of abide itself. null means the default, except where the description gives null a meaning.',
    '{ lib }:',
    'let',
    '  inherit (lib) mkOption types;',
    'in',
    options(strictJsonSchema(), ''),
    '',
  ].join('\n');
}

function options(schema: JsonSchema, indent: string): string {
  const deeper = `${indent}  `;
  const lines = Object.entries(schema.properties ?? {}).map(([key, inner]) => {
    const required = isRequired(schema, key);
    const isAlwaysThere = required || Object.hasOwn(inner, 'default');
    const value =
      isSection(inner) && isAlwaysThere ? options(inner, deeper) : option(inner, required, deeper);
    return `${deeper}${key} = ${value};`;
  });
  return ['{', ...lines, `${indent}}`].join('\n');
}

function option(schema: JsonSchema, required: boolean, indent: string): string {
  const deeper = `${indent}  `;
  const hasDefault = Object.hasOwn(schema, 'default');
  const type = nixType(schema, deeper);
  // A key that abide completes itself is null here.
  const isCompleted = !required && !hasDefault && !acceptsNull(schema);
  return [
    'mkOption {',
    `${deeper}type = ${isCompleted ? `types.nullOr (${type})` : type};`,
    ...(required ? [] : [`${deeper}default = ${nixValue(schema.default ?? null)};`]),
    `${deeper}description = ${nixValue(schema.description ?? '')};`,
    `${indent}}`,
  ].join('\n');
}

/** A map that is always there becomes nested options rather than one option. */
function isSection(schema: JsonSchema): boolean {
  return schema.properties !== undefined && Object.keys(schema.properties).length > 0;
}

function isRequired(schema: JsonSchema, key: string): boolean {
  return schema.required?.includes(key) ?? false;
}

function nixType(schema: JsonSchema, indent: string): string {
  if (acceptsNull(schema)) return `types.nullOr (${nixType(withoutNull(schema), indent)})`;
  if (schema.anyOf) return oneOf(schema.anyOf, indent);
  if (Array.isArray(schema.type))
    return oneOf(
      schema.type.map((type: string) => ({ type })),
      indent,
    );
  if (schema.enum) return `types.enum ${nixValue(schema.enum)}`;
  if (schema.const !== undefined) return `types.enum ${nixValue([schema.const])}`;
  return plainType(schema, indent);
}

function plainType(schema: JsonSchema, indent: string): string {
  switch (schema.type) {
    case 'boolean':
      return 'types.bool';
    case 'integer':
      return `types.ints.between ${schema.minimum} ${schema.maximum}`;
    case 'number':
      return 'types.number';
    case 'array':
      return `types.listOf (${nixType(schema.items ?? {}, indent)})`;
    case 'object':
      return objectType(schema, indent);
    // Paths are strings too: a Nix path would be copied to the store, where everybody reads it.
    default:
      return 'types.str';
  }
}

function objectType(schema: JsonSchema, indent: string): string {
  if (schema.properties && Object.keys(schema.properties).length > 0) {
    return `types.submodule {\n${indent}  options = ${options(schema, `${indent}  `)};\n${indent}}`;
  }
  const { additionalProperties: values } = schema;
  const hasType = typeof values === 'object' && values.type !== undefined;
  return `types.attrsOf (${hasType ? nixType(values, indent) : 'types.anything'})`;
}

function oneOf(alternatives: readonly JsonSchema[], indent: string): string {
  return `types.oneOf [ ${alternatives.map((each) => `(${nixType(each, indent)})`).join(' ')} ]`;
}

function withoutNull(schema: JsonSchema): JsonSchema {
  const { anyOf, type, ...rest } = schema;
  if (Array.isArray(type)) return { ...rest, type: only(type.filter((each: string) => each !== 'null')) };
  const others = (anyOf ?? []).filter((each) => each.type !== 'null');
  const [single] = others;
  return single && others.length === 1 ? { ...rest, ...single } : { ...rest, anyOf: others };
}

function only(types: readonly string[]): string | readonly string[] {
  const [single] = types;
  return single !== undefined && types.length === 1 ? single : types;
}

function nixValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[ ]' : `[ ${value.map(nixValue).join(' ')} ]`;
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('${', '\\${');
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)} = ${nixValue(inner)};`);
  return pairs.length === 0 ? '{ }' : `{ ${pairs.join(' ')} }`;
}
