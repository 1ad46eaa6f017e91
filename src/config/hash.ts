import { createHash } from 'node:crypto';
import type { Config } from './schema.ts';

/** SHA-256 of the effective config in hex; the same for every spelling and key order that means the same. */
export function configHash(config: Config): string {
  return createHash('sha256').update(JSON.stringify(config, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
