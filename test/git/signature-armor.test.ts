import { expect, test } from 'vitest';
import { readArmor } from '../../src/git/signature-armor.ts';
import { createQuickGpgKey } from '../harness/quick-gpg-key.ts';
import { armorTwin, trailingBytes } from '../harness/signing.ts';
import { createQuickKey, createTokenKey } from '../harness/ssh-signer.ts';

const payload = Buffer.from('hello\n');
const ssh = createQuickKey();
const token = createTokenKey();
const sshSignature = ssh.sign(payload);
const gpgSignature = createQuickGpgKey().sign(payload);
const gpgBytes = bytesOf(gpgSignature.replace(/\n=.{4}\n/, '\n'));
// The fixture's packet has a length of two bytes.
const gpgBody = gpgBytes.subarray(3);
const sshBytes = bytesOf(sshSignature);

function bytesOf(armor: string): Buffer {
  return Buffer.from(armor.split('\n').slice(1, -2).join(''), 'base64');
}

function armor(kind: 'PGP' | 'SSH', bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  const gap = kind === 'PGP' ? [''] : [];
  return [`-----BEGIN ${kind} SIGNATURE-----`, ...gap, ...lines, `-----END ${kind} SIGNATURE-----`, ''].join(
    '\n',
  );
}

/** The five fields after magic and version, changed. */
function sshWith(change: (fields: Buffer[]) => void): string {
  const fields: Buffer[] = [];
  for (let at = 10; at < sshBytes.length; at += 4 + sshBytes.readUInt32BE(at)) {
    fields.push(sshBytes.subarray(at + 4, at + 4 + sshBytes.readUInt32BE(at)));
  }
  change(fields);
  return armor(
    'SSH',
    Buffer.concat([sshBytes.subarray(0, 10), ...fields.flatMap((field) => [length(field), field])]),
  );
}

function length(field: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(field.length);
  return bytes;
}

test('tells kind, key and namespace of what is proper', () => {
  expect(readArmor(sshSignature)).toMatchObject({ kind: 'ssh', key: ssh.fingerprint, namespace: 'git' });
  expect(readArmor(ssh.signFor('file')(payload))).toMatchObject({ kind: 'ssh', namespace: 'file' });
  expect(readArmor(token.sign(payload))).toMatchObject({ kind: 'ssh', key: token.fingerprint });
  expect(readArmor(gpgSignature)).toEqual({ kind: 'gpg' });
});

test.each([
  ['a comment', armorTwin(gpgSignature)],
  ['several headers', gpgSignature.replace('\n\n', '\nVersion: GnuPG v2\nComment: a: b\nComment: \n\n')],
  ['a header without a value', gpgSignature.replace('\n\n', '\nComment:\n\n')],
  ['no checksum', armor('PGP', gpgBytes)],
  ['an empty line after its end', `${gpgSignature}\n\n`],
  ['no line end', gpgSignature.trimEnd()],
  [
    'a length of four bytes',
    armor('PGP', Buffer.concat([Buffer.of(0x8a, 0, 0, 0, gpgBody.length), gpgBody])),
  ],
  ['a length of the new format', armor('PGP', Buffer.concat([Buffer.of(0xc2, gpgBody.length), gpgBody]))],
  [
    'a long length of the new format',
    armor('PGP', Buffer.concat([Buffer.of(0xc2, 0xff, 0, 0, 0, gpgBody.length), gpgBody])),
  ],
])('takes OpenPGP armour with %s', (_, text) => {
  expect(readArmor(text)).toEqual({ kind: 'gpg' });
});

test.each([
  ['two blocks', sshSignature + ssh.sign(payload), 'not just one'],
  ['a block of each kind', gpgSignature + sshSignature, 'not just one'],
  ['text before it', `hello\n${gpgSignature}`, 'neither'],
  ['text after it', `${sshSignature}hello\n`, 'neither'],
  ['x509', gpgSignature.replaceAll('PGP SIGNATURE', 'SIGNED MESSAGE'), 'neither'],
  ['a message instead of a signature', gpgSignature.replaceAll('SIGNATURE', 'MESSAGE'), 'neither'],
  ['ends that do not fit', sshSignature.replace('END SSH', 'END PGP'), 'neither'],
  ['nothing in it', '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n', 'neither'],
  ['a carriage return', gpgSignature.replace('\n', '\r\n'), 'neither'],
  [
    'two OpenPGP signatures in one block',
    armor('PGP', Buffer.concat([gpgBytes, gpgBytes])),
    'just one signature packet',
  ],
  [
    'another packet before the signature',
    armor('PGP', Buffer.concat([Buffer.of(0xca, 3, 0x50, 0x47, 0x50), gpgBytes])),
    'just one signature packet',
  ],
  [
    'bytes after an OpenPGP signature',
    armor('PGP', Buffer.concat([gpgBytes, Buffer.of(0)])),
    'just one signature packet',
  ],
  [
    'an OpenPGP signature that is cut off',
    armor('PGP', gpgBytes.subarray(0, -1)),
    'just one signature packet',
  ],
  [
    'an OpenPGP packet without length',
    armor('PGP', Buffer.concat([Buffer.of(0x8b), gpgBody])),
    'just one signature packet',
  ],
  [
    'an OpenPGP packet in pieces',
    armor('PGP', Buffer.concat([Buffer.of(0xc2, 0xe8), gpgBody])),
    'just one signature packet',
  ],
  [
    'another OpenPGP packet',
    armor('PGP', Buffer.concat([Buffer.of(0xa0), gpgBytes.subarray(1)])),
    'just one signature packet',
  ],
  ['base64 of two spellings', gpgSignature.replace('\n\n', '\n\n='), 'neither'],
  ['an old OpenPGP signature', armor('PGP', changed(gpgBytes, 3, 3)), 'before 4'],
  ['an OpenPGP signature of a text', armor('PGP', changed(gpgBytes, 4, 1)), 'textmode'],
  ['an OpenPGP signature of a key', armor('PGP', changed(gpgBytes, 4, 0x13)), 'textmode'],
  ['bytes after an SSH signature', trailingBytes(sshSignature), 'wrong form'],
  ['a sixth SSH field', sshWith((fields) => fields.push(Buffer.alloc(0))), 'wrong form'],
  ['something in the reserved SSH field', sshWith((fields) => (fields[2] = Buffer.from('x'))), 'wrong form'],
  ['another version of SSH signatures', armor('SSH', changed(sshBytes, 9, 2)), 'wrong form'],
  ['another magic', armor('SSH', changed(sshBytes, 0, 0x73)), 'wrong form'],
  [
    'a field inside the SSH signature',
    sshWith((fields) => (fields[4] = Buffer.concat([fields[4] ?? payload, length(Buffer.alloc(0))]))),
    'after its end',
  ],
  [
    'bytes inside the SSH signature',
    sshWith((fields) => (fields[4] = Buffer.concat([fields[4] ?? payload, Buffer.of(1)]))),
    'after its end',
  ],
  [
    'flags of a token at an ordinary key',
    sshWith((fields) => (fields[4] = Buffer.concat([fields[4] ?? payload, Buffer.of(1, 0, 0, 0, 7)]))),
    'after its end',
  ],
  ['an SSH signature without a key', sshWith((fields) => (fields[0] = Buffer.alloc(0))), 'without a key'],
])('refuses %s', (_, text, why) => {
  expect(readArmor(text)).toEqual({ malformed: expect.stringContaining(why) });
});

function changed(bytes: Buffer, at: number, to: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = to;
  return copy;
}

test('tells a weak SSH digest, which is the commit\u2019s fault and no fault of its form', () => {
  const weak = sshWith((fields) => (fields[3] = Buffer.from('sha1')));
  expect(readArmor(weak)).toMatchObject({ kind: 'ssh', hasStrongDigest: false });
});
