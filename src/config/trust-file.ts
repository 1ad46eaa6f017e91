import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkTrustedPath } from './check-path.ts';
import type { ConfigIssue } from './config-error.ts';
import { issueAt } from './issue-at.ts';
import { findPlaces, valueOf } from './key-path.ts';
import type { Place } from './key-path.ts';
import { findForeignRemotes } from './local-remote.ts';
import type { Config } from './schema.ts';
import { checkAllowedSigners, checkGpgKey, checkRevokedKeys, readAllowedSigners } from './trust-content.ts';

/**
 * Issues for what is on this machine and decides trust: files that are missing, that others can change, or that do not
 * hold what they should; repositories of others where nothing is signed. `config` need not be valid.
 */
export async function findFileIssues(config: unknown, uid: number): Promise<readonly ConfigIssue[]> {
  const checked = Object.entries(checks).flatMap(([key, check]) =>
    findPlaces(config, key).map((place) => checkFile(place, uid, (file) => check(file, config))),
  );
  return (await Promise.all([...checked, findForeignRemotes(config, uid)])).flat();
}

/** Looks into a file that decides whom this host obeys and that nobody else can change. */
type ContentCheck = (file: Place, config: unknown) => Promise<readonly ConfigIssue[]>;

const checks: Readonly<Record<string, ContentCheck>> = {
  'trust.allowedSignersFile': checkAllowedSigners,
  'trust.revokedKeysFile': checkRevokedKeys,
  'trust.signers[].gpgKeyFile': (file, config) => {
    const signer = file.path.at(-2);
    const signers = valueOf(config, 'trust.signers');
    return checkGpgKey(file, Array.isArray(signers) ? signers[Number(signer)] : undefined);
  },
};

async function checkFile(
  place: Place,
  uid: number,
  check: (file: Place) => Promise<readonly ConfigIssue[]>,
): Promise<readonly ConfigIssue[]> {
  const { path, value } = place;
  if (typeof value !== 'string' || !value.startsWith('/')) return [];
  const problem = await checkTrustedPath(value, uid);
  return problem === null ? check(place) : [issueAt(path, value, `the file ${problem}`)];
}

/** Sentences about files that are read at use and are not as they should be; never a reason to refuse the config. */
export async function findFileWarnings(
  file: string,
  config: Config,
  uid: number,
): Promise<readonly string[]> {
  const { nixConfFile } = config.evaluate;
  const own = await checkTrustedPath(resolve(file), uid);
  const skipped = (await readAllowedSigners(config))?.skipped ?? [];
  return [
    ...(own === null ? [] : [`${file} decides whom this host obeys and ${own}`]),
    ...(nixConfFile === null || (await exists(nixConfFile))
      ? []
      : [`evaluate.nixConfFile: ${nixConfFile} does not exist yet; evaluation waits for it`]),
    ...skipped.map(({ line, message }) => `${config.trust.allowedSignersFile} line ${line}: ${message}.`),
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
