import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sign } from './signing.ts';

/** An SSH key and what it signs with it. */
export interface SshKey {
  /** Type and key, without comment. */
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly sign: Sign;
  /** Signs for another use than git commits. */
  signFor(namespace: string): Sign;
}

/** Makes a key with ssh-keygen in `dir`; each signature is one process. */
export function createSshKey(
  dir: string,
  name: string,
  type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519',
): SshKey {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, name);
  sshKeygen('-q', '-t', type, ...(type === 'rsa' ? ['-b', '2048'] : []), '-N', '', '-C', name, '-f', file);
  const signFor = (namespace: string) => (payload: Buffer) => {
    const scratch = mkdtempSync(join(dir, 'sign-'));
    writeFileSync(join(scratch, 'payload'), payload);
    sshKeygen('-q', '-Y', 'sign', '-n', namespace, '-f', file, join(scratch, 'payload'));
    const signature = readFileSync(join(scratch, 'payload.sig'), 'utf8');
    rmSync(scratch, { recursive: true });
    return signature;
  };
  const [kind, key] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { ...publicHalf(`${kind} ${key}`), sign: signFor('git'), signFor };
}

/** Makes an ed25519 key in this process, whose signatures cost no process: for long histories. */
export function createQuickKey(): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const type = 'ssh-ed25519';
  const blob = Buffer.concat([field(type), field(rawPublicKey(publicKey))]);
  const signFor = (namespace: string) => (payload: Buffer) => {
    const signature = signBytes(null, toBeSigned(payload, namespace), privateKey);
    return armored(blob, namespace, Buffer.concat([field(type), field(signature)]));
  };
  return { ...publicHalf(`${type} ${blob.toString('base64')}`), sign: signFor('git'), signFor };
}

/** A key as a hardware token has it, played in software: ssh-keygen verifies what it signs, touch and counter included. */
export function createTokenKey(): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const type = 'sk-ssh-ed25519@openssh.com';
  const application = 'ssh:';
  const blob = Buffer.concat([field(type), field(rawPublicKey(publicKey)), field(application)]);
  const touchedOnce = Buffer.from([0x01, 0, 0, 0, 7]);
  const signFor = (namespace: string) => (payload: Buffer) => {
    const message = sha256(toBeSigned(payload, namespace));
    const signature = signBytes(null, Buffer.concat([sha256(application), touchedOnce, message]), privateKey);
    return armored(blob, namespace, Buffer.concat([field(type), field(signature), touchedOnce]));
  };
  return { ...publicHalf(`${type} ${blob.toString('base64')}`), sign: signFor('git'), signFor };
}

/** An RSA key made in this process that signs with SHA-1, as old clients did. */
export function createSha1Key(): SshKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  // The modulus has its highest bit set, and would be negative without a zero before it.
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
  const blob = Buffer.concat([field('ssh-rsa'), field(Buffer.from(e, 'base64url')), field(modulus)]);
  const signFor = (namespace: string) => (payload: Buffer) => {
    const signature = signBytes('sha1', toBeSigned(payload, namespace), privateKey);
    return armored(blob, namespace, Buffer.concat([field('ssh-rsa'), field(signature)]));
  };
  return { ...publicHalf(`ssh-rsa ${blob.toString('base64')}`), sign: signFor('git'), signFor };
}

/** Writes a key revocation list of these keys. */
export function writeKrl(file: string, ...keys: readonly SshKey[]): void {
  const list = `${file}.keys`;
  writeFileSync(list, keys.map(({ publicKey }) => `${publicKey}\n`).join(''));
  sshKeygen('-q', '-k', '-f', file, list);
}

function publicHalf(publicKey: string): Pick<SshKey, 'publicKey' | 'fingerprint'> {
  const digest = sha256(Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')).toString('base64');
  return { publicKey, fingerprint: `SHA256:${digest.replace(/=+$/, '')}` };
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32);
}

// PROTOCOL.sshsig of OpenSSH.
function toBeSigned(payload: Buffer, namespace: string): Buffer {
  const hash = createHash('sha512').update(payload).digest();
  return Buffer.concat([Buffer.from('SSHSIG'), field(namespace), field(''), field('sha512'), field(hash)]);
}

function armored(publicKey: Buffer, namespace: string, signature: Buffer): string {
  const version = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('SSHSIG'),
    version,
    field(publicKey),
    field(namespace),
    field(''),
    field('sha512'),
    field(signature),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----', ''].join('\n');
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sha256(value: string | Buffer): Buffer {
  return createHash('sha256').update(value).digest();
}

function sshKeygen(...args: readonly string[]): void {
  execFileSync('ssh-keygen', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
