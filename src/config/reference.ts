import { durationPattern } from './duration.ts';
import { acceptsNull, strictJsonSchema, structureOf } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { sizePattern } from './size.ts';
import { unbuilt } from './support.ts';

const opening = `# Configuration reference

Generated from the schema in \`src/config/\`; \`npx tsx test/setup/generate.ts\` writes it anew.

The file is YAML or JSON, by default \`/etc/abide/config.yaml\`, and is read at start only. Only
\`source.remotes\` and \`trust\` are required; everything else completes itself at every depth, and null
means the default except where null is listed below as a value. Durations are strings such as \`500ms\`, \`30s\`, \`5m\`,
\`2h\` or \`7d\`, at most \`24d\`. Unknown keys are errors. \`abide config check FILE\` says what a file means or
everything that is wrong with it; \`abide config schema\` prints the JSON Schema for your editor.

Keys marked *not built yet* are refused with any value that is not built, because they promise a protection or an action.
Keys marked *no effect yet* are accepted and named by \`abide config check\`.
`;

/** The reference page of the config file, as Markdown. */
export function renderReference(): string {
  const schema = strictJsonSchema();
  const entries = Object.entries(schema.properties ?? {});
  const isSection = ([, inner]: [string, JsonSchema]) => structureOf(inner).properties !== undefined;
  const top = entries.filter((entry) => !isSection(entry) && entry[1].type !== 'array');
  const sections = entries.filter((entry) => !top.includes(entry));
  return [
    opening,
    section(
      'Top level',
      null,
      top.flatMap(([key, inner]) => rows(key, inner, isRequired(schema, key))),
    ),
    ...sections.map(([key, inner]) =>
      section(`\`${key}\``, inner.description ?? null, rows(key, inner, isRequired(schema, key))),
    ),
  ].join('\n');
}

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

function section(title: string, about: string | null, list: readonly Row[]): string {
  const lines = list.map(
    ({ key, type, fallback, meaning }) =>
      `| \`${key}\` | ${cell(type)} | ${cell(fallback)} | ${cell(meaning)} |`,
  );
  const table = ['| key | type | default | meaning |', '|---|---|---|---|', ...lines];
  return [`## ${title}`, '', ...(about === null ? [] : [about, '']), ...table, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function rows(key: string, schema: JsonSchema, required: boolean): Row[] {
  const { properties, items } = structureOf(schema);
  const own: Row = {
    key,
    type: typeName(schema),
    fallback: required ? 'required' : defaultText(schema),
    meaning: `${schema.description ?? ''}${mark(key)}`,
  };
  if (items) return [own, ...inner(`${key}[]`, items)];
  if (!properties) return [own];
  return [...(acceptsNull(schema) ? [own] : []), ...inner(key, schema)];
}

function inner(prefix: string, schema: JsonSchema): Row[] {
  const structure = structureOf(schema);
  return Object.entries(structure.properties ?? {}).flatMap(([key, child]) =>
    rows(`${prefix}.${key}`, child, isRequired(structure, key)),
  );
}

function isRequired(schema: JsonSchema, key: string): boolean {
  return schema.required?.includes(key) ?? false;
}

function defaultText(schema: JsonSchema): string {
  if (!Object.hasOwn(schema, 'default')) return 'see meaning';
  const { default: fallback } = schema;
  const isMapWithKeys = structureOf(schema).properties !== undefined && fallback !== null;
  return isMapWithKeys
    ? 'as below'
    : `\`${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}\``;
}

function mark(key: string): string {
  const entry = unbuilt.find((candidate) => candidate.key === key);
  if (!entry) return '';
  if (entry.kind === 'ignore') return ' *No effect yet.*';
  const built = (entry.built ?? []).map((value) => `\`${JSON.stringify(value)}\``);
  return built.length === 0
    ? ' *Not built yet: only the default.*'
    : ` *Not built yet: only the default and ${built.join(', ')}.*`;
}

function typeName(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeName({ type })).join(' or ');
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.type === 'array')
    return `list of ${schema.items?.properties ? 'maps' : typeName(schema.items ?? {})}`;
  if (schema.type === 'string') return stringType(schema.pattern);
  if (schema.type === 'integer') return `${schema.minimum} to ${schema.maximum}`;
  return schema.type === 'object' ? 'map' : String(schema.type);
}

function stringType(pattern: string | undefined): string {
  if (pattern === durationPattern.source) return 'duration';
  if (pattern === sizePattern.source) return 'size';
  return pattern === String.raw`^\/` ? 'absolute path' : 'text';
}
