import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseAllowedSigners } from '../domain/allowed-signers.ts';
import { Problem } from '../domain/problem.ts';
import { parseSshPublicKey } from '../domain/ssh-key.ts';
import type { SigningKey } from '../domain/trust-policy.ts';

/** Where the configuration says the keys are; files are read at each use. */
export interface KeySources {
  readonly signers: readonly SignerSource[];
  readonly allowedSignersFile: string | null;
  readonly revokedKeysFile: string | null;
}

/** One configured signer: an SSH key in the configuration itself, or an OpenPGP key in a file. */
export type SignerSource =
  | { readonly name: string; readonly sshKey: string }
  | { readonly name: string; readonly gpgKeyFile: string; readonly gpgFingerprint: string };

/** Every key that may sign and every file that says so, as they were at one moment. */
export interface KeyMaterial {
  /** SHA-256 of all of it: an equal digest means that every signature would be found the same. */
  readonly digest: string;
  readonly keys: readonly SigningKey[];
  /** Type and base64 of each SSH key, by its fingerprint. */
  readonly sshKeys: ReadonlyMap<string, string>;
  readonly gpgFiles: readonly { readonly path: string; readonly bytes: Uint8Array }[];
  /** A key revocation list, or lines of public keys; null when none is configured. */
  readonly revoked: { readonly path: string; readonly bytes: Uint8Array } | null;
}

/** Says why a file that decides trust cannot be relied on, as the end of a sentence; null when it can. */
export type CheckTrustFile = (path: string) => Promise<string | null>;

/**
 * Reads the keys as they are now. Throws Problem `trust_unusable`, naming the file, for one that is missing, can be
 * written by others or cannot be understood: with fewer keys than configured nothing may be decided.
 */
export async function readKeyMaterial(sources: KeySources, check: CheckTrustFile): Promise<KeyMaterial> {
  const read = (path: string) => readTrusted(path, check);
  const gpgFiles = await Promise.all(
    [...new Set(sources.signers.flatMap((one) => ('gpgKeyFile' in one ? [one.gpgKeyFile] : [])))].map(read),
  );
  const allowed = sources.allowedSignersFile === null ? null : await read(sources.allowedSignersFile);
  const revoked = sources.revokedKeysFile === null ? null : await read(sources.revokedKeysFile);
  const ssh = [
    ...sources.signers.flatMap((one) => ('sshKey' in one ? [inlineKey(one)] : [])),
    ...(allowed === null ? [] : allowedKeys(allowed)),
  ];
  const gpg = sources.signers.flatMap((one) => ('gpgKeyFile' in one ? [gpgKey(one)] : []));
  const keys = [...ssh.map(({ key }) => key), ...gpg];
  return {
    digest: digestOf(keys, [...gpgFiles, ...(revoked ? [revoked] : [])]),
    keys,
    sshKeys: new Map(ssh.map(({ key, line }) => [key.key, line])),
    gpgFiles,
    revoked,
  };
}

interface SshEntry {
  readonly key: SigningKey;
  readonly line: string;
}

async function readTrusted(path: string, check: CheckTrustFile) {
  const why = await check(path);
  if (why !== null) throw new Problem('trust_unusable', `${path} decides whom this host obeys and ${why}`);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Problem('trust_unusable', `${path} cannot be read (${cause.code})`, { cause });
  });
  return { path, bytes };
}

function inlineKey({ name, sshKey }: Extract<SignerSource, { sshKey: string }>): SshEntry {
  const parsed = parseSshPublicKey(sshKey);
  if (typeof parsed === 'string')
    throw new Problem('trust_unusable', `the SSH key of signer ${name}: ${parsed}`);
  return sshEntry(name, parsed, null, null);
}

function allowedKeys({ path, bytes }: { readonly path: string; readonly bytes: Buffer }): SshEntry[] {
  const { signers, issues } = parseAllowedSigners(bytes.toString('utf8'));
  const [first] = issues;
  if (first) throw new Problem('trust_unusable', `${path} line ${first.line}: ${first.message}`);
  return signers.flatMap(({ names, key, validAfter, validBefore }) =>
    names.map((name) => sshEntry(name, key, validAfter, validBefore)),
  );
}

function sshEntry(
  name: string,
  { type, blob }: { readonly type: string; readonly blob: Uint8Array },
  validAfter: number | null,
  validBefore: number | null,
): SshEntry {
  const key = { kind: 'ssh', key: sshFingerprint(blob), name, validAfter, validBefore } as const;
  return { key, line: `${type} ${Buffer.from(blob).toString('base64')}` };
}

/** `SHA256:` and the digest of the key as ssh-keygen writes it. */
export function sshFingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

function gpgKey({ name, gpgFingerprint }: Extract<SignerSource, { gpgKeyFile: string }>): SigningKey {
  return { kind: 'gpg', key: gpgFingerprint.toUpperCase(), name, validAfter: null, validBefore: null };
}

function digestOf(keys: readonly SigningKey[], files: readonly { readonly bytes: Uint8Array }[]): string {
  const hash = createHash('sha256').update(JSON.stringify(keys));
  for (const { bytes } of files) hash.update(`\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex');
}
