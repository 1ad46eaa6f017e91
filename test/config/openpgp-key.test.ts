import { assert, integer, property } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOpenPgpKeys } from '../../src/config/openpgp-key.ts';
import { createGpgKeys } from '../harness/gpg-keys.ts';
import type { GpgKeys } from '../harness/gpg-keys.ts';

let keys: GpgKeys;
let alice: string;
let bob: string;
beforeAll(async () => {
  keys = await createGpgKeys();
  alice = await keys.create('alice', 'ed25519');
  bob = await keys.create('bob', 'rsa2048');
});
afterAll(() => keys.remove());

async function listed(kind: 'fpr', name: string): Promise<string[]> {
  const colons = (await keys.gpg('--with-colons', '--list-keys', name)).toString();
  return [...colons.matchAll(new RegExp(`^${kind}:+([0-9A-F]{40}):`, 'gm'))].map(([, found = '']) => found);
}

test.each(['alice', 'bob'])(
  'the fingerprints of %s are those that gpg gives, armoured or not',
  async (name) => {
    const [primary, ...sub] = await listed('fpr', name);
    const expected = { primary: [primary], sub, hasOthers: false };
    expect(sub).toHaveLength(1);
    expect(readOpenPgpKeys(await keys.gpg('--export', name))).toEqual(expected);
    const armoured = await keys.gpg('--armor', '--export', name);
    expect(readOpenPgpKeys(armoured)).toEqual(expected);
    const around = `a note\r\n\r\n${armoured.toString().replaceAll('\n', '\r\n')}\r\nend`;
    expect(
      readOpenPgpKeys(Buffer.from(around.replace('BLOCK-----\r\n', 'BLOCK-----\r\nComment: x\r\n'))),
    ).toEqual(expected);
  },
);

test('a file may hold several keys, in one block or in more', async () => {
  const together = await keys.gpg('--armor', '--export');
  const apart = Buffer.concat([
    await keys.gpg('--armor', '--export', 'alice'),
    await keys.gpg('--armor', '--export', 'bob'),
  ]);
  for (const bytes of [together, apart])
    expect(readOpenPgpKeys(bytes)).toMatchObject({ primary: [alice, bob] });
});

test('a private key is refused, armoured or not, alone or behind a public one', async () => {
  const secret = await keys.gpg('--export-secret-keys', 'alice');
  const armoured = await keys.gpg('--armor', '--export-secret-keys', 'alice');
  const behind = Buffer.concat([await keys.gpg('--export', 'bob'), secret]);
  const disguised = armoured.toString().replaceAll('PRIVATE', 'PUBLIC');
  for (const bytes of [secret, armoured, behind, Buffer.from(disguised)]) {
    expect(readOpenPgpKeys(bytes)).toMatch(/^holds a private key/);
  }
});

test('what is no key is refused without being repeated', async () => {
  const armoured = (await keys.gpg('--armor', '--export', 'alice')).toString();
  const signature = await keys.gpg('--clear-sign', '--local-user', 'alice', '--output', '-', '/dev/null');
  const texts = [
    '',
    'hunter2',
    'ssh-ed25519 AAAA',
    armoured.replace(/\n\n[^]*\n-----END/, '\n\n*hunter2*\n-----END'),
    armoured.replace(/-----END[^]*/, ''),
    signature.toString(),
  ];
  for (const text of texts) {
    const told = readOpenPgpKeys(Buffer.from(text));
    expect(told).toMatch(/^holds no OpenPGP public key/);
    expect(told).not.toContain('hunter2');
  }
});

test('a key of another version is left to gpg', () => {
  const body = Buffer.concat([Buffer.of(6), Buffer.alloc(20)]);
  const packet = Buffer.concat([Buffer.of(0xc6, body.length), body]);
  expect(readOpenPgpKeys(packet)).toEqual({ primary: [], sub: [], hasOthers: true });
});

test('a key that was cut anywhere never throws and never gives the fingerprint of another key', async () => {
  const whole = await keys.gpg('--export', 'alice');
  const [, sub = ''] = await listed('fpr', 'alice');
  const cut = property(integer({ min: 0, max: whole.length - 1 }), (length) => {
    const told = readOpenPgpKeys(whole.subarray(0, length));
    if (typeof told !== 'string')
      expect([alice, sub]).toEqual(expect.arrayContaining([...told.primary, ...told.sub]));
  });
  assert(cut);
  const turned = property(integer({ min: 0, max: whole.length * 8 - 1 }), (bit) => {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => readOpenPgpKeys(bytes)).not.toThrow();
  });
  assert(turned);
});
