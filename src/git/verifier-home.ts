import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import type { Run } from '../process.ts';
import { localEnvironment } from './environment.ts';
import { verifierConfig } from './git-config.ts';
import { importGpgKeys, type GpgKeys } from './gpg-keys.ts';
import { sshFingerprint, type KeyMaterial } from './keyring.ts';
import { ownDirectory } from './private-file.ts';

/** A directory with nothing but the configured keys, in which git may verify. */
export interface VerifierHome {
  readonly material: KeyMaterial;
  /** The complete environment of a git that verifies. */
  readonly env: Readonly<Record<string, string>>;
  readonly gpgKeys: GpgKeys;
  /** Fingerprints of configured SSH keys that are revoked. */
  readonly revokedSsh: ReadonlySet<string>;
}

/** What a home is made with. */
export interface HomeDeps {
  readonly run: Run;
  /** Holds one directory for each set of keys; nobody else's files belong there. */
  readonly dir: string;
  readonly path: string;
  /** The home that was used up to now: a git may still run in it. */
  readonly before: VerifierHome | null;
}

/** Makes the home of these keys anew and removes all others but the one before. Throws Problem `trust_unusable` or `tool_missing`. */
export async function makeVerifierHome(
  { run, dir, path, before }: HomeDeps,
  material: KeyMaterial,
  signal: AbortSignal,
): Promise<VerifierHome> {
  await ownDirectory(dir);
  const name = nameOf(material);
  for (const other of await readdir(dir)) {
    const inUse = before !== null && other === nameOf(before.material) && other !== name;
    if (other.startsWith('keys-') && !inUse) await rm(join(dir, other), { recursive: true, force: true });
  }
  const home = join(dir, name);
  const at = (name: string) => join(home, name);
  await mkdir(home, { mode: 0o700 });
  await mkdir(at('tmp'), { mode: 0o700 });
  const lines = [...material.sshKeys].map(([key, line]) => `${key} namespaces="git" ${line}\n`);
  await writeFile(at('allowed_signers'), lines.join(''), { mode: 0o600 });
  // A list that is configured and not there only makes ssh-keygen warn, so there always is one.
  await writeFile(at('revoked_keys'), material.revoked?.bytes ?? '', { mode: 0o600 });
  await writeFile(at('gitconfig'), verifierConfig(at('allowed_signers'), at('revoked_keys')), {
    mode: 0o600,
  });
  const env = {
    ...localEnvironment({ home, path, proxyEnvironment: {} }),
    GNUPGHOME: at('gnupg'),
    TMPDIR: at('tmp'),
  };
  const gpgKeys = await importGpgKeys({ run, env, home: at('gnupg') }, material.gpgFiles, signal);
  mustHaveAll(material, gpgKeys);
  return { material, env, gpgKeys, revokedSsh: await revokedKeys({ run, env, home }, material, signal) };
}

function nameOf({ digest }: KeyMaterial): string {
  return `keys-${digest.slice(0, 16)}`;
}

function mustHaveAll({ keys }: KeyMaterial, gpgKeys: GpgKeys): void {
  const missing = keys.find(({ kind, key }) => kind === 'gpg' && gpgKeys.get(key)?.primary !== key);
  if (!missing) return;
  throw new Problem(
    'trust_unusable',
    `the key file of signer ${missing.name} has no primary key ${missing.key}; export it with gpg --armor --export ${missing.key}`,
  );
}

const krlMagic = 'SSHKRL\n\0';

async function revokedKeys(
  {
    run,
    env,
    home,
  }: { readonly run: Run; readonly env: Readonly<Record<string, string>>; readonly home: string },
  { revoked, sshKeys }: KeyMaterial,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (revoked === null) return new Set();
  const bytes = Buffer.from(revoked.bytes);
  if (!bytes.subarray(0, krlMagic.length).equals(Buffer.from(krlMagic, 'latin1'))) {
    return listedKeys(revoked.path, bytes.toString('utf8'));
  }
  const found = new Set<string>();
  for (const [key, line] of sshKeys) {
    const file = join(home, 'probe.pub');
    await writeFile(file, `${line}\n`, { mode: 0o600 });
    const args = ['-Q', '-f', join(home, 'revoked_keys'), file];
    const { exitCode, stdout, stderr } = await run(
      { file: 'ssh-keygen', args, env, timeoutMs: 60_000 },
      signal,
    );
    if (exitCode === 1 && stdout.includes('REVOKED')) found.add(key);
    else if (exitCode !== 0) {
      throw new Problem('trust_unusable', `${revoked.path} cannot be asked: ${plainText(stderr, 300)}`);
    }
  }
  return found;
}

/** Lines of public keys; any type may be revoked, also one that may not sign. */
function listedKeys(path: string, text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.trim());
  return new Set(
    lines.flatMap((line, index) => {
      if (line === '' || line.startsWith('#')) return [];
      const base64 = /^\S+[ \t]+([A-Za-z0-9+/]+=*)(?:\s|$)/.exec(line)?.[1];
      if (base64) return [sshFingerprint(Buffer.from(base64, 'base64'))];
      throw new Problem(
        'trust_unusable',
        `${path} line ${index + 1}: a public key of one line is needed, like ssh-ed25519 AAAA..., or a key revocation list`,
      );
    }),
  );
}
