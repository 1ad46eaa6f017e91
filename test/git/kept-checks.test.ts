import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CheckedCommit } from '../../src/domain/checked-commit.ts';
import { createCheckCache } from '../../src/git/check-cache.ts';
import { createKeptChecks } from '../../src/git/kept-checks.ts';
import { remove, temporaryDirectory } from '../harness/git-mirror.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryDirectory();
});
afterEach(() => remove(dir));

const keys = 'a'.repeat(64);
const id = (letter: string) => letter.repeat(40);
const check = (letter: string, until: number | null = null): CheckedCommit => ({
  id: id(letter),
  parents: [id('0')],
  committedAt: 1000,
  signature: { good: true, kind: 'ssh', key: 'SHA256:x', signedAt: null, until },
});
const bad = (letter: string, reason: 'unsigned' | 'expired_key' | 'verifier_failed'): CheckedCommit => ({
  ...check(letter),
  signature: { good: false, reason, message: reason },
});
const fileOf = () => join(dir, readdirSync(dir).find((name) => name.startsWith('checks-')) ?? 'none');

test('a new daemon gets what was kept, in a file of its owner alone', async () => {
  const kept = createKeptChecks(dir);
  kept.append(keys, [check('1'), check('2', 5000)]);
  kept.append(keys, []);
  expect(await kept.load(keys)).toEqual([check('1'), check('2', 5000)]);
  expect(await createKeptChecks(dir).load(keys)).toEqual([check('1'), check('2', 5000)]);
  expect(statSync(fileOf()).mode & 0o777).toBe(0o600);
});

test('a torn line costs itself alone, also when more is written after it', async () => {
  const kept = createKeptChecks(dir);
  kept.append(keys, [check('1'), check('2')]);
  await kept.load(keys);
  writeFileSync(fileOf(), readFileSync(fileOf()).subarray(0, -30));
  const again = createKeptChecks(dir);
  again.append(keys, [check('3')]);
  expect(await again.load(keys)).toEqual([check('1'), check('3')]);
});

test('lines that are no finding, or none that is good, are left out', async () => {
  const kept = createKeptChecks(dir);
  kept.append(keys, [check('1')]);
  await kept.load(keys);
  const others = [
    'null',
    '[]',
    '{}',
    'x',
    JSON.stringify(bad('2', 'unsigned')),
    JSON.stringify({ ...check('3'), id: 'main' }),
    JSON.stringify({ ...check('3'), parents: ['x'] }),
    JSON.stringify({ ...check('3'), committedAt: 'now' }),
    JSON.stringify({ ...check('3'), signature: { good: true, kind: 'ssh', key: 'x', signedAt: null } }),
    JSON.stringify({ ...check('3'), signature: { ...check('3').signature, until: 'never' } }),
  ];
  appendFileSync(fileOf(), `${others.join('\n')}\n`);
  expect(await kept.load(keys)).toEqual([check('1')]);
});

test('another set of keys begins with nothing and removes what the old ones found', async () => {
  const kept = createKeptChecks(dir);
  kept.append(keys, [check('1')]);
  expect(await kept.load('b'.repeat(64))).toEqual([]);
  expect(await kept.load(keys)).toEqual([]);
});

test('a file beyond all measure is begun anew, and a directory that is gone is no error', async () => {
  const kept = createKeptChecks(dir);
  kept.append(keys, [check('1')]);
  await kept.load(keys);
  appendFileSync(fileOf(), ' '.repeat(17 * 1024 * 1024));
  expect(await kept.load(keys)).toEqual([]);
  const nowhere = createKeptChecks(join(dir, 'nowhere'));
  nowhere.append(keys, [check('1')]);
  expect(await nowhere.load(keys)).toEqual([]);
});

test('the cache forgets what has ended, never keeps what may mend, and hands on what is good', () => {
  const handed: string[] = [];
  const cache = createCheckCache([check('1', 5000)], (good) => handed.push(...good.map((one) => one.id)));
  expect(cache.get(id('1'), 4999)).toEqual(check('1', 5000));
  expect(cache.get(id('1'), 5000)).toBeUndefined();
  cache.add([check('2'), bad('3', 'unsigned'), bad('4', 'expired_key'), bad('5', 'verifier_failed')]);
  expect(handed).toEqual([id('2')]);
  expect(cache.get(id('3'), 0)).toEqual(bad('3', 'unsigned'));
  expect([cache.get(id('4'), 0), cache.get(id('5'), 0)]).toEqual([undefined, undefined]);
});
