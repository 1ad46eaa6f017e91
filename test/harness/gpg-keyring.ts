import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sign } from './signing.ts';

/** An OpenPGP key in a private keyring. */
export interface GpgKey {
  /** Of the primary key. */
  readonly fingerprint: string;
  /** Signs with the primary key. */
  readonly sign: Sign;
}

/** What a new key is like. */
export interface GpgKeyOptions {
  readonly type?: 'ed25519' | 'rsa2048';
  /** When it is made, as gpg reads it: `20240101T000000`. */
  readonly at?: string;
  /** `never`, or as gpg reads it: `2024-06-01`, `30d`. */
  readonly expires?: string;
}

/** A keyring of a test's own. */
export interface GpgKeyring {
  readonly home: string;
  create(user: string, options?: GpgKeyOptions): GpgKey;
  /** Adds a signing subkey and gives the key as it signs with that; it expires with the key unless told otherwise. */
  addSubkey(key: GpgKey, options?: GpgKeyOptions): GpgKey;
  /** Signs with more arguments for gpg, such as a faked time or another digest. */
  signWith(keys: readonly Pick<GpgKey, 'fingerprint'>[], ...more: readonly string[]): Sign;
  /** The public keys, armoured. */
  publicKeys(...keys: readonly GpgKey[]): string;
  /** The public key with its revocation; this keyring goes on signing with it. */
  revoked(key: GpgKey): string;
  /** Ends the agent. */
  close(): void;
}

/** Makes an empty keyring in `dir`, which has to be short, because the agent's socket is in it. */
export function createGpgKeyring(dir: string): GpgKeyring {
  const gpg = openKeyring(dir);
  const signWith: GpgKeyring['signWith'] = (keys, ...more) => {
    const by = keys.flatMap(({ fingerprint }) => ['--local-user', `${fingerprint}!`]);
    return (payload) => gpg([...more, ...by, '--armor', '--detach-sign', '--output', '-'], payload);
  };
  const keyOf = (fingerprint: string): GpgKey => ({ fingerprint, sign: signWith([{ fingerprint }]) });
  const publicKeys: GpgKeyring['publicKeys'] = (...keys) =>
    gpg(['--armor', '--export', ...keys.map(({ fingerprint }) => fingerprint)]);
  return {
    home: dir,
    create: (user, { type = 'ed25519', at, expires = 'never' } = {}) => {
      const known = new Set(fingerprints(gpg, 'pub'));
      gpg([...faked(at), '--allow-freeform-uid', '--quick-gen-key', user, type, 'sign', expires]);
      return keyOf(added(fingerprints(gpg, 'pub'), known));
    },
    addSubkey: ({ fingerprint }, { type = 'ed25519', at, expires = 'never' } = {}) => {
      const known = new Set(fingerprints(gpg, 'sub'));
      gpg([...faked(at), '--quick-add-key', fingerprint, type, 'sign', expires]);
      return { fingerprint, sign: keyOf(added(fingerprints(gpg, 'sub'), known)).sign };
    },
    signWith,
    publicKeys,
    revoked: (key) => {
      const scratch = join(dir, 'revoked');
      const other = openKeyring(scratch);
      other(['--import'], Buffer.from(publicKeys(key)));
      other(['--import'], Buffer.from(revocationOf(dir, key)));
      const revoked = other(['--armor', '--export', key.fingerprint]);
      rmSync(scratch, { recursive: true });
      return revoked;
    },
    close: () => {
      execFileSync('gpgconf', ['--homedir', dir, '--kill', 'gpg-agent'], { stdio: 'ignore' });
    },
  };
}

/** gpg's arguments for another time. */
export function faked(at: string | undefined): string[] {
  return at === undefined ? [] : ['--faked-system-time', at];
}

type Gpg = (args: readonly string[], input?: Buffer) => string;

function openKeyring(dir: string): Gpg {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'gpg.conf'), 'batch\nno-tty\nquiet\npinentry-mode loopback\npassphrase ""\n');
  return (args, input) =>
    execFileSync('gpg', ['--homedir', dir, ...args], {
      input: input ?? '',
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
}

function fingerprints(gpg: Gpg, kind: 'pub' | 'sub'): string[] {
  const lines = gpg(['--with-colons', '--fingerprint', '--fingerprint', '--list-keys']).split('\n');
  return lines.flatMap((line, index) =>
    line.startsWith(`${kind}:`) ? [lines[index + 1]?.split(':')[9] ?? ''] : [],
  );
}

function added(now: readonly string[], before: ReadonlySet<string>): string {
  const fresh = now.find((fingerprint) => !before.has(fingerprint));
  if (fresh === undefined) throw new Error('gpg made no key');
  return fresh;
}

// gpg writes one with each key, with a colon before it so that nobody imports it by accident.
function revocationOf(dir: string, { fingerprint }: GpgKey): string {
  const place = join(dir, 'openpgp-revocs.d');
  const file = readdirSync(place).find((name) => name.startsWith(fingerprint)) ?? '';
  return readFileSync(join(place, file), 'utf8').replace(/^:(?=-----BEGIN)/m, '');
}
