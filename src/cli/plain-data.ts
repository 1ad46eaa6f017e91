import { plainText } from '../domain/plain-text.ts';

/** The same data with every text free of control and bidi characters, whoever wrote it. */
export function plainData<T>(value: T): T {
  return plain(value) as T;
}

/** JSON for people and programs; characters that could act on a terminal are written as escapes, which changes no value. */
export function jsonText(value: unknown, indent = 2): string {
  const json = JSON.stringify(value, null, indent);
  return json.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g,
    escaped,
  );
}

function plain(value: unknown): unknown {
  if (typeof value === 'string') return plainLine(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}

/** Keeps the indentation, which the logs of tools point with. */
function plainLine(text: string): string {
  const indent = /^ */.exec(text)?.[0] ?? '';
  return indent + plainText(text, 4000);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
