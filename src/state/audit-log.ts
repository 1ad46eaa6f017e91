import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { plainEntry, type AuditEntry, type AuditReading, type AuditRecord } from '../domain/audit.ts';
import { auditText } from '../domain/audit-text.ts';
import type { Log, LogFields } from '../domain/log.ts';
import { readAudit, type AuditHead } from './audit-chain.ts';
import { auditFile, rotateAuditFiles } from './audit-files.ts';
import { digestOf, tornBytes } from './audit-line.ts';
import { readAuditTail, type AuditTail } from './audit-tail.ts';
import { syncDirectory, unwritable } from './replace-file.ts';

/** The append-only record of decisions in the state directory; one daemon writes it, under the lock. */
export interface AuditLog {
  /**
   * Writes a record and gives it back when it is on disk; null when it could not be written: then it is tried again with
   * the next one. Never throws.
   */
  readonly append: (entry: AuditEntry) => AuditRecord | null;
  /** The newest `limit` records, and whether the whole log is intact. Throws what the file system throws. */
  readonly read: (limit: number) => Promise<AuditReading>;
  /** The newest records as they stand on disk, oldest first; enough to know what need not be said again. Never throws. */
  readonly recent: () => readonly AuditRecord[];
}

/** Where the log is and how large it grows; `now` gives epoch milliseconds. */
export interface AuditLogOptions {
  readonly dir: string;
  readonly now: () => number;
  readonly log: Pick<Log, 'info' | 'error'>;
  /** Bytes of one file, default 8 MiB; tests make it small. */
  readonly fileBytes?: number;
  /** Records that wait for a disk that takes them, default 500; more are counted as lost. */
  readonly mostWaiting?: number;
}

/** The log in `dir`, which the first record creates. */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { dir, now, log, fileBytes = 8 * 1024 * 1024, mostWaiting = 500 } = options;
  const waiting: { readonly ts: string; readonly entry: AuditEntry }[] = [];
  let lost = 0;
  let tail: AuditTail | null = null;
  let head: AuditHead | null = null;
  let trouble: string | null = null;
  const write = (entry: AuditEntry, ts: string): AuditRecord => {
    const from = (tail ??= readAuditTail(dir));
    // What the disk holds is unknown until the write is known to be whole.
    tail = null;
    head = null;
    const record = { ts, seq: from.seq + 1, prev: digestOf(from.before), ...entry } as AuditRecord;
    tail = writeRecord({ dir, record, from, fileBytes });
    head = { seq: record.seq, digest: digestOf(tail.before) };
    tell(log, record);
    return record;
  };
  const noteGap = () => {
    tail ??= readAuditTail(dir);
    const torn = tornBytes(tail.before);
    if (lost === 0 && tail.before.torn.length === 0) return;
    write({ kind: 'gap', lost, torn }, new Date(now()).toISOString());
    lost = 0;
  };
  const drain = (): AuditRecord | null => {
    let last: AuditRecord | null = null;
    noteGap();
    for (let next = waiting[0]; next; next = waiting[0]) {
      last = write(next.entry, next.ts);
      waiting.shift();
    }
    return last;
  };
  const failed = (error: unknown) => {
    const problem = unwritable(join(dir, auditFile(0)), error);
    if (problem.message !== trouble) log.error({ err: problem }, 'the audit log cannot be written');
    trouble = problem.message;
    while (waiting.length > mostWaiting) {
      waiting.shift();
      lost += 1;
    }
  };
  return {
    append: (entry) => {
      const kept = plainEntry(entry);
      waiting.push({ ts: new Date(now()).toISOString(), entry: kept });
      try {
        const last = drain();
        if (trouble !== null) log.info({}, 'the audit log can be written again');
        trouble = null;
        return last;
      } catch (error) {
        failed(error);
        tell(log, kept, { written: false });
        return null;
      }
    },
    read: (limit) => readAudit(dir, { limit, head }),
    recent: () => {
      try {
        return (tail ??= readAuditTail(dir)).recent;
      } catch (error) {
        failed(error);
        return [];
      }
    },
  };
}

/** The system's journal has it too, from where it may be sent to another machine before anybody can change it here. */
function tell(log: Pick<Log, 'info'>, entry: AuditEntry, more: LogFields = {}): void {
  const { kind, ...fields } = entry;
  log.info({ audit: kind, ...fields, ...more }, auditText(entry));
}

interface Writing {
  readonly dir: string;
  readonly record: AuditRecord;
  readonly from: AuditTail;
  readonly fileBytes: number;
}

/** One write for one record, on disk when this returns; gives where the log ends then. */
function writeRecord({ dir, record, from, fileBytes }: Writing): AuditTail {
  const line = Buffer.from(JSON.stringify(record));
  const isWhole = !from.unended && from.before.torn.length === 0;
  const isFull = from.size !== null && from.size > 0 && from.size + line.length >= fileBytes;
  if (isWhole && isFull) rotateAuditFiles(dir);
  const size = isWhole && isFull ? null : from.size;
  const bytes = Buffer.concat([Buffer.from(from.unended ? '\n' : ''), line, Buffer.from('\n')]);
  appendDurably(dir, bytes);
  return {
    seq: record.seq,
    before: { record: line, torn: [] },
    size: (size ?? 0) + bytes.length,
    unended: false,
    recent: [...from.recent.slice(-mostRecent), record],
  };
}

const mostRecent = 20;

function appendDurably(dir: string, bytes: Buffer): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, auditFile(0));
  const isNew = !existsSync(path);
  const file = openSync(path, 'a', 0o600);
  try {
    const written = writeSync(file, bytes);
    if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes were written`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (isNew) syncDirectory(dir);
}
