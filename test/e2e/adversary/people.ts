import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGpgKeyring, type GpgKey, type GpgKeyring } from '../../harness/gpg-keyring.ts';
import type { Sign } from '../../harness/signing.ts';
import {
  createQuickKey,
  createSha1Key,
  createSshKey,
  createTokenKey,
  type SshKey,
} from '../../harness/ssh-signer.ts';

/** Everybody who signs in these tests, with the files that a policy names. */
export interface People {
  readonly dir: string;
  readonly gpg: GpgKeyring;
  readonly ssh: Readonly<Record<SshPerson, SshKey>>;
  readonly pgp: Readonly<Record<GpgPerson, GpgKey>>;
  /** The `trust.signers` entry of somebody. */
  signer(name: SshPerson | GpgPerson): Readonly<Record<string, string>>;
  sign(name: SshPerson | GpgPerson): Sign;
  /** Git's allowed-signers file with windows and uses of keys. */
  readonly allowedSignersFile: string;
  readonly revokedKeysFile: string;
  close(): void;
}

const sshPeople = ['ada', 'ron', 'eli', 'tok', 'old', 'new', 'use', 'lost', 'mal', 'sha'] as const;
type SshPerson = (typeof sshPeople)[number];

const gpgPeople = ['bob', 'rita', 'sue', 'noa', 'eve', 'lou', 'max', 'zed'] as const;
type GpgPerson = (typeof gpgPeople)[number];

/**
 * Makes all keys in `dir`, which has to be short. Of SSH: ada, ron and eli have a key of each type, tok a hardware
 * token, old a key whose window is over, new one whose window is to come, use one for other uses, lost a revoked one,
 * mal none that is configured, sha an RSA key that signs with SHA-1. Of OpenPGP: bob and rita, sue with a signing subkey, noa with a subkey that expired, eve
 * expired herself, lou revoked, max configured nowhere but
 * present in bob's file, zed nowhere at all.
 */
export function createPeople(dir: string): People {
  const gpg = createGpgKeyring(join(dir, 'g'));
  const ssh = createSshPeople(join(dir, 'ssh'));
  const primary = gpg.create('Sue <sue@example.org>', { at: '20240101T000000' });
  const noa = gpg.create('Noa <noa@example.org>', { at: '20240101T000000' });
  gpg.addSubkey(noa, { at: '20240201T000000', expires: '30d' });
  const bob = gpg.create('Bob <bob@example.org>');
  const pgp: Record<GpgPerson, GpgKey> = {
    bob,
    rita: gpg.create('Rita <rita@example.org>', { type: 'rsa2048', at: '20240101T000000' }),
    sue: gpg.addSubkey(primary),
    noa,
    eve: gpg.create('Eve <eve@example.org>', { at: '20240101T000000', expires: '2024-06-01' }),
    lou: gpg.create('Lou <lou@example.org>'),
    zed: gpg.create('Zed <zed@example.org>'),
    max: gpg.create(`x] [GNUPG:] VALIDSIG ${bob.fingerprint} <max@example.org>`),
  };
  const publicKeys = (name: GpgPerson) => {
    if (name === 'lou') return gpg.revoked(pgp.lou);
    return name === 'bob' ? gpg.publicKeys(pgp.bob, pgp.max) : gpg.publicKeys(pgp[name]);
  };
  for (const name of gpgPeople) writeFileSync(join(dir, `${name}.asc`), publicKeys(name));
  const allowedSignersFile = join(dir, 'allowed-signers');
  writeFileSync(allowedSignersFile, allowedSigners(ssh));
  const revokedKeysFile = join(dir, 'revoked-keys');
  writeFileSync(revokedKeysFile, `${ssh.lost.publicKey}\n`);
  const isGpg = (name: string): name is GpgPerson => gpgPeople.some((person) => person === name);
  return {
    dir,
    gpg,
    ssh,
    pgp,
    signer: (name) =>
      isGpg(name)
        ? { name, gpgKeyFile: join(dir, `${name}.asc`), gpgFingerprint: pgp[name].fingerprint }
        : { name, sshKey: ssh[name].publicKey },
    sign: (name) => (isGpg(name) ? pgp[name].sign : ssh[name].sign),
    allowedSignersFile,
    revokedKeysFile,
    close: () => gpg.close(),
  };
}

/** A policy that knows everybody but use, mal, max and zed. */
export function policyOf(people: People, mode: 'tip' | 'range') {
  const names = ['ada', 'ron', 'eli', 'tok', 'sha', 'bob', 'rita', 'sue', 'noa', 'eve', 'lou'] as const;
  const { allowedSignersFile, revokedKeysFile } = people;
  return { mode, signers: names.map((name) => people.signer(name)), allowedSignersFile, revokedKeysFile };
}

function createSshPeople(dir: string): Record<SshPerson, SshKey> {
  const made = {
    ada: createSshKey(dir, 'ada'),
    ron: createSshKey(dir, 'ron', 'rsa'),
    eli: createSshKey(dir, 'eli', 'ecdsa'),
    tok: createTokenKey(),
    sha: createSha1Key(),
  };
  const quick = sshPeople.map((name) => [name, createQuickKey()] as const);
  return { ...(Object.fromEntries(quick) as Record<SshPerson, SshKey>), ...made };
}

function allowedSigners({ old, new: coming, use, lost }: Record<SshPerson, SshKey>): string {
  return [
    '# people whose keys have conditions',
    `old namespaces="git",valid-before="20240601Z" ${old.publicKey}`,
    `new namespaces="git",valid-after="20990101" ${coming.publicKey} somebody to come`,
    `use namespaces="file" ${use.publicKey}`,
    `lost ${lost.publicKey}`,
    '',
  ].join('\n');
}
