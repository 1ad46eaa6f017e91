import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { array, assert, asyncProperty, constantFrom, integer, record, subarray } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllowedSigners } from '../../src/domain/allowed-signers.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';
import type { SshKeys } from '../harness/ssh-keys.ts';

let keys: SshKeys;
let key: string;
let other: string;
beforeAll(async () => {
  keys = await createSshKeys();
  key = (await keys.publicKey('alice', 'ed25519')).split(' ').slice(0, 2).join(' ');
  other = await keys.publicKey('bob', 'ecdsa');
});
afterAll(() => keys.remove());

const read = (line: string) => parseAllowedSigners(line.replaceAll('KEY', key).replaceAll('OTHER', other));
const issueOf = (line: string) => read(line).issues[0]?.message ?? null;

async function sshKeygen(args: readonly string[], lines: readonly string[]): Promise<boolean> {
  const file = join(keys.dir, 'allowed');
  await writeFile(file, lines.map((line) => `${line.replaceAll('KEY', key)}\n`).join(''));
  const options = { reject: false, env: { TZ: 'UTC', PATH: process.env['PATH'] }, extendEnv: false };
  const { exitCode, stdout } = await execa('ssh-keygen', [...args, '-f', file], options);
  return exitCode === 0 && stdout !== '';
}

test('names, comments, blanks and line ends are read as ssh-keygen reads them', () => {
  const { signers, issues, skipped } = read(
    '# people\r\n\r\n  alice@x,alice,alice@x KEY a comment\r\n"bob smith,*@y" OTHER\n\t# end',
  );
  expect({ issues, skipped }).toEqual({ issues: [], skipped: [] });
  expect(signers.map(({ line, name, names, key: { comment } }) => ({ line, name, names, comment }))).toEqual([
    { line: 3, name: 'alice@x,alice,alice@x', names: ['alice@x', 'alice'], comment: 'a comment' },
    { line: 4, name: 'bob smith,*@y', names: ['bob smith', '*@y'], comment: 'bob' },
  ]);
});

test('times without a Z are UTC', () => {
  const [first, second] = read(
    'a VALID-AFTER="20240229",valid-before="202403010102" KEY\na valid-after="20240229235958Z" OTHER',
  ).signers;
  expect(first).toMatchObject({
    validAfter: Date.UTC(2024, 1, 29),
    validBefore: Date.UTC(2024, 2, 1, 1, 2),
  });
  expect(second).toMatchObject({ validAfter: Date.UTC(2024, 1, 29, 23, 59, 58), validBefore: null });
});

test.each([
  ['git', true],
  ['file,git', true],
  ['g?t', true],
  ['*', true],
  ['!file,*', true],
  ['file', false],
  ['*,!git', false],
  ['!g*,git', false],
  ['!file', false],
  ['gi', false],
  ['g.t', false],
  ['', false],
])('namespaces="%s" lets git in: %s', (list, isForGit) => {
  const { signers, issues, skipped } = read(`a namespaces="${list}" KEY`);
  expect({ signers: signers.length, issues, skipped: skipped.length }).toEqual({
    signers: isForGit ? 1 : 0,
    issues: [],
    skipped: isForGit ? 0 : 1,
  });
});

test.each([
  ['alice', /principals, options and a public key/],
  ['"alice KEY', /principals, options and a public key/],
  ['al"ice" KEY', /principals, options and a public key/],
  ['"alice"x KEY', /principals, options and a public key/],
  [', KEY', /no principal/],
  ['*,!bob KEY', /excludes nobody/],
  ['"a\u202eb" KEY', /control characters/],
  ['a cert-authority KEY', /cert-authority is not supported/],
  ['a cert-authority,namespaces="git" KEY', /cert-authority is not supported/],
  ['a no-touch-required KEY', /unknown option/],
  ['a cert-authority="yes" KEY', /unknown option/],
  ['a namespaces=git KEY', /cannot be read/],
  ['a namespaces KEY', /unknown option, or one without its value/],
  ['a namespaces="g\\"it" KEY', /cannot be read|not closed/],
  ['a namespaces="git", KEY', /cannot be read/],
  ['a ,namespaces="git" KEY', /cannot be read/],
  ['a namespaces="git",NameSpaces="git" KEY', /namespaces is given twice/],
  ['a namespaces="git KEY', /not closed/],
  ['a namespaces="git"', /not closed, or no key/],
  ['a valid-after="tomorrow" KEY', /valid-after is not a time/],
  ['a valid-after="20230229" KEY', /valid-after is not a time/],
  ['a valid-before="2023010125" KEY', /valid-before is not a time/],
  ['a valid-after="20230102",valid-before="20230101" KEY', /never counts/],
  ['a ssh-ed25519 AAAA', /cut off/],
  ['a ssh-dss AAAA', /DSA/],
  ['a namespaces="git" nonsense', /a public key of one line/],
])('%s is an issue of its line', (line, message) => {
  expect(issueOf(line)).toMatch(message);
  expect(read(`\n${line}`)).toMatchObject({ signers: [], issues: [{ line: 2 }], skipped: [] });
});

test('one key on two lines is an issue of the second', () => {
  expect(read('a KEY\nb OTHER\nc valid-before="20200101" KEY')).toMatchObject({
    signers: [{ line: 1 }, { line: 2 }],
    issues: [{ line: 3, message: expect.stringMatching(/^the key of line 1 once more/) as string }],
  });
});

test('an issue never quotes the line', () => {
  expect(issueOf('hunter2 secret="hunter2" hunter2')).not.toContain('hunter2');
});

test('no line that ssh-keygen takes is passed over in silence, and none that it refuses is a signer', async () => {
  const principals = constantFrom(
    'alice',
    'alice,bob',
    '"alice"',
    '"alice,bob b"',
    '*',
    'alice,!bob',
    '"alice',
  );
  const options = subarray([
    'namespaces="git"',
    'NAMESPACES="file,git"',
    'valid-after="20200101Z"',
    'valid-before="209912312359"',
    'valid-before="20191231"',
    'cert-authority',
    'namespaces=git',
    'odd="1"',
    '',
  ]);
  const line = record({
    who: principals,
    options,
    blanks: constantFrom(' ', '\t', '  '),
    end: constantFrom('', ' c'),
  });
  const agrees = asyncProperty(line, async ({ who, options: list, blanks, end }) => {
    const text = [who, ...(list.length > 0 ? [list.join(',')] : []), 'KEY'].join(blanks) + end;
    const { signers, issues, skipped } = read(text);
    const taken = await sshKeygen(['-Y', 'match-principals', '-I', 'alice'], [text]);
    expect(signers.length + issues.length + skipped.length, text).toBe(1);
    if (signers.length === 1) expect(taken, text).toBe(true);
  });
  await assert(agrees, { numRuns: 100 });
});

test('a window is the one in which ssh-keygen finds the signer', async () => {
  const signature = await execa(
    'ssh-keygen',
    ['-Y', 'sign', '-n', 'git', '-f', keys.privateKeyFile('alice')],
    {
      input: 'signed',
    },
  );
  const signed = join(keys.dir, 'signature');
  await writeFile(signed, `${signature.stdout}\n`);
  const time = record({
    day: integer({ min: 20240101, max: 20240131 }),
    clock: constantFrom('', '0000', '1230', '235959'),
    zone: constantFrom('', 'Z'),
  }).map(({ day, clock, zone }) => `${day}${clock}${zone}`);
  const agrees = asyncProperty(time, time, array(time, { maxLength: 3 }), async (after, before, times) => {
    const line = `alice valid-after="${after}",valid-before="${before}" KEY`;
    const [signer] = read(line).signers;
    for (const at of [after, before, ...times]) {
      const now = read(`a valid-after="${at}" KEY`).signers[0]?.validAfter ?? 0;
      const counts =
        signer !== undefined && now >= (signer.validAfter ?? 0) && now <= (signer.validBefore ?? 0);
      const found = await sshKeygen(
        ['-Y', 'find-principals', '-s', signed, '-O', `verify-time=${at}`],
        [line],
      );
      // Of a window that never opens abide says so; ssh-keygen may take one of a single second.
      if (signer !== undefined) expect(found, `${line} at ${at}`).toBe(counts);
    }
  });
  await assert(agrees, { numRuns: 20 });
});
