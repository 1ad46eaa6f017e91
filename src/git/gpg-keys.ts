import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';

/** The keys of one generated GNUPGHOME: when each key or subkey expires, by its fingerprint, and whose it is. */
export type GpgKeys = ReadonlyMap<string, GpgKey>;

interface GpgKey {
  readonly primary: string;
  /** When it was made, in epoch milliseconds. */
  readonly made: number;
  /** The sooner of its own end and its primary key's, in epoch milliseconds; null: never. */
  readonly until: number | null;
}

/** A key file as it was read. */
export interface GpgKeyFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Makes a GNUPGHOME of nothing but these keys: no agent, no keyserver, no trust database, SHA-1 is no digest. Throws
 * Problem `trust_unusable` for a file that gpg cannot read, `tool_missing` without gpg.
 */
export async function importGpgKeys(
  {
    run,
    env,
    home,
  }: { readonly run: Run; readonly env: Readonly<Record<string, string>>; readonly home: string },
  files: readonly GpgKeyFile[],
  signal: AbortSignal,
): Promise<GpgKeys> {
  await mkdir(home, { mode: 0o700 });
  await writeFile(join(home, 'gpg.conf'), `${options.join('\n')}\n`, { mode: 0o600 });
  if (files.length === 0) return new Map();
  const gpg = (args: readonly string[], input?: Uint8Array) =>
    run({ file: 'gpg', args, env, timeoutMs: 60_000, ...(input ? { input } : {}) }, signal);
  for (const { path, bytes } of files) {
    const finished = await gpg(['--import', '--import-options', 'import-minimal'], bytes);
    // gpg ends with 2 when one of several keys is of no use; whether the wanted one is there is looked at below.
    if (finished.signal === null && !finished.timedOut && finished.exitCode !== null) continue;
    throw new Problem('trust_unusable', `gpg could not import ${path}: ${firstLine(finished.stderr)}`);
  }
  const listed = await gpg(['--with-colons', '--fixed-list-mode', '--list-keys']);
  if (!succeeded(listed)) {
    throw new Problem('trust_unusable', `gpg could not list the imported keys: ${firstLine(listed.stderr)}`);
  }
  return readListing(listed.stdout.toString('utf8'));
}

const options = [
  'batch',
  'no-tty',
  'no-autostart',
  'no-auto-key-retrieve',
  'no-auto-key-locate',
  'no-auto-check-trustdb',
  'disable-dirmngr',
  'trust-model always',
  'weak-digest SHA1',
  'lock-never',
  'no-greeting',
];

/** doc/DETAILS of GnuPG: field 1 the type of the record, 6 when it was made, 7 the end of validity, 10 the fingerprint. */
function readListing(text: string): GpgKeys {
  const keys = new Map<string, GpgKey>();
  let primary: GpgKey | null = null;
  let until: number | null = null;
  let made = 0;
  let isPrimary = false;
  for (const line of text.split('\n')) {
    const fields = line.split(':');
    if (fields[0] === 'pub' || fields[0] === 'sub') {
      isPrimary = fields[0] === 'pub';
      made = Number(fields[5]) * 1000;
      until = fields[6] ? Number(fields[6]) * 1000 : null;
    }
    if (fields[0] !== 'fpr') continue;
    const fingerprint = fields[9] ?? '';
    if (isPrimary) primary = { primary: fingerprint, made, until };
    if (primary)
      keys.set(fingerprint, { primary: primary.primary, made, until: sooner(until, primary.until) });
  }
  return keys;
}

/** The sooner of two times, where null is never. */
export function sooner(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function firstLine(text: string): string {
  return plainText(text.split('\n').find((line) => line !== '') ?? 'it said nothing', 300);
}
