import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { commitIdOf, payloadHashOf, readRawCommit } from '../../src/git/raw-commit.ts';
import { commitPayload } from '../harness/raw-objects.ts';
import { armorTwin, edited, signed, withSignature } from '../harness/signing.ts';
import { createQuickGpgKey } from '../harness/quick-gpg-key.ts';

const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
const payload = commitPayload({ tree, parents: [one, two], date: 1_700_000_000 });
const key = createQuickGpgKey();
const good = signed(payload, key.sign);

test('reads parents, date and armour of a signed commit, and no armour of an unsigned one', () => {
  expect(readRawCommit(good)).toMatchObject({ parents: [one, two], committedAt: 1_700_000_000_000 });
  expect(readRawCommit(good)).toHaveProperty(
    'armor',
    expect.stringMatching(/^-----BEGIN PGP[^]*\n-----END PGP/),
  );
  expect(readRawCommit(payload)).toHaveProperty('armor', null);
});

test('takes what honest commits have: mergetag, encoding, other headers, no message, bytes that are no UTF-8', () => {
  const add = (header: string) => edited(good, '\n\n', `\n${header}\n\n`);
  for (const header of [
    'encoding latin1',
    'mergetag object 1\n type commit\n \n text',
    'HG:extra x',
    'change-id y',
  ]) {
    expect(readRawCommit(add(header)), header).not.toHaveProperty('malformed');
  }
  expect(readRawCommit(Buffer.concat([good, Buffer.of(0xff, 0xfe)]))).not.toHaveProperty('malformed');
  expect(readRawCommit(edited(payload, '\n\nchange\n', '\n\n'))).not.toHaveProperty('malformed');
  expect(readRawCommit(edited(payload, 'change', 'a\r\nb'))).not.toHaveProperty('malformed');
});

const author = /^author .*$/m.exec(payload.toString())?.[0] ?? '';
const committer = /^committer .*$/m.exec(payload.toString())?.[0] ?? '';

test.each([
  ['a NUL in the message', () => edited(good, 'change', 'a\0b'), 'a NUL byte'],
  ['a NUL in the header', () => edited(good, 'Ada', 'A\0a'), 'a NUL byte'],
  ['a carriage return in the header', () => edited(good, ' +0000\n', ' +0000\r\n'), 'carriage return'],
  ['nothing after its header', () => payload.subarray(0, payload.indexOf('\n\n')), 'no message'],
  ['nothing at all', () => Buffer.alloc(0), 'no message'],
  ['only a message', () => Buffer.from('\n\nhello'), 'header'],
  ['a second tree', () => edited(payload, '\nauthor', `\ntree ${tree}\nauthor`), 'order'],
  ['a second tree at the end', () => edited(payload, '\n\n', `\ntree ${tree}\n\n`), 'order'],
  ['a parent after the author', () => edited(payload, '\ncommitter', `\nparent ${one}\ncommitter`), 'order'],
  ['a parent at the end', () => edited(good, '\n\n', `\nparent ${one}\n\n`), 'order'],
  ['a second author', () => edited(payload, '\n\n', `\n${author}\n\n`), 'order'],
  ['a second committer', () => edited(payload, '\n\n', `\n${committer}\n\n`), 'order'],
  [
    'committer before author',
    () => edited(payload, `${author}\n${committer}`, `${committer}\n${author}`),
    'order',
  ],
  ['no author', () => edited(payload, `${author}\n`, ''), 'order'],
  ['no tree', () => edited(payload, `tree ${tree}\n`, ''), 'order'],
  ['a signature before its author', () => edited(payload, '\nauthor', '\ngpgsig x\nauthor'), 'order'],
  ['two signatures', () => withSignature(good, key.sign(payload)), 'more than one gpgsig'],
  ['two encodings', () => edited(payload, '\n\n', '\nencoding a\nencoding b\n\n'), 'more than one encoding'],
  [
    'signatures in both formats',
    () => withSignature(good, key.sign(payload), 'gpgsig-sha256'),
    'two hash formats',
  ],
  ['a header that no signature covers', () => edited(good, '\n\n', '\ngpgsig-note x\n\n'), 'not cover'],
  ['another one', () => edited(good, '\ngpgsig ', '\ngpgsigx a\n more\ngpgsig '), 'not cover'],
  ['a tree that is a name', () => edited(payload, tree, 'main'), 'no id'],
  ['a parent in capitals', () => edited(payload, one, 'A'.repeat(40)), 'no id'],
  ['a parent that goes on', () => edited(payload, `${two}\n`, `${two}\n x\n`), 'no id'],
  ['a line that is no header', () => edited(payload, '\n\n', '\nhello\n\n'), 'header line'],
  ['a first line that goes on', () => Buffer.concat([Buffer.from(' '), payload]), 'header line'],
  ['a committer without a date', () => edited(payload, committer, 'committer Ada <a@b>'), 'date'],
  ['a committer of two lines', () => edited(payload, committer, `${committer}\n x`), 'date'],
  ['a date before 1970', () => edited(payload, committer, committer.replace(/> \d+/, '> -1')), 'date'],
  [
    'a year of five digits',
    () => edited(payload, committer, committer.replace(/> \d+/, '> 253402300800')),
    'date',
  ],
  ['a time zone in words', () => edited(payload, committer, committer.replace('+0000', 'UTC')), 'date'],
])('refuses a commit with %s', (_, make, why) => {
  expect(readRawCommit(make())).toEqual({ malformed: expect.stringContaining(why) });
});

test('a commit and its twins have one payload hash, the unsigned commit too; another content has another', () => {
  const hash = payloadHashOf(payload);
  const twins = [
    good,
    withSignature(payload, armorTwin(key.sign(payload))),
    signed(payload, createQuickGpgKey().sign),
    withSignature(payload, key.sign(payload), 'gpgsig-sha256'),
    edited(payload, '\nauthor', '\ngpgsig x\n y\nauthor'),
  ];
  expect(twins.map(payloadHashOf)).toEqual(twins.map(() => hash));
  const others = [
    edited(good, 'change', 'chance'),
    edited(good, one, two),
    edited(good, '\n\n', '\nencoding x\n\n'),
    edited(payload, '\nchange\n', '\ngpgsig x\nchange\n'),
  ];
  for (const other of others) expect(payloadHashOf(other)).not.toBe(hash);
});

test('a commit’s id is git’s, in either hash', () => {
  const object = Buffer.concat([Buffer.from(`commit ${payload.length}\0`), payload]);
  for (const [name, length] of [
    ['sha1', 40],
    ['sha256', 64],
  ] as const) {
    expect(commitIdOf(payload, '0'.repeat(length))).toBe(createHash(name).update(object).digest('hex'));
  }
});
