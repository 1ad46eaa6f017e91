import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatPath } from '../../src/config/key-path.ts';
import { parseConfig } from '../../src/config/load.ts';
import { findFileIssues, findFileWarnings } from '../../src/config/trust-file.ts';
import { createGpgKeys } from '../harness/gpg-keys.ts';
import type { GpgKeys } from '../harness/gpg-keys.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';
import type { SshKeys } from '../harness/ssh-keys.ts';

const uid = process.getuid?.() ?? 0;
let dir: string;
let ssh: SshKeys;
let gpg: GpgKeys;
let alice: string;
let bob: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-trust-file-'));
  ssh = await createSshKeys();
  gpg = await createGpgKeys();
  alice = await ssh.publicKey('alice', 'ed25519');
  bob = await ssh.publicKey('bob', 'ecdsa');
});
afterAll(async () => {
  await Promise.all([rm(dir, { recursive: true, force: true }), ssh.remove(), gpg.remove()]);
});

async function file(name: string, content: string | Buffer, mode = 0o644): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  await chmod(path, mode);
  return path;
}

async function issues(trust: object, remotes: readonly object[] = []): Promise<string[]> {
  const found = await findFileIssues({ source: { remotes }, trust }, uid);
  return found.map((issue) => `${formatPath(issue.path)}: ${issue.message}`);
}

test('an allowed-signers file is read, and each line that cannot be used is named', async () => {
  const text = `# people\nalice@x ${alice}\nca cert-authority ${bob}\nbob odd="1" ${bob}\n`;
  const path = await file('lines', text);
  expect(await issues({ allowedSignersFile: path })).toEqual([
    `trust.allowedSignersFile: ${path} line 3: cert-authority is not supported; list the keys of the people themselves`,
    expect.stringMatching(
      new RegExp(`^trust\\.allowedSignersFile: ${path} line 4: there is an unknown option`),
    ),
  ]);
});

test('names may come from the file', async () => {
  const path = await file('names', `alice@x,alice ${alice}\n`);
  const branches = { main: { signers: ['alice', 'carol'] }, testing: { signers: ['bob'] } };
  const remotes = [{ trust: { signers: ['alice@x', '*'] } }];
  const found = await issues(
    { allowedSignersFile: path, signers: [{ name: 'bob', sshKey: bob }], branches },
    remotes,
  );
  const allowed =
    'allowed are the names under trust.signers and trust.allowedSignersFile: bob, alice@x, alice';
  expect(found).toEqual([
    `trust.branches.main.signers[1]: ${allowed}`,
    `source.remotes[0].trust.signers[1]: ${allowed}`,
  ]);
});

test('a file in which nobody may sign for git is an error, unless signers are named beside it', async () => {
  const path = await file('nobody', `# none\nalice namespaces="file" ${alice}\n`);
  expect(await issues({ allowedSignersFile: path })).toEqual([
    `trust.allowedSignersFile: ${path} names nobody who may sign for git, and trust.signers is empty`,
  ]);
  expect(await issues({ allowedSignersFile: path, signers: [{ name: 'bob', sshKey: bob }] })).toEqual([]);
});

test('a key that is also inline would lose its window, so it is an error', async () => {
  const path = await file('window', `alice valid-before="20200101" ${alice}\n`);
  expect(await issues({ allowedSignersFile: path, signers: [{ name: 'al', sshKey: alice }] })).toEqual([
    `trust.allowedSignersFile: ${path} line 1: the key of signer al once more; allowed is a key in one of both places`,
  ]);
});

test('a revoked-keys file is a list of keys or a KRL, and nothing else', async () => {
  const weak = await ssh.publicKey('weak', 'rsa', 1024);
  const keyFile = await file('revoke', `${bob}\n`);
  await execa('ssh-keygen', ['-q', '-k', '-f', join(dir, 'krl'), keyFile]);
  await chmod(join(dir, 'krl'), 0o644);
  for (const good of [
    join(dir, 'krl'),
    keyFile,
    await file('none', ''),
    await file('list', `# c\r\n ${weak}\r\n\n${bob}`),
  ]) {
    expect(await issues({ revokedKeysFile: good })).toEqual([]);
  }
  const bad = await file(
    'bad',
    `${alice}\nsha256: ${bob}\nhash: SHA256:abc\nhunter2 hunter2\nno-pty ${bob}\n`,
  );
  const found = await issues({ revokedKeysFile: bad });
  expect(found).toEqual([
    expect.stringMatching(
      /^trust\.revokedKeysFile: .*bad line 2: this is the source of a key revocation list/,
    ),
    expect.stringMatching(/line 3: this is the source/),
    expect.stringMatching(/line 4: the first word is not a type of key/),
    expect.stringMatching(/line 5: the first word is not a type of key/),
  ]);
  expect(found.join('\n')).not.toContain('hunter2');
});

test('what a list of revoked keys may hold is what ssh-keygen can go on from', async () => {
  const allowed = await file('allowed', `a ${alice}\n`);
  const signed = await execa('ssh-keygen', ['-Y', 'sign', '-n', 'git', '-f', ssh.privateKeyFile('alice')], {
    input: 'x',
  });
  const signature = await file('signature', `${signed.stdout}\n`);
  for (const line of [bob, `# ${bob}`, '', 'serial: 1', 'nonsense', `no-pty ${bob}`]) {
    const revoked = await file('revoked', `${line}\n`);
    const args = ['-Y', 'verify', '-f', allowed, '-I', 'a', '-n', 'git', '-s', signature, '-r', revoked];
    const { exitCode } = await execa('ssh-keygen', args, { input: 'x', reject: false });
    expect(await issues({ revokedKeysFile: revoked }), line).toHaveLength(exitCode === 0 ? 0 : 1);
  }
});

test('an OpenPGP file must hold the key of the fingerprint as a primary key', async () => {
  const fingerprint = await gpg.create('carol', 'ed25519');
  const colons = (await gpg.gpg('--with-colons', '--list-keys', 'carol')).toString();
  const sub = [...colons.matchAll(/^fpr:+([0-9A-F]{40}):/gm)][1]?.[1] ?? '';
  const gpgKeyFile = await file('carol.asc', await gpg.gpg('--armor', '--export', 'carol'));
  const of = (gpgFingerprint: string, path = gpgKeyFile) =>
    issues({ signers: [{ name: 'carol', gpgKeyFile: path, gpgFingerprint }] });
  expect(await of(fingerprint)).toEqual([]);
  expect(await of(fingerprint.toLowerCase())).toEqual([]);
  expect(await of('AB'.repeat(20))).toEqual([
    `trust.signers[0].gpgKeyFile: the file does not hold the key ${'AB'.repeat(20)}; its primary key is ${fingerprint}`,
  ]);
  expect(await of(sub)).toEqual([
    expect.stringContaining(`as a subkey only; give the fingerprint of the primary key`),
  ]);
  const secret = await file('secret', await gpg.gpg('--armor', '--export-secret-keys', 'carol'), 0o600);
  expect(await of(fingerprint, secret)).toEqual([expect.stringContaining('the file holds a private key')]);
});

test('a file that is something else is not told line by line', async () => {
  const path = await file('prose', 'some words\n'.repeat(50));
  const found = await issues({ allowedSignersFile: path, revokedKeysFile: path });
  expect(found).toHaveLength(22);
  expect(found[10]).toBe(`trust.allowedSignersFile: ${path} has 40 more lines like these`);
});

test('lines for something else than git, and a config file that others can change, are warned of', async () => {
  const allowedSignersFile = await file('mixed', `alice ${alice}\nci namespaces="file" ${bob}\n`);
  const source = { remotes: [{ name: 'a', url: 'https://git.example.org/i' }] };
  const config = parseConfig({ source, trust: { allowedSignersFile } }, 'c', 'web1');
  const own = await file('config.yaml', '', 0o666);
  const warnings = [
    expect.stringMatching(/config\.yaml decides whom this host obeys and can be changed by others/),
    `${allowedSignersFile} line 2: its namespaces leave out git, so its key signs no commits.`,
  ];
  for (const path of [own, relative(process.cwd(), own)]) {
    expect(await findFileWarnings(path, config, uid)).toEqual(warnings);
  }
});

test('files that others can change, that are not there, or that are too large are not looked into', async () => {
  const open = await file('open', 'hunter2', 0o666);
  const large = await file('large', Buffer.alloc(1024 * 1024 + 1));
  expect(await issues({ allowedSignersFile: open, revokedKeysFile: join(dir, 'absent') })).toEqual([
    expect.stringMatching(
      /^trust\.allowedSignersFile: the file can be changed by others: .*open has mode 666$/,
    ),
    expect.stringMatching(/^trust\.revokedKeysFile: the file does not exist: /),
  ]);
  expect(await issues({ revokedKeysFile: large })).toEqual([
    expect.stringMatching(/larger than 1048576 bytes/),
  ]);
});
