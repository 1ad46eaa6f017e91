import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRepository } from './git-repository.ts';
import { createGpgKeyring, faked, type GpgKey, type GpgKeyring } from './gpg-keyring.ts';
import { commitPayload, writeObject, writeTree } from './raw-objects.ts';
import { armorTwin, edited, signed, trailingBytes, withSignature } from './signing.ts';
import { createQuickKey, createSshKey, createTokenKey, writeKrl, type SshKey } from './ssh-signer.ts';

let dir: string;
let repository: string;
let gpg: GpgKeyring;
let ada: SshKey;
let bob: GpgKey;
let rita: GpgKey;
let payload: Buffer;
let otherTree: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'abide-s-'));
  repository = createRepository(join(dir, 'repo'), { bare: true }).dir;
  gpg = createGpgKeyring(join(dir, 'g'));
  ada = createSshKey(join(dir, 'ssh'), 'ada');
  bob = gpg.create('Bob <bob@example.org>');
  rita = gpg.create('Rita <rita@example.org>', { type: 'rsa2048' });
  payload = commitPayload({ tree: writeTree(repository, { a: 'honest\n' }) });
  otherTree = writeTree(repository, { a: 'evil\n' });
});

afterAll(() => {
  gpg.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Check {
  readonly allowed?: string;
  readonly revoked?: string;
  readonly keys?: string;
}

/** What `git verify-commit --raw` says of a commit, with the keyring and signers of its own. */
function verify(commit: Buffer, { allowed, revoked, keys }: Check = {}) {
  const home = mkdtempSync(join(dir, 'v-'));
  mkdirSync(join(home, 'gnupg'), { mode: 0o700 });
  writeFileSync(join(home, 'gnupg/gpg.conf'), 'batch\nno-autostart\ntrust-model always\n');
  writeFileSync(join(home, 'allowed'), allowed ?? '');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    GNUPGHOME: join(home, 'gnupg'),
    GIT_CONFIG_NOSYSTEM: '1',
    TZ: 'UTC',
  };
  if (keys) spawnSync('gpg', ['--import'], { env, input: keys });
  const id = writeObject(repository, 'commit', commit);
  const config = [`gpg.ssh.allowedSignersFile=${join(home, 'allowed')}`];
  if (revoked) config.push(`gpg.ssh.revocationFile=${revoked}`);
  const args = ['-C', repository, ...config.flatMap((each) => ['-c', each]), 'verify-commit', '--raw', id];
  const { status, stderr } = spawnSync('git', args, { env, encoding: 'utf8' });
  return { status, stderr };
}

const words = (stderr: string) =>
  [...stderr.matchAll(/^\[GNUPG:\] ([A-Z]+SIG|NO_PUBKEY|KEYEXPIRED)\b/gm)].map(([, word]) => word);
const allow = (key: SshKey, options = 'namespaces="git"') => `ada ${options} ${key.publicKey}\n`;

test.each(['ed25519', 'rsa', 'ecdsa'] as const)('git takes what an %s key signed', (type) => {
  const key = createSshKey(join(dir, 'ssh'), `one-${type}`, type);
  expect(verify(signed(payload, key.sign), { allowed: allow(key) })).toMatchObject({
    status: 0,
    stderr: expect.stringContaining(key.fingerprint),
  });
});

test.each([
  ['a key of this process', createQuickKey],
  ['a hardware token', createTokenKey],
] as const)('git takes what %s signed, and not another commit under its signature', (_, create) => {
  const key = create();
  const commit = signed(payload, key.sign);
  expect(verify(commit, { allowed: allow(key) }).status).toBe(0);
  const tampered = edited(commit, 'change', 'chance');
  expect(verify(tampered, { allowed: allow(key) }).status).toBe(1);
});

test('git refuses strangers, tampering, other uses and revoked keys of SSH', () => {
  const allowed = allow(ada);
  const stranger = createQuickKey();
  const unknown = verify(signed(payload, stranger.sign), { allowed });
  expect(unknown).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Good "git" signature/m) });
  const tampered = edited(signed(payload, ada.sign), payload.subarray(5, 45).toString(), otherTree);
  expect(verify(tampered, { allowed }).status).toBe(1);
  expect(verify(signed(payload, ada.signFor('file')), { allowed }).status).toBe(1);
  expect(verify(signed(payload, ada.sign), { allowed: allow(ada, 'namespaces="file"') }).status).toBe(1);
  writeFileSync(join(dir, 'revoked'), `${ada.publicKey}\n`);
  writeKrl(join(dir, 'krl'), ada);
  for (const name of ['revoked', 'krl']) {
    expect(verify(signed(payload, ada.sign), { allowed, revoked: join(dir, name) }).status).toBe(1);
  }
});

test('git takes the word of the author for the date, and does not look behind an SSH signature', () => {
  const old = allow(ada, 'valid-before="20240601000000Z"');
  expect(verify(signed(payload, ada.sign), { allowed: old }).status).toBe(1);
  const backdated = edited(payload, committer(payload), committer(payload).replace(/> \d+/, '> 1709251200'));
  expect(verify(signed(backdated, ada.sign), { allowed: old }).status).toBe(0);
  const two = withSignature(payload, ada.sign(payload) + createQuickKey().sign(payload));
  expect(verify(two, { allowed: allow(ada) }).status).toBe(0);
  expect(
    verify(withSignature(payload, trailingBytes(ada.sign(payload))), { allowed: allow(ada) }).status,
  ).toBe(1);
});

test('gpg takes primary keys and subkeys, and says KEYEXPIRED of a subkey that signed nothing', () => {
  expect(verify(signed(payload, bob.sign), { keys: gpg.publicKeys(bob) }).status).toBe(0);
  expect(verify(signed(payload, rita.sign), { keys: gpg.publicKeys(rita) }).status).toBe(0);
  const primary = gpg.create('Sue <sue@example.org>', { at: '20240101T000000' });
  const subkey = gpg.addSubkey(primary);
  const bySubkey = verify(signed(payload, subkey.sign), { keys: gpg.publicKeys(primary) });
  expect(bySubkey).toMatchObject({ status: 0, stderr: expect.stringContaining(subkey.fingerprint) });
  gpg.addSubkey(primary, { at: '20240201T000000', expires: '30d' });
  const noisy = verify(signed(payload, primary.sign), { keys: gpg.publicKeys(primary) });
  expect(noisy.status).toBe(0);
  expect(new Set(words(noisy.stderr))).toEqual(new Set(['NEWSIG', 'KEYEXPIRED', 'GOODSIG', 'VALIDSIG']));
});

test('gpg tells the ways in which a key or a signature is no longer good', () => {
  const expired = gpg.create('Eve <eve@example.org>', { at: '20240101T000000', expires: '2024-06-01' });
  const old = signed(payload, gpg.signWith([expired], ...faked('20240301T000000')));
  expect(words(verify(old, { keys: gpg.publicKeys(expired) }).stderr)).toContain('EXPKEYSIG');
  const lost = gpg.create('Lou <lou@example.org>');
  const revoked = verify(signed(payload, lost.sign), { keys: gpg.revoked(lost) });
  expect(revoked.status).toBe(1);
  expect(words(revoked.stderr)).toContain('REVKEYSIG');
  expect(verify(signed(payload, lost.sign), { keys: gpg.publicKeys(lost) }).status).toBe(0);
  const brief = gpg.create('Tim <tim@example.org>', { at: '20240101T000000' });
  const over = gpg.signWith([brief], ...faked('20240301T000000'), '--default-sig-expire', '1d');
  const expiredSignature = verify(signed(payload, over), { keys: gpg.publicKeys(brief) });
  expect(expiredSignature.status).toBe(1);
  expect(words(expiredSignature.stderr)).toContain('EXPSIG');
});

test('gpg takes signatures of the future and of weak digests, as git does', () => {
  const keys = gpg.publicKeys(rita);
  const later = gpg.signWith([rita], ...faked('20990101T000000'));
  expect(verify(signed(payload, later), { keys }).status).toBe(0);
  const sha1 = gpg.signWith([rita], '--digest-algo', 'SHA1');
  const weak = verify(signed(payload, sha1), { keys });
  expect(weak.status).toBe(0);
  expect(weak.stderr).toMatch(/VALIDSIG \S+ \S+ \d+ \d+ \d+ \d+ \d+ 2 /);
});

test('two signatures, two headers and an armor header change the commit and not what gpg finds good in it', () => {
  const keys = gpg.publicKeys(bob);
  const both = verify(signed(payload, gpg.signWith([bob, rita])), { keys: gpg.publicKeys(bob, rita) });
  expect(words(both.stderr).filter((word) => word === 'GOODSIG')).toHaveLength(2);
  const half = verify(signed(payload, gpg.signWith([bob, rita])), { keys });
  expect(half.status).toBe(1);
  expect(words(half.stderr)).toEqual(expect.arrayContaining(['GOODSIG', 'ERRSIG']));
  const headers = withSignature(withSignature(payload, bob.sign(payload)), rita.sign(payload));
  expect(words(verify(headers, { keys }).stderr)).toContain('GOODSIG');
  const signature = bob.sign(payload);
  expect(armorTwin(signature)).not.toBe(signature);
  expect(verify(withSignature(payload, armorTwin(signature)), { keys }).status).toBe(0);
});

function committer(commit: Buffer): string {
  return /^committer .*$/m.exec(commit.toString())?.[0] ?? '';
}
