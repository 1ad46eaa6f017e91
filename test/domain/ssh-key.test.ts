import { assert, integer, property } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSshPublicKey, sshKeyText, sshKeyTypes } from '../../src/domain/ssh-key.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';
import type { SshKeys } from '../harness/ssh-keys.ts';

let keys: SshKeys;
let ed25519: string;
beforeAll(async () => {
  keys = await createSshKeys();
  ed25519 = await keys.publicKey('alice', 'ed25519');
});
afterAll(() => keys.remove());

/** The line of a key made of fields, each with its length before it. */
function lineOf(type: string, ...fields: (string | Buffer)[]): string {
  const blob = [type, ...fields].flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return `${type} ${Buffer.concat(blob).toString('base64')}`;
}

const point = (size: number) => Buffer.concat([Buffer.of(4), Buffer.alloc(2 * size, 7)]);

test.each([
  ['ed25519', undefined, 'ssh-ed25519'],
  ['rsa', 2048, 'ssh-rsa'],
  ['rsa', 3072, 'ssh-rsa'],
  ['ecdsa', 256, 'ecdsa-sha2-nistp256'],
  ['ecdsa', 384, 'ecdsa-sha2-nistp384'],
  ['ecdsa', 521, 'ecdsa-sha2-nistp521'],
])('a key of ssh-keygen -t %s of %s bits is read', async (type, bits, name) => {
  const line = await keys.publicKey(`${type}-${bits}`, type, bits);
  const key = parseSshPublicKey(`  ${line}\n`);
  expect(key).toMatchObject({ type: name, comment: `${type}-${bits}` });
  expect(typeof key === 'string' ? '' : Buffer.from(key.blob).toString('base64')).toBe(line.split(' ')[1]);
});

test('keys of hardware are read', () => {
  for (const line of [
    lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 1), 'ssh:'),
    lineOf('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(32), 'ssh:'),
  ]) {
    expect(parseSshPublicKey(line)).toMatchObject({ comment: '' });
  }
  expect(sshKeyTypes).toHaveLength(7);
});

test('an RSA key of 1024 bits is too weak', async () => {
  expect(parseSshPublicKey(await keys.publicKey('weak', 'rsa', 1024))).toBe(
    'the RSA key has 1024 bits; allowed are 2048 to 16384',
  );
});

test('a weak key may be read where it is only refused, and a key has one text', async () => {
  const line = await keys.publicKey('weaker', 'rsa', 1024);
  const key = parseSshPublicKey(line, 1024);
  expect(typeof key === 'string' ? key : `${sshKeyText(key)} weaker`).toBe(line);
});

test.each([
  ['no key', '', /a public key of one line is needed/],
  ['one word', 'ssh-ed25519', /a public key of one line/],
  ['two lines', 'ssh-ed25519 AAAA\nssh-ed25519 AAAA', /a public key of one line/],
  ['DSA', lineOf('ssh-dss', 'p', 'q', 'g', 'y'), /DSA keys are too weak/],
  ['a certificate', 'ssh-ed25519-cert-v01@openssh.com AAAA', /certificates are not supported/],
  [
    'another type',
    'ssh-ed448 AAAA',
    /^ssh-ed448 is not a type of key that may sign; allowed are ssh-ed25519/,
  ],
  ['a short point', lineOf('ssh-ed25519', Buffer.alloc(31)), /31 bytes where 32 are needed/],
  ['one field more', lineOf('ssh-ed25519', Buffer.alloc(32), 'x'), /cut off or has more/],
  ['one field less', lineOf('ssh-ed25519'), /cut off or has more/],
  ['another curve', lineOf('ecdsa-sha2-nistp384', 'nistp256', point(48)), /not on the curve nistp384/],
  [
    'a compressed point',
    lineOf('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(33, 2)),
    /whole, uncompressed/,
  ],
  ['no application', lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32), ''), /names no application/],
  ['an even exponent', lineOf('ssh-rsa', Buffer.of(2), Buffer.alloc(256, 0x7f)), /exponent/],
  ['exponent 1', lineOf('ssh-rsa', Buffer.of(1), Buffer.alloc(256, 0x7f)), /exponent/],
  ['a padded modulus', lineOf('ssh-rsa', Buffer.of(3), Buffer.alloc(257, 0x7f).fill(0, 0, 1)), /modulus/],
  ['a negative modulus', lineOf('ssh-rsa', Buffer.of(3), Buffer.alloc(256, 0xff)), /modulus/],
  ['no modulus', lineOf('ssh-rsa', Buffer.of(3), Buffer.alloc(0)), /modulus/],
  ['a modulus of 2047 bits', lineOf('ssh-rsa', Buffer.of(3), Buffer.alloc(256, 0x3f)), /2046 bits/],
])('%s is refused', (_name, line, message) => {
  expect(parseSshPublicKey(line)).toMatch(message);
});

test('a line whose word and key differ, or whose base64 has another spelling, is refused', () => {
  const [, base64 = ''] = ed25519.split(' ');
  expect(parseSshPublicKey(`ssh-rsa ${base64}`)).toMatch(/ssh-rsa/);
  const respelled = base64.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  for (const text of [
    `${base64}=`,
    `${base64.slice(0, 20)}.${base64.slice(20)}`,
    base64.replaceAll('A', '-'),
  ]) {
    expect(parseSshPublicKey(`ssh-ed25519 ${text}`)).toMatch(/not base64 of one spelling/);
  }
  expect(typeof parseSshPublicKey(`ssh-ed25519 ${respelled}`)).toBe('object');
});

test('a key whose inner type is another is refused', () => {
  const [, base64 = ''] = lineOf('ssh-ed25518', Buffer.alloc(32)).split(' ');
  expect(parseSshPublicKey(`ssh-ed25519 ${base64}`)).toBe(
    'the line says ssh-ed25519, but the key in it is of another type',
  );
});

test('a private key, or a secret where the type belongs, is never repeated', () => {
  expect(parseSshPublicKey('-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n')).toMatch(
    /^this is a private key/,
  );
  expect(parseSshPublicKey('hunter2 AAAA')).not.toContain('hunter2');
});

test('no key that is cut or has a byte more is read', () => {
  const blob = Buffer.from(ed25519.split(' ')[1] ?? '', 'base64');
  const cut = property(integer({ min: 0, max: blob.length - 1 }), (length) => {
    const line = `ssh-ed25519 ${blob.subarray(0, length).toString('base64')}`;
    expect(typeof parseSshPublicKey(line)).toBe('string');
  });
  assert(cut);
  const more = `ssh-ed25519 ${Buffer.concat([blob, Buffer.of(0)]).toString('base64')}`;
  expect(typeof parseSshPublicKey(more)).toBe('string');
});
