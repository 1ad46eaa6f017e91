import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeTrust } from '../../src/config/describe-trust.ts';
import { describeConfig, findConfigWarnings } from '../../src/config/describe.ts';
import { parseConfig } from '../../src/config/load.ts';
import { readAllowedSigners } from '../../src/config/trust-content.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';
import type { SshKeys } from '../harness/ssh-keys.ts';

let dir: string;
let keys: SshKeys;
let alice: { name: string; sshKey: string };
const bob = { name: 'bob', gpgKeyFile: '/etc/abide/bob.asc', gpgFingerprint: 'ab'.repeat(20) };
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-describe-'));
  keys = await createSshKeys();
  alice = { name: 'alice', sshKey: await keys.publicKey('alice', 'ed25519') };
});
afterAll(() => Promise.all([rm(dir, { recursive: true, force: true }), keys.remove()]));

function parse(trust: object, ...remotes: object[]) {
  const all = [{ name: 'origin', url: 'https://git.example.org/i.git' }, ...remotes];
  return parseConfig({ source: { remotes: all }, trust }, 'c', 'web1');
}

test('every part of a policy has its sentence, with the fingerprint that ssh-keygen shows', async () => {
  const shown = await execa('ssh-keygen', ['-l', '-f', `${keys.privateKeyFile('alice')}.pub`]);
  const fingerprint = shown.stdout.split(' ')[1] ?? '';
  const config = parse(
    {
      signers: [alice, bob],
      revokedKeysFile: '/etc/abide/revoked',
      anchor: 'c'.repeat(40),
      floor: 'seen',
      branches: { main: { signers: ['alice'] }, testing: { allowReplay: true } },
      clockSkew: '1m',
      maxRange: 7,
      quorum: 2,
    },
    { name: 'mirror', url: '/srv/infra', trust: { signers: ['alice', 'bob'] }, branches: { testing: null } },
    { name: 'here', url: '/srv/own', trust: { mode: 'none' } },
  );
  expect(describeTrust(config, null)).toEqual([
    'Trust is range: every new commit must be signed by a key named here, merged ones too.',
    `Signer alice: SSH key ${fingerprint} (ssh-ed25519), from trust.signers.`,
    `Signer bob: OpenPGP key ${'AB'.repeat(20)} and its subkeys, from /etc/abide/bob.asc.`,
    'SSH keys in /etc/abide/revoked are revoked, OpenPGP keys in their own files; files of keys are read again at every poll.',
    'Who may sign main: alice; testing: every signer.',
    'Who may sign for remote mirror: main: alice.',
    'From remote here no commit has to be signed.',
    `History counts from commit ${'c'.repeat(40)} on; what is below it is not verified, and what does not descend from it is refused.`,
    'The host never goes back behind the newest main commit accepted here.',
    'A commit counts when at least 2 of 3 remotes offer it.',
    'A commit dated more than 1m ahead of this clock waits; more than 7 new commits at once are refused; a testing commit that was superseded may come back.',
  ]);
  expect(findConfigWarnings(config)).toEqual([
    'UNSIGNED: anyone who can push to /srv/own is root on this host.',
  ]);
});

test('the defaults are said as plainly', () => {
  const sentences = describeTrust(parse({ mode: 'tip', signers: [alice] }), null);
  expect(sentences[0]).toMatch(/^Trust is tip: the newest commit of a branch must be signed/);
  expect(sentences.slice(2)).toEqual([
    'No file revokes SSH keys; OpenPGP keys are revoked in their own files; files of keys are read again at every poll.',
    'Who may sign main: every signer; testing: every signer.',
    'History counts from the first accepted tip on, which is announced; what is below it is not verified.',
    'The host never goes back behind the newest main commit deployed here.',
    'One remote is enough to offer a commit.',
    'A commit dated more than 10m ahead of this clock waits; more than 20000 new commits at once are refused; a testing commit that was superseded does not come back.',
  ]);
  expect(findConfigWarnings(parse({ signers: [alice] }))).toEqual([]);
});

test('keys of a file are named with their lines and windows when it was read', async () => {
  const allowedSignersFile = join(dir, 'allowed');
  const window = 'valid-after="20240101",valid-before="20260101"';
  await writeFile(allowedSignersFile, `# team\nalice@x,al ${window} ${alice.sshKey}\n`);
  const config = parse({ allowedSignersFile });
  const read = describeConfig(config, (await readAllowedSigners(config))?.signers);
  expect(read).toContainEqual(
    expect.stringMatching(
      /^Signer alice@x, al: SSH key SHA256:\S{43} \(ssh-ed25519\), from .*allowed line 2, valid from 2024-01-01T00:00:00\.000Z, valid up to 2026-01-01T00:00:00\.000Z\.$/,
    ),
  );
  expect(describeConfig(config)).toContain(`More signers are named in ${allowedSignersFile}.`);
  expect(await readAllowedSigners(parse({ signers: [alice] }))).toBeNull();
  expect(await readAllowedSigners(parse({ allowedSignersFile: join(dir, 'gone') }))).toBeNull();
});

test('mode none is said, and warned of with every URL', () => {
  const config = parse({ mode: 'none' }, { name: 'b', url: '/srv/b', trust: { mode: 'none' } });
  expect(describeTrust(config, null)).toEqual([
    'Trust is none: no commit has to be signed.',
    'The host never goes back behind the newest main commit deployed here.',
    'One remote is enough to offer a commit.',
  ]);
  expect(findConfigWarnings(config)).toEqual([
    'UNSIGNED: anyone who can push to https://git.example.org/i.git, /srv/b is root on this host.',
  ]);
});

test('lists that leave nobody are warned of', () => {
  const branches = { testing: { signers: ['bob'] } };
  const config = parse(
    { signers: [alice, bob], branches },
    { name: 'm', url: '/m', trust: { signers: ['alice'] } },
  );
  expect(findConfigWarnings(config)).toEqual([
    'Nobody may sign testing of remote m: the signers of both lists have no name in common.',
  ]);
});
