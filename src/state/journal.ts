import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../domain/problem.ts';
import {
  journalSchema,
  journalVersion,
  versionSchema,
  type JournalContent,
  type JournalDocument,
} from './journal-schema.ts';
import { damaged, firstIssue, readDocument } from './read-document.ts';
import { replaceFile, setAside } from './replace-file.ts';

export type { JournalContent, JournalDocument } from './journal-schema.ts';

/** The journal as found at start; only `fresh` means that there is none. */
export type JournalReading =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'loaded'; readonly document: JournalDocument }
  | { readonly kind: 'damaged'; readonly problem: Problem }
  | { readonly kind: 'newer'; readonly version: string };

/** The loop's memory on disk; one daemon writes it, under the lock. */
export interface Journal {
  readonly path: string;
  /** Never throws. */
  readonly read: () => JournalReading;
  /**
   * Replaces the journal durably and keeps what a newer minor version had added. A journal that could not be used is kept
   * aside first. Throws Problem `journal_unwritable`; then the old one stands.
   */
  readonly write: (content: JournalContent) => void;
}

/** The journal in `dir`, which the first write creates; `now` gives epoch milliseconds. */
export function createJournal({ dir, now }: { readonly dir: string; readonly now: () => number }): Journal {
  const path = join(dir, 'journal.json');
  const previous = join(dir, 'journal.previous.json');
  let found: JournalReading | undefined;
  const read = () => (found = readJournal(path));
  return {
    path,
    read,
    write: (content) => {
      const before = found ?? read();
      keepUnusable(dir, path, before, now());
      const document = complete(content, before, now());
      replaceFile({ path, previous, text: `${JSON.stringify(document, null, 1)}\n` });
      found = { kind: 'loaded', document };
    },
  };
}

function readJournal(path: string): JournalReading {
  const reading = readDocument(path);
  if (reading.kind !== 'parsed') return reading;
  const versioned = versionSchema.safeParse(reading.value);
  if (!versioned.success) {
    return { kind: 'damaged', problem: damaged(path, firstIssue(versioned.error)) };
  }
  const { version } = versioned.data;
  if (majorOf(version) > journalVersion.major) return { kind: 'newer', version };
  const parsed = journalSchema.safeParse(reading.value);
  if (!parsed.success) return { kind: 'damaged', problem: damaged(path, firstIssue(parsed.error)) };
  // Words that only people read are open in the schema and closed in the types.
  return { kind: 'loaded', document: parsed.data as unknown as JournalDocument };
}

function keepUnusable(dir: string, path: string, before: JournalReading, now: number): void {
  const stamp = new Date(now).toISOString().replace(/[-:.]/g, '');
  if (before.kind === 'damaged') setAside(path, join(dir, `journal.damaged-${stamp}.json`));
  if (before.kind === 'newer') {
    const plain = join(dir, `journal.newer-${before.version}.json`);
    setAside(path, existsSync(plain) ? join(dir, `journal.newer-${before.version}-${stamp}.json`) : plain);
  }
}

function complete(content: JournalContent, before: JournalReading, now: number): JournalDocument {
  const own = `${journalVersion.major}.${journalVersion.minor}`;
  const kept = before.kind === 'loaded' ? before.document : null;
  return {
    ...kept,
    version: kept && minorOf(kept.version) > journalVersion.minor ? kept.version : own,
    kind: 'AbideJournal',
    writtenAt: new Date(now).toISOString(),
    facts: content.facts,
    events: content.events,
    nextEventId: content.nextEventId,
    counters: content.counters,
    conditions: content.conditions,
  };
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
