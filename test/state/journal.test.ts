import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { execa } from 'execa';
import { Problem } from '../../src/domain/problem.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { createJournal, type JournalContent } from '../../src/state/journal.ts';
import { exampleContent, exampleFacts } from './example-facts.ts';

const at = Date.parse('2026-01-02T03:04:05.678Z');
let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-journal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const journalIn = (place = dir) => createJournal({ dir: place, now: () => at });
const file = (name = 'journal.json') => join(dir, name);
const onDisk = (name?: string) => JSON.parse(readFileSync(file(name), 'utf8'));
const loaded = (place = dir) => {
  const reading = journalIn(place).read();
  if (reading.kind !== 'loaded') throw new Error(`journal is ${reading.kind}`);
  return reading.document;
};

test('where nothing was written, the journal is fresh', () => {
  expect(journalIn().read()).toEqual({ kind: 'fresh' });
});

test('what is written is read back, versioned and stamped', () => {
  journalIn().write(exampleContent);
  expect(loaded()).toEqual({
    ...exampleContent,
    version: '1.3',
    kind: 'AbideJournal',
    writtenAt: '2026-01-02T03:04:05.678Z',
  });
});

test('the first write creates the state directory; the file is for its owner only', () => {
  const inner = join(dir, 'a', 'b');
  journalIn(inner).write(exampleContent);
  expect(statSync(join(inner, 'journal.json')).mode & 0o777).toBe(0o600);
});

test('the journal before is kept for people, and nothing else is left beside', () => {
  const journal = journalIn();
  journal.write(exampleContent);
  journal.write({ ...exampleContent, nextEventId: 3 });
  journal.write({ ...exampleContent, nextEventId: 4 });
  expect(onDisk().nextEventId).toBe(4);
  expect(onDisk('journal.previous.json').nextEventId).toBe(3);
  expect(readdirSync(dir).toSorted()).toEqual(['journal.json', 'journal.previous.json']);
});

test('what a killed writer left is no obstacle', () => {
  const journal = journalIn();
  journal.write(exampleContent);
  writeFileSync(file('journal.json.tmp'), '{"half');
  writeFileSync(file('journal.previous.json.tmp'), '{"half');
  journal.write({ ...exampleContent, nextEventId: 3 });
  expect(readdirSync(dir).toSorted()).toEqual(['journal.json', 'journal.previous.json']);
});

describe('a damaged journal', () => {
  test('is noticed at every length it can be cut to, and never taken for a fresh one', () => {
    journalIn().write({ ...exampleContent, facts: noFacts, events: [], conditions: [] });
    const whole = readFileSync(file());
    for (let length = 0; length < whole.length - 2; length += 1) {
      writeFileSync(file(), whole.subarray(0, length));
      expect(journalIn().read().kind, `cut to ${length} bytes`).toBe('damaged');
    }
  });

  test.each([
    ['zeros', Buffer.alloc(4096)],
    ['an empty file', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['a text without version', JSON.stringify({ kind: 'AbideJournal' })],
    ['a version that is none', JSON.stringify({ kind: 'AbideJournal', version: 'two' })],
    ['another kind of document', JSON.stringify({ kind: 'Other', version: '1.3' })],
    ['a journal without facts', JSON.stringify({ kind: 'AbideJournal', version: '1.3' })],
  ])('%s is damaged and says where', (_name, text) => {
    writeFileSync(file(), text);
    const reading = journalIn().read();
    expect(reading.kind).toBe('damaged');
    if (reading.kind !== 'damaged') return;
    expect(reading.problem.code).toBe('journal_damaged');
    expect(reading.problem.message).toContain(file());
  });

  test('is one whose floor is no commit id, and the place is named', () => {
    journalIn().write(exampleContent);
    const broken = onDisk();
    broken.facts.floor.commit = 'HEAD';
    writeFileSync(file(), JSON.stringify(broken));
    const reading = journalIn().read();
    expect(reading.kind === 'damaged' && reading.problem.message).toContain('facts.floor.commit');
  });

  test('is one that cannot be read at all, such as a directory; it is moved aside by the next write', () => {
    mkdirSync(file());
    const journal = journalIn();
    expect(journal.read().kind).toBe('damaged');
    journal.write(exampleContent);
    expect(loaded().nextEventId).toBe(2);
  });

  test('is kept aside, byte for byte, before it is overwritten', () => {
    writeFileSync(file(), '{"torn');
    journalIn().write(exampleContent);
    expect(readFileSync(file('journal.damaged-20260102T030405678Z.json'), 'utf8')).toBe('{"torn');
    expect(loaded().nextEventId).toBe(2);
  });
});

describe('a newer journal', () => {
  const newer = (version: string) => {
    journalIn().write(exampleContent);
    const document = onDisk();
    document.version = version;
    document.added = { deep: [1] };
    document.facts.added = 'facts';
    document.facts.floor.added = 'floor';
    document.facts.deployment.added = 'deployment';
    document.facts.deployment.previous.added = 'previous';
    document.facts.deployment.phases[0].added = 'phase';
    document.facts.quarantine[0].added = 'quarantine';
    document.facts.offered.origin.added = 'offered';
    document.events[0].added = 'event';
    document.events[0].type = 'something.new';
    document.conditions[0].added = 'condition';
    writeFileSync(file(), JSON.stringify(document));
    return document;
  };

  test('of the same major keeps its fields at every depth, and its version, through a write', () => {
    const document = newer('1.7');
    const journal = journalIn();
    const reading = journal.read();
    if (reading.kind !== 'loaded') throw new Error(reading.kind);
    journal.write({ ...reading.document, nextEventId: 9 });
    expect(onDisk()).toEqual({ ...document, nextEventId: 9, writtenAt: new Date(at).toISOString() });
  });

  test('keeps what it added at the top also when the writer names only what it knows', () => {
    const document = newer('1.7');
    journalIn().write(exampleContent);
    expect(onDisk()).toMatchObject({ version: '1.7', added: document.added });
  });

  test('of another major is not read, whatever it holds, and is kept aside by the first write', () => {
    const text = JSON.stringify({ kind: 'AbideJournal', version: '2.0', facts: 'new form' });
    writeFileSync(file(), text);
    const journal = journalIn();
    expect(journal.read()).toEqual({ kind: 'newer', version: '2.0' });
    journal.write(exampleContent);
    journal.write(exampleContent);
    expect(readFileSync(file('journal.newer-2.0.json'), 'utf8')).toBe(text);
    expect(onDisk().version).toBe('1.3');
  });

  test('met a second time never replaces the one kept before', () => {
    for (const facts of ['first', 'second']) {
      writeFileSync(file(), JSON.stringify({ kind: 'AbideJournal', version: '2.0', facts }));
      journalIn().write(exampleContent);
    }
    expect(onDisk('journal.newer-2.0.json').facts).toBe('first');
    expect(onDisk('journal.newer-2.0-20260102T030405678Z.json').facts).toBe('second');
  });
});

describe('a write that fails', () => {
  const failure = (write: () => void) => {
    try {
      write();
    } catch (error) {
      if (error instanceof Problem) return error;
    }
    throw new Error('no problem');
  };
  const mounted = async (options: string, use: (place: string) => void | Promise<void>) => {
    await execa('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]);
    try {
      await use(dir);
    } finally {
      await execa('umount', ['-l', dir]);
    }
  };
  const big: JournalContent = {
    ...exampleContent,
    facts: { ...exampleFacts, suspended: { reason: 'x'.repeat(70_000), by: null, since: '', until: null } },
  };
  const root = process.getuid?.() === 0;

  test.runIf(root)('for lack of space says so, leaves the old journal and nothing half-done', async () => {
    await mounted('size=64k', () => {
      const journal = journalIn();
      journal.write(exampleContent);
      const problem = failure(() => journal.write(big));
      expect(problem).toMatchObject({ code: 'journal_unwritable', retry: 'backoff' });
      expect(problem.message).toContain('no space');
      expect(loaded()).toMatchObject(exampleContent);
      expect(readdirSync(dir)).toEqual(['journal.json']);
      journal.write({ ...exampleContent, nextEventId: 3 });
      expect(loaded().nextEventId).toBe(3);
    });
  });

  test.runIf(root)('on a read-only file system says so and keeps what is there', async () => {
    await mounted('size=64k', async () => {
      const journal = journalIn();
      journal.write(exampleContent);
      await execa('mount', ['-o', 'remount,ro', dir]);
      expect(failure(() => journal.write(exampleContent)).message).toContain('read-only');
      expect(loaded()).toMatchObject(exampleContent);
    });
  });

  test.runIf(root)('never destroys a newer journal that cannot be kept aside', async () => {
    await mounted('size=64k', async () => {
      const text = JSON.stringify({ kind: 'AbideJournal', version: '3.1' });
      writeFileSync(file(), text);
      await execa('mount', ['-o', 'remount,ro', dir]);
      expect(failure(() => journalIn().write(exampleContent)).code).toBe('journal_unwritable');
      expect(readFileSync(file(), 'utf8')).toBe(text);
    });
  });

  test('because the directory is a file names it', () => {
    writeFileSync(file('state'), '');
    expect(failure(() => journalIn(file('state')).write(exampleContent)).message).toContain(file('state'));
  });
});

test('a writer killed at any moment leaves a whole journal', async () => {
  const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));
  const writer = fileURLToPath(new URL('./write-forever.ts', import.meta.url));
  for (const afterMs of [0, 3, 11, 29]) {
    const child = spawn(tsx, [writer, dir], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(loaded().nextEventId).toBeGreaterThan(0);
    expect(() => onDisk('journal.previous.json')).not.toThrow();
  }
});
