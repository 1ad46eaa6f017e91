import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigError } from '../../src/config/config-error.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createSshKeys } from '../harness/ssh-keys.ts';
import type { SshKeys } from '../harness/ssh-keys.ts';

let keys: SshKeys;
let alice: { name: string; sshKey: string };
let bob: { name: string; sshKey: string };
beforeAll(async () => {
  keys = await createSshKeys();
  alice = { name: 'alice', sshKey: await keys.publicKey('alice', 'ed25519') };
  bob = { name: 'bob', sshKey: await keys.publicKey('bob', 'ecdsa') };
});
afterAll(() => keys.remove());

/** Issues of a config with this trust, and perhaps trust of its only remote. */
function issues(trust: object, remoteTrust?: object): string[] {
  const remote = { name: 'origin', url: '/srv/infra', ...(remoteTrust && { trust: remoteTrust }) };
  try {
    parseConfig({ source: { remotes: [remote] }, trust }, 'c', 'web1');
    return [];
  } catch (error) {
    const lines = (error as ConfigError).message.split('\n');
    return (lines.length > 1 ? lines.slice(1) : lines).map((line) => line.trim());
  }
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test('mode none beside anything that names keys is an error that names all of it', () => {
  const branches = { testing: { signers: ['alice'] }, main: { signers: ['bob'] } };
  const everything = { signers: [alice, bob], allowedSignersFile: '/a', revokedKeysFile: '/r', branches };
  expect(issues({ mode: 'none', ...everything }, { signers: ['alice'] })).toContainEqual(
    'trust.mode: found "none"; with mode none no key is asked for, so these would not be enforced: trust.signers, trust.allowedSignersFile, trust.revokedKeysFile, trust.branches.main.signers, trust.branches.testing.signers, source.remotes[0].trust.signers; write mode range or tip, or take them out',
  );
  for (const one of [{ revokedKeysFile: '/r' }, { branches: { main: { signers: ['alice'] } } }]) {
    expect(issues({ mode: 'none', ...one })).toContainEqual(
      matching(/^trust\.mode: found "none"; with mode none/),
    );
  }
  expect(issues({ mode: 'none' }, { signers: ['alice'] })).toContainEqual(
    matching(/remotes\[0\]\.trust\.signers; write/),
  );
  expect(issues({ mode: 'none', signers: [] })).toEqual([]);
});

test('keys are needed for every other mode', () => {
  for (const trust of [{}, { mode: 'range' }, { mode: 'tip', revokedKeysFile: '/r' }, { signers: [] }]) {
    expect(issues(trust)).toContainEqual(
      matching(/^trust\.mode: .*give signers or allowedSignersFile, or write mode: none/),
    );
  }
});

test('an empty list of signers is an error that says what is meant by it', () => {
  expect(issues({ signers: [alice], branches: { testing: { signers: [] } } })).toContainEqual(
    'trust.branches.testing.signers: found an empty list; nobody could sign for testing; leave it out to allow every signer; to switch testing off, write branches.testing: null at each remote',
  );
  expect(issues({ signers: [alice], branches: { main: { signers: [] } } })).toContainEqual(
    'trust.branches.main.signers: found an empty list; nobody could sign for main; leave it out to allow every signer',
  );
  expect(issues({ signers: [alice] }, { signers: [] })).toContainEqual(
    matching(/^source\.remotes\[0\]\.trust\.signers: found an empty list; nobody could sign for this remote/),
  );
});

test('names in lists of signers must exist, unless a file may know them', () => {
  const trust = { signers: [alice, bob], branches: { main: { signers: ['alice', 'carol'] } } };
  const unknown = matching(
    /^trust\.branches\.main\.signers\[1\]: found "carol"; allowed are .*: alice, bob$/,
  );
  expect(issues(trust, { signers: ['dave'] })).toEqual(
    expect.arrayContaining([unknown, matching(/^source\.remotes\[0\]\.trust\.signers\[0\]: found "dave"/)]),
  );
  expect(issues({ ...trust, allowedSignersFile: '/a' })).not.toContainEqual(unknown);
});

test('one key under two names is an error', () => {
  const again = { name: 'carol', sshKey: alice.sshKey.replace(/ alice$/, ' somebody else') };
  expect(issues({ signers: [alice, bob, again] })).toContainEqual(
    'trust.signers[2].sshKey: the key of signer alice once more; allowed is a key that no other signer has',
  );
  const gpg = { gpgKeyFile: '/k', gpgFingerprint: 'ab'.repeat(20) };
  const twice = [
    { name: 'a', ...gpg },
    { name: 'b', ...gpg, gpgFingerprint: 'AB'.repeat(20) },
  ];
  expect(issues({ signers: twice })).toContainEqual(
    matching(/^trust\.signers\[1\]\.gpgFingerprint: the key of signer a once more/),
  );
});

test('a key that is weak, cut, of another type or private is an error, and a secret is not shown', async () => {
  const weak = await keys.publicKey('weak', 'rsa', 1024);
  expect(issues({ signers: [{ name: 'w', sshKey: weak }] })).toContainEqual(
    'trust.signers[0].sshKey: the RSA key has 1024 bits; allowed are 2048 to 16384',
  );
  expect(issues({ signers: [{ name: 'w', sshKey: alice.sshKey.slice(0, 40) }] })).toContainEqual(
    matching(/^trust\.signers\[0\]\.sshKey: the key/),
  );
  for (const sshKey of ['ssh-dss AAAA', 'ssh-ed25519-cert-v01@openssh.com AAAA', 'ssh-ed25519']) {
    expect(issues({ signers: [{ name: 'w', sshKey }] })).toContainEqual(
      matching(
        /^trust\.signers\[0\]\.sshKey: found ".*"; allowed is an SSH public key of one line, of type ssh-ed25519/,
      ),
    );
  }
  for (const sshKey of ['-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n', 'c2VjcmV0']) {
    const found = issues({ signers: [{ name: 'w', sshKey }] });
    expect(found).toContainEqual(
      matching(/^trust\.signers\[0\]\.sshKey: found \(a value that is not shown\)/),
    );
    expect(found.join('\n')).not.toContain('c2VjcmV0');
  }
});

test('a quorum counts the remotes that offer main', () => {
  const remotes = [
    { name: 'a', url: '/a' },
    { name: 'b', url: '/b', branches: { main: null } },
  ];
  const parse = () =>
    parseConfig({ source: { remotes }, trust: { signers: [alice], quorum: 2 } }, 'c', 'web1');
  expect(parse).toThrow(
    /trust\.quorum: found 2; allowed is at most the number of remotes that offer main, 1/,
  );
});

test('a signer has one kind of key', () => {
  for (const signer of [
    { name: 'a' },
    { name: 'a', gpgKeyFile: '/k' },
    { ...alice, gpgFingerprint: 'ab'.repeat(20) },
  ]) {
    expect(issues({ signers: [signer] })).toContainEqual(
      'trust.signers[0]: trust.signers[0] needs either sshKey, or gpgKeyFile and gpgFingerprint',
    );
  }
});
