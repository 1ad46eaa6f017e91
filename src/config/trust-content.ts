import { readFile } from 'node:fs/promises';
import { parseAllowedSigners } from '../domain/allowed-signers.ts';
import type { AllowedSigner, AllowedSigners } from '../domain/allowed-signers.ts';
import { sshKeyText } from '../domain/ssh-key.ts';
import type { ConfigIssue } from './config-error.ts';
import { issueAt } from './issue-at.ts';
import { findPlaces, valueOf } from './key-path.ts';
import type { Place } from './key-path.ts';
import { readOpenPgpKeys } from './openpgp-key.ts';
import type { OpenPgpKeys } from './openpgp-key.ts';
import { findRevokedKeyFaults } from './revoked-keys.ts';
import type { Config } from './schema.ts';
import { findUnknownSigners, signerKeyText } from './trust-combination.ts';

/** Issues of an allowed-signers file by its lines, and of the names elsewhere in the config that it should know. */
export async function checkAllowedSigners(file: Place, config: unknown): Promise<readonly ConfigIssue[]> {
  const bytes = await readBytes(file);
  if (!Buffer.isBuffer(bytes)) return [bytes];
  const { signers, issues } = parseAllowedSigners(bytes.toString('utf8'));
  const of = (message: string) => issueAt(file.path, undefined, `${String(file.value)} ${message}`);
  const hasInline = findPlaces(config, 'trust.signers[]').length > 0;
  const isEmpty = signers.length === 0 && issues.length === 0 && !hasInline;
  return [
    ...first(issues.map(({ line, message }) => `line ${line}: ${message}`)).map(of),
    ...(isEmpty ? [of('names nobody who may sign for git, and trust.signers is empty')] : []),
    ...findInlineKeys(signers, config).map(({ line, name }) =>
      of(`line ${line}: the key of signer ${name} once more; allowed is a key in one of both places`),
    ),
    ...(issues.length > 0
      ? []
      : findUnknownSigners(config, [...new Set(signers.flatMap(({ names }) => names))])),
  ];
}

/** The allowed-signers file of a config that was loaded; null when there is none, or it is gone since. */
export async function readAllowedSigners({ trust }: Config): Promise<AllowedSigners | null> {
  const { allowedSignersFile: file } = trust;
  const text = file === null ? null : await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : parseAllowedSigners(text);
}

/** Issues of a file of revoked keys: a list that ssh cannot read revokes nothing that can be relied on. */
export async function checkRevokedKeys(file: Place): Promise<readonly ConfigIssue[]> {
  const bytes = await readBytes(file);
  if (!Buffer.isBuffer(bytes)) return [bytes];
  return first(findRevokedKeyFaults(bytes)).map((fault) =>
    issueAt(file.path, undefined, `${String(file.value)} ${fault}`),
  );
}

/** Issues of a signer's OpenPGP file: it must hold the key of the configured fingerprint, and no private one. */
export async function checkGpgKey(file: Place, signer: unknown): Promise<readonly ConfigIssue[]> {
  const fingerprint = valueOf(signer, 'gpgFingerprint');
  const bytes = await readBytes(file);
  if (!Buffer.isBuffer(bytes)) return [bytes];
  const keys = readOpenPgpKeys(bytes);
  const fault =
    typeof keys === 'string'
      ? keys
      : typeof fingerprint === 'string'
        ? compare(keys, fingerprint.toUpperCase())
        : null;
  return fault === null ? [] : [issueAt(file.path, file.value, `the file ${fault}`)];
}

const mostBytes = 1024 * 1024;
const mostFaults = 10;

/** A file that is something else altogether has a fault in every line; the first ones say enough. */
function first(faults: readonly string[]): readonly string[] {
  const more = faults.length - mostFaults;
  return more <= 0 ? faults : [...faults.slice(0, mostFaults), `has ${more} more lines like these`];
}

async function readBytes({ path, value }: Place): Promise<Buffer | ConfigIssue> {
  try {
    const bytes = await readFile(String(value));
    return bytes.length > mostBytes
      ? issueAt(path, value, `the file is larger than ${mostBytes} bytes`)
      : bytes;
  } catch (error) {
    return issueAt(path, value, `the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

// The inline signer has no window; it would lift the one that the file gives the same key.
function findInlineKeys(signers: readonly AllowedSigner[], config: unknown) {
  const inline = findPlaces(config, 'trust.signers[]').map(({ value }) => ({
    text: signerKeyText(value),
    name: String(valueOf(value, 'name')),
  }));
  return signers.flatMap(({ line, key }) => {
    const text = sshKeyText(key);
    return inline.filter((one) => one.text === text).map(({ name }) => ({ line, name }));
  });
}

function compare({ primary, sub, hasOthers }: OpenPgpKeys, fingerprint: string): string | null {
  if (primary.includes(fingerprint) || hasOthers) return null;
  const has = `its primary ${primary.length === 1 ? 'key is' : 'keys are'} ${primary.join(', ')}`;
  return sub.includes(fingerprint)
    ? `holds ${fingerprint} as a subkey only; give the fingerprint of the primary key: ${has}`
    : `does not hold the key ${fingerprint}; ${has}`;
}
