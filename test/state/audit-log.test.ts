import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditChain, AuditEntry, AuditRecord } from '../../src/domain/audit.ts';
import { verifyChain } from '../../src/state/audit-chain.ts';
import { createAuditLog, type AuditLogOptions } from '../../src/state/audit-log.ts';

let dir = '';
let told: { readonly audit?: string; readonly message: string }[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-audit-'));
  told = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const at = Date.parse('2026-01-02T03:04:05.678Z');
const file = (name = 'audit.jsonl') => join(dir, name);
const lines = (name?: string) => readFileSync(file(name), 'utf8').trimEnd().split('\n');
const records = (name?: string) => lines(name).map((line) => JSON.parse(line) as AuditRecord);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const by = (actor: string): AuditEntry => ({ kind: 'resume', actor });
const open = (options: Partial<AuditLogOptions> = {}) => {
  const tell = (fields: object, message: string) => void told.push({ ...fields, message });
  return createAuditLog({ dir, now: () => at, log: { info: tell, error: tell }, ...options });
};
const filled = (count: number, options?: Partial<AuditLogOptions>) => {
  const audit = open(options);
  for (let number = 1; number <= count; number += 1) audit.append(by(`alice${number}`));
  return audit;
};
const brokenAt = (chain: AuditChain) => (chain === 'intact' ? chain : chain.broken);

describe('what is written', () => {
  test('is one line for each record, each with the hash of the line before, for the owner alone', () => {
    filled(3);
    const [one = '', two = '', three] = lines();
    expect(one).toBe(
      `{"ts":"2026-01-02T03:04:05.678Z","seq":1,"prev":"${'0'.repeat(64)}","kind":"resume","actor":"alice1"}`,
    );
    expect(JSON.parse(two)).toMatchObject({ seq: 2, prev: sha256(one) });
    expect(JSON.parse(three ?? '')).toMatchObject({ seq: 3, prev: sha256(two) });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test('goes on after a restart, and into the state directory that is not there yet', async () => {
    const inner = join(dir, 'state');
    filled(2, { dir: inner });
    filled(2, { dir: inner });
    expect(await verifyChain(inner)).toBe('intact');
    expect((await open({ dir: inner }).read(10)).records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  test('carries neither control characters nor the user part of a URL', () => {
    const reason = 'see https://bob:hunter2@git.example.org/x\u001b[31m\u202e\nnow';
    open().append({ kind: 'suspend', reason, until: null, actor: 'bob' });
    expect(records()[0]).toMatchObject({ reason: 'see https://git.example.org/x now' });
    expect(readFileSync(file(), 'utf8')).not.toContain('hunter2');
  });

  test('goes to the log too, with its number and the hash before', () => {
    filled(1);
    expect(told).toEqual([
      expect.objectContaining({
        audit: 'resume',
        seq: 1,
        prev: '0'.repeat(64),
        message: 'alice1 resumed this host',
      }),
    ]);
  });

  test('is read newest last, at most so many', async () => {
    const { chain, records } = await filled(500).read(2);
    expect([chain, records.map(({ seq }) => seq)]).toEqual(['intact', [499, 500]]);
    expect(await open().read(0)).toEqual({ chain: 'intact', records: [] });
  });
});

describe('rotation', () => {
  const small = { fileBytes: 1024 };

  test('keeps eight files beside the one that is written, and the chain goes through all of them', async () => {
    const audit = filled(100, small);
    const names = readdirSync(dir).toSorted();
    expect(names).toEqual([...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => `audit.${n}.jsonl`), 'audit.jsonl']);
    expect(names.every((name) => statSync(file(name)).size <= 1024)).toBe(true);
    const { chain, records } = await audit.read(1000);
    expect([chain, records.at(-1)?.seq]).toEqual(['intact', 100]);
    expect(records[0]?.seq).toBeGreaterThan(1);
    expect(await verifyChain(dir)).toBe('intact');
  });

  test('that a crash left half done is gone on with, and loses no file', async () => {
    filled(30, small);
    const before = readdirSync(dir).length;
    // As if killed between two renames: the newest files were not moved yet.
    for (let number = before - 1; number >= 2; number -= 1) {
      renameSync(file(`audit.${number}.jsonl`), file(`audit.${number + 1}.jsonl`));
    }
    filled(10, small);
    expect(brokenAt(await verifyChain(dir))).toBe('intact');
    expect((await open(small).read(1000)).records[0]?.seq).toBe(1);
  });

  test('right before a restart leaves the number and the hash to go on from', async () => {
    filled(12, small);
    const last = records().at(-1)?.seq ?? 0;
    renameSync(file(), file('audit.2.jsonl'));
    rmSync(file('audit.1.jsonl'), { force: true });
    renameSync(file('audit.2.jsonl'), file('audit.1.jsonl'));
    filled(1, small);
    expect(records()[0]).toMatchObject({ seq: last + 1, prev: sha256(lines('audit.1.jsonl').at(-1) ?? '') });
  });

  test('a file that is missing among few is noticed', async () => {
    filled(30, small);
    rmSync(file('audit.1.jsonl'));
    expect(brokenAt(await verifyChain(dir))).toMatchObject({ file: 'audit.jsonl', line: 1 });
  });
});

describe('tampering', () => {
  const tamper = (change: (all: string[]) => string[]) => {
    writeFileSync(file(), `${change(lines()).join('\n')}\n`);
    return verifyChain(dir).then(brokenAt);
  };
  const forged = (line = '') => line.replace('alice', 'mallory');

  test('a changed line', async () => {
    filled(5);
    expect(await tamper((all) => all.with(2, forged(all[2])))).toMatchObject({
      file: 'audit.jsonl',
      line: 4,
      seq: 4,
      message: expect.stringContaining('changed'),
    });
  });

  test('a line that was taken out', async () => {
    filled(5);
    expect(await tamper((all) => all.toSpliced(2, 1))).toMatchObject({
      line: 3,
      seq: 4,
      message: expect.stringContaining('taken out'),
    });
  });

  test('a line that was put in', async () => {
    filled(5);
    expect(await tamper((all) => all.toSpliced(2, 0, all[1] ?? ''))).toMatchObject({ line: 3, seq: 2 });
  });

  test('two lines that changed places', async () => {
    filled(5);
    expect(await tamper((all) => [0, 2, 1, 3, 4].map((index) => all[index] ?? ''))).toMatchObject({
      line: 2,
      seq: 3,
    });
  });

  test.each([
    ['the first line', (all: string[]) => all.slice(1), { line: 1, seq: 2 }],
    ['the first line, numbered anew', (all: string[]) => all.slice(1).map(renumbered), { line: 1, seq: 1 }],
    ['a line made of nothing', (all: string[]) => all.toSpliced(1, 0, ''), { line: 2, seq: null }],
    ['a line made unreadable', (all: string[]) => all.with(1, '{"ts":'), { line: 2, seq: null }],
    ['the last line made unreadable', (all: string[]) => all.with(4, 'x'), { line: 5, seq: null }],
  ])('%s', async (_what, change, where) => {
    filled(5);
    expect(await tamper(change)).toMatchObject(where);
  });

  test('the end: only the daemon that wrote it notices', async () => {
    const audit = filled(5);
    expect(await tamper((all) => all.slice(0, 3))).toBe('intact');
    const { chain } = await audit.read(10);
    expect(brokenAt(chain)).toMatchObject({ seq: 3, message: expect.stringContaining('record 5') });
    rmSync(file());
    expect(brokenAt((await audit.read(10)).chain)).toMatchObject({ seq: null });
  });

  test('the last record, changed: noticed at once, and for good once another is written', async () => {
    const audit = filled(3);
    expect(await tamper((all) => all.with(2, forged(all[2])))).toBe('intact');
    expect(brokenAt((await audit.read(10)).chain)).toMatchObject({ seq: 3 });
    audit.append(by('bob'));
    expect(brokenAt(await verifyChain(dir))).toMatchObject({ line: 4, seq: 4 });
  });

  test('a line taken out of a file that was rotated', async () => {
    filled(30, { fileBytes: 1024 });
    writeFileSync(file('audit.1.jsonl'), `${lines('audit.1.jsonl').toSpliced(1, 1).join('\n')}\n`);
    expect(brokenAt(await verifyChain(dir))).toMatchObject({ file: 'audit.1.jsonl', line: 2 });
  });

  function renumbered(line: string): string {
    const { seq, ...rest } = JSON.parse(line) as AuditRecord;
    const { ts, ...others } = rest;
    return JSON.stringify({ ts, seq: seq - 1, ...others });
  }
});

describe('a crash', () => {
  test('in the middle of a record, at every length, is closed and noted by the next one', async () => {
    filled(2);
    const whole = readFileSync(file());
    const second = whole.indexOf(10) + 1;
    for (let length = second + 1; length < whole.length - 1; length += 1) {
      writeFileSync(file(), whole.subarray(0, length));
      filled(1);
      const [, torn, gap, next] = lines();
      expect(torn?.length).toBe(length - second);
      expect(JSON.parse(gap ?? '')).toMatchObject({ kind: 'gap', seq: 2, lost: 0, torn: length - second });
      expect(JSON.parse(next ?? '')).toMatchObject({ kind: 'resume', seq: 3 });
      expect(brokenAt(await verifyChain(dir))).toBe('intact');
    }
  });

  test('that kept the record but not its line end loses nothing', async () => {
    filled(2);
    truncateSync(file(), statSync(file()).size - 1);
    filled(1);
    expect(records().map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'resume'],
      [2, 'resume'],
      [3, 'resume'],
    ]);
    expect(await verifyChain(dir)).toBe('intact');
  });

  test('in the first record, in the noting of a crash, and with zeros is no end either', async () => {
    writeFileSync(file(), '{"ts":"20');
    filled(1);
    appendFileSync(file(), '{"ts":"2026');
    appendFileSync(file(), '\n{"ts":"2026","kind":"ga');
    filled(1);
    appendFileSync(file(), Buffer.alloc(5000));
    filled(1);
    const gaps = readFileSync(file(), 'utf8').match(/"kind":"gap","lost":0,"torn":\d+/g);
    expect(gaps).toEqual([9, 35, 5000].map((torn) => `"kind":"gap","lost":0,"torn":${torn}`));
    expect(brokenAt(await verifyChain(dir))).toBe('intact');
  });

  test('longer than what is looked at first is found all the same', async () => {
    filled(2);
    appendFileSync(file(), Buffer.alloc(600_000, 'x'));
    filled(1);
    expect(brokenAt(await verifyChain(dir))).toBe('intact');
    expect((await open().read(10)).records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  test('cannot be used to change the record before it', async () => {
    filled(2);
    appendFileSync(file(), '{"torn');
    filled(1);
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('alice2', 'mallo2'));
    expect(brokenAt(await verifyChain(dir))).toMatchObject({ line: 4, seq: 3 });
  });

  test('by kill -9 at any moment leaves a chain that goes on', async () => {
    const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));
    const writer = fileURLToPath(new URL('./audit-forever.ts', import.meta.url));
    for (const afterMs of [0, 2, 5, 11, 29, 60]) {
      const child = spawn(tsx, [writer, dir], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      await new Promise((resolve) => child.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      expect(brokenAt(await verifyChain(dir))).toBe('intact');
    }
    const { chain, records } = await filled(1).read(1000);
    expect([chain, records.at(-1)]).toEqual(['intact', expect.objectContaining({ actor: 'alice1' })]);
  });
});

describe('a write that fails', () => {
  const block = () => {
    if (existsSync(file())) renameSync(file(), file('kept'));
    mkdirSync(file());
  };
  const unblock = () => {
    rmSync(file(), { recursive: true });
    if (existsSync(file('kept'))) renameSync(file('kept'), file());
  };

  test('is not said with every record, told to the log all the same, and made up for with the next record', async () => {
    const audit = filled(1);
    block();
    expect(audit.append(by('bob'))).toBeNull();
    expect(audit.append(by('carol'))).toBeNull();
    const complaints = () =>
      told.filter(({ message }) => message === 'the audit log cannot be written').length;
    const before = complaints();
    expect(audit.append(by('carol2'))).toBeNull();
    expect([before > 0, complaints()]).toEqual([true, before]);
    expect(told).toContainEqual(expect.objectContaining({ audit: 'resume', actor: 'bob', written: false }));
    unblock();
    expect(audit.append(by('dave'))).toMatchObject({ seq: 5 });
    const actors = records().map((record) => record.kind === 'resume' && record.actor);
    expect(actors).toEqual(['alice1', 'bob', 'carol', 'carol2', 'dave']);
    expect(told.at(-1)?.message).toBe('the audit log can be written again');
    expect(await verifyChain(dir)).toBe('intact');
  });

  test('too often is not silent: a gap says how many are lost', async () => {
    const audit = open({ mostWaiting: 2 });
    block();
    for (const actor of ['a', 'b', 'c', 'd', 'e']) audit.append(by(actor));
    expect(audit.recent()).toEqual([]);
    unblock();
    audit.append(by('f'));
    expect(records().map((record) => (record.kind === 'gap' ? record.lost : record.kind))).toEqual([
      3,
      'resume',
      'resume',
      'resume',
    ]);
    expect(await verifyChain(dir)).toBe('intact');
  });

  test.runIf(process.getuid?.() === 0)(
    'half way for lack of space is noted when there is space',
    async () => {
      await execa('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', dir]);
      try {
        const audit = open();
        const long = by('x'.repeat(400));
        while (audit.append(long)) continue;
        const size = statSync(file()).size;
        expect(audit.append(by('bob'))).toBeNull();
        await execa('mount', ['-o', 'remount,size=64k', dir]);
        expect(audit.append(by('carol'))).not.toBeNull();
        expect(statSync(file()).size).toBeGreaterThan(size);
        const { chain, records } = await audit.read(3);
        expect(chain).toBe('intact');
        expect(records.map((record) => record.kind === 'resume' && record.actor?.slice(0, 5))).toEqual([
          'xxxxx',
          'bob',
          'carol',
        ]);
      } finally {
        await execa('umount', ['-l', dir]);
      }
    },
  );

  test('a log that may not be read is no end of the daemon', () => {
    mkdirSync(file());
    chmodSync(dir, 0o700);
    expect(open().recent()).toEqual([]);
    expect(told[0]?.message).toBe('the audit log cannot be written');
  });
});
