import { createHash } from 'node:crypto';
import type { AuditRecord } from '../domain/audit.ts';

/** What `prev` names: the line of the record before, and the torn lines that a crash left after it. */
export interface LinesBefore {
  readonly record: Buffer | null;
  readonly torn: readonly Buffer[];
}

/** Nothing was ever written. */
export const noLines: LinesBefore = { record: null, torn: [] };

/** SHA-256 in hex of these lines as they stand in the file, their last line end aside; 64 zeros for none. */
export function digestOf({ record, torn }: LinesBefore): string {
  const lines = record === null ? torn : [record, ...torn];
  if (lines.length === 0) return '0'.repeat(64);
  const hash = createHash('sha256');
  for (const [index, line] of lines.entries()) hash.update(index === 0 ? '' : '\n').update(line);
  return hash.digest('hex');
}

/** How many bytes the torn lines have, line ends between them included. */
export function tornBytes({ torn }: LinesBefore): number {
  return torn.reduce((sum, line) => sum + line.length, Math.max(0, torn.length - 1));
}

/** A line as a record, of a kind that a newer abide may have added; null for everything else, such as what a crash left. */
export function parseLine(line: Buffer): AuditRecord | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is AuditRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { ts, seq, prev, kind } = value as Partial<Record<keyof AuditRecord, unknown>>;
  const texts = [ts, prev, kind].every((text) => typeof text === 'string');
  return texts && Number.isSafeInteger(seq);
}
