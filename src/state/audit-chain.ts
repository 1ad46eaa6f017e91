import { closeSync, createReadStream, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditChain, AuditReading, AuditRecord } from '../domain/audit.ts';
import { auditFile, auditFiles, keptFiles } from './audit-files.ts';
import { digestOf, noLines, parseLine, tornBytes, type LinesBefore } from './audit-line.ts';

/** The last record as its writer remembers it. */
export interface AuditHead {
  readonly seq: number;
  readonly digest: string;
}

/** Whether the log in `dir` is intact from its oldest record to its newest. Throws what the file system throws. */
export async function verifyChain(dir: string): Promise<AuditChain> {
  return (await readAudit(dir, { limit: 0, head: null })).chain;
}

/**
 * Reads the whole log in pieces, so that a daemon goes on meanwhile, and keeps the newest records. What its writer still
 * knows of the last record is compared too: a chain alone does not show that its end is gone.
 */
export async function readAudit(
  dir: string,
  { limit, head }: { readonly limit: number; readonly head: AuditHead | null },
): Promise<AuditReading> {
  // Opened at once, because a record that is written meanwhile may rename them.
  const files = auditFiles(dir).map((name) => openFile(dir, name));
  const check = createCheck(files[0]?.name === auditFile(keptFiles));
  let records: AuditRecord[] = [];
  try {
    for (const file of files) {
      for await (const line of linesOf(file)) {
        const record = check.take(line);
        if (record) records.push(record);
        if (records.length > 2 * limit + 100) records = newest(records, limit);
      }
    }
  } finally {
    for (const { file } of files) closeSync(file);
  }
  return { chain: check.end(head), records: newest(records, limit) };
}

function newest(records: readonly AuditRecord[], limit: number): AuditRecord[] {
  return records.slice(Math.max(0, records.length - limit));
}

interface OpenFile {
  readonly name: string;
  readonly file: number;
  readonly size: number;
}

interface Line {
  readonly file: string;
  /** From 1 on. */
  readonly number: number;
  readonly bytes: Buffer;
  readonly ended: boolean;
}

function openFile(dir: string, name: string): OpenFile {
  const file = openSync(join(dir, name), 'r');
  return { name, file, size: fstatSync(file).size };
}

async function* linesOf({ name, file, size }: OpenFile): AsyncGenerator<Line> {
  if (size === 0) return;
  const stream = createReadStream('', { fd: file, start: 0, end: size - 1, autoClose: false });
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      number += 1;
      yield { file: name, number, bytes: rest.subarray(start, end), ended: true };
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield { file: name, number: number + 1, bytes: rest, ended: false };
}

type Broken = Exclude<AuditChain, 'intact'>['broken'];

/** Takes the lines in order; the first that does not fit decides. */
function createCheck(mayStartLate: boolean) {
  let seq: number | null = null;
  let before: LinesBefore = noLines;
  let lastTorn: Line | null = null;
  let broken: Broken | null = null;
  const breaks = ({ file, number }: Omit<Line, 'bytes' | 'ended'>, at: number | null, message: string) => {
    broken ??= { file, line: number, seq: at, message };
  };
  return {
    take: (line: Line): AuditRecord | null => {
      const record = parseLine(line.bytes);
      if (!record) {
        before = { ...before, torn: [...before.torn, line.bytes] };
        lastTorn = line;
        return null;
      }
      const found = misfit(record, { seq, before, mayStartLate });
      if (found === 'torn') breaks(lastTorn ?? line, null, 'this line is no record, and no record says why');
      else if (found !== null) breaks(line, record.seq, found);
      seq = record.seq;
      before = { record: line.bytes, torn: [] };
      lastTorn = null;
      return record;
    },
    end: (head: AuditHead | null): AuditChain => {
      if (lastTorn?.ended) breaks(lastTorn, null, 'this line is no record');
      if (head && (seq !== head.seq || digestOf({ ...before, torn: [] }) !== head.digest)) {
        const message = `the log ends with record ${seq ?? 'none'}, and that is not record ${head.seq} as it was written`;
        breaks({ file: auditFile(0), number: 1 }, seq, message);
      }
      return broken === null ? 'intact' : { broken };
    },
  };
}

/** Why a record does not follow from what stands before it; null when it does. */
function misfit(
  record: AuditRecord,
  from: { readonly seq: number | null; readonly before: LinesBefore; readonly mayStartLate: boolean },
): string | null {
  const { seq, before, mayStartLate } = from;
  const torn = before.torn.length > 0;
  if (torn && !(record.kind === 'gap' && record.torn > 0 && record.torn === tornBytes(before))) return 'torn';
  if (seq === null && mayStartLate) return null;
  if (record.seq !== (seq ?? 0) + 1) {
    const last = seq === null ? 'nothing' : `record ${seq}`;
    return `record ${record.seq} stands after ${last}: a record was taken out, put in or moved`;
  }
  if (record.prev === digestOf(before)) return null;
  return `record ${record.seq} does not continue the one before: one of the two was changed`;
}
