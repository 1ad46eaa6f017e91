import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { modeOf, policyInConfig } from '../../src/daemon/policy-in-config.ts';

const remote = (name: string, trust: object | null) => ({ name, trust });
const config = (signers: readonly object[], remotes = [remote('origin', null)]) =>
  ({ trust: { mode: 'range', signers }, source: { remotes } }) as unknown as Config;

test('signers are named with the fingerprints that ssh-keygen and gpg show', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'abide-policy-'));
  try {
    const key = join(dir, 'key');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a comment', '-f', key]);
    const sshKey = readFileSync(`${key}.pub`, 'utf8').trim();
    const { stdout } = await execa('ssh-keygen', ['-lf', key]);
    const gpg = { name: 'bob', gpgKeyFile: '/etc/bob.asc', gpgFingerprint: 'ab'.repeat(20) };
    expect(policyInConfig(config([{ name: 'alice', sshKey }, gpg])).signers).toEqual([
      { kind: 'ssh', key: stdout.split(' ')[1], name: 'alice' },
      { kind: 'gpg', key: 'AB'.repeat(20), name: 'bob' },
    ]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test('the digest follows the rules of trust and of every remote', () => {
  const digest = (given: Config) => policyInConfig(given).digest;
  const plain = digest(config([]));
  expect(plain).toBe(digest(config([])));
  expect(plain).not.toBe(digest(config([{ name: 'bob', gpgFingerprint: 'ab' }])));
  expect(plain).not.toBe(digest(config([], [remote('origin', { mode: 'none' })])));
});

test('a remote may be freed alone', () => {
  const given = config(
    [],
    [remote('origin', null), remote('lab', { mode: 'none' }), remote('few', { signers: [] })],
  );
  expect(['origin', 'lab', 'few'].map((name) => modeOf(given, name))).toEqual(['range', 'none', 'range']);
});
