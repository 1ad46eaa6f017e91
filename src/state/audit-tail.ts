import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRecord } from '../domain/audit.ts';
import { auditFile, auditFiles } from './audit-files.ts';
import { parseLine, type LinesBefore } from './audit-line.ts';

/** Where an audit log ends: all that is needed to write the next record. */
export interface AuditTail {
  /** Of the last record; 0 when there is none. */
  readonly seq: number;
  readonly before: LinesBefore;
  /** Bytes of the file that is written; null: it is not there. */
  readonly size: number | null;
  /** The last line has no end yet. */
  readonly unended: boolean;
  /** The newest records, oldest first: as many as the last 256 KiB hold. */
  readonly recent: readonly AuditRecord[];
}

const window = 256 * 1024;

/** Reads the end of the log in `dir`; throws what the file system throws. */
export function readAuditTail(dir: string): AuditTail {
  const looked: FileTail[] = [];
  for (const name of auditFiles(dir).toReversed()) {
    const tail = readFileTail(dir, name);
    looked.unshift(tail);
    if (tail.record) break;
  }
  const written = looked.find(({ name }) => name === auditFile(0));
  const recent = looked[0]?.records ?? [];
  return {
    seq: recent.at(-1)?.seq ?? 0,
    before: { record: looked[0]?.record ?? null, torn: looked.flatMap(({ torn }) => torn) },
    size: written?.size ?? null,
    unended: written?.unended ?? false,
    recent,
  };
}

interface FileTail extends LinesBefore {
  readonly name: string;
  readonly records: readonly AuditRecord[];
  readonly size: number;
  readonly unended: boolean;
}

/** Looks further back until a record is found, because a crash may leave anything behind the last one. */
function readFileTail(dir: string, name: string): FileTail {
  const file = openSync(join(dir, name), 'r');
  try {
    const { size } = fstatSync(file);
    for (let length = Math.min(window, size); ; length = Math.min(length * 2, size)) {
      const bytes = Buffer.alloc(length);
      const got = readSync(file, bytes, 0, length, size - length);
      const found = endOf(bytes.subarray(0, got), length === size);
      if (found.record || length === size) return { ...found, name, size };
    }
  } finally {
    closeSync(file);
  }
}

function endOf(bytes: Buffer, isWhole: boolean): Omit<FileTail, 'name' | 'size'> {
  const lines = splitLines(bytes);
  const unended = (lines.at(-1)?.length ?? 0) > 0;
  if (!unended) lines.pop();
  if (!isWhole) lines.shift();
  const parsed = lines.map(parseLine);
  const at = parsed.findLastIndex((record) => record !== null);
  return {
    record: lines[at] ?? null,
    torn: lines.slice(at + 1),
    records: parsed.filter((record) => record !== null),
    unended,
  };
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}
