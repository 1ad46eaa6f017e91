import { access } from 'node:fs/promises';
import { checkTrustedPath } from './check-path.ts';
import type { ConfigIssue } from './config-error.ts';
import { findPlaces } from './key-path.ts';
import type { Config } from './schema.ts';
import { showValue } from './show-value.ts';

/** Keys whose files decide whom this host obeys. */
const trustFileKeys = ['trust.allowedSignersFile', 'trust.revokedKeysFile', 'trust.signers[].gpgKeyFile'];

/** Issues for every file that decides trust and is missing or can be changed by others; `config` need not be valid. */
export async function findUntrustedFiles(config: unknown, uid: number): Promise<readonly ConfigIssue[]> {
  const places = trustFileKeys.flatMap((key) => findPlaces(config, key));
  const checked = places.map(async ({ path, value }) => {
    if (typeof value !== 'string' || !value.startsWith('/')) return [];
    const problem = await checkTrustedPath(value, uid);
    return problem === null ? [] : [{ path, found: showValue(value, path), message: `the file ${problem}` }];
  });
  return (await Promise.all(checked)).flat();
}

/** Sentences about files that are read at use and are not as they should be; never a reason to refuse the config. */
export async function findFileWarnings(
  file: string,
  config: Config,
  uid: number,
): Promise<readonly string[]> {
  const { nixConfFile } = config.evaluate;
  const own = await checkTrustedPath(file, uid);
  return [
    ...(own === null ? [] : [`${file} decides whom this host obeys and ${own}`]),
    ...(nixConfFile === null || (await exists(nixConfFile))
      ? []
      : [`evaluate.nixConfFile: ${nixConfFile} does not exist yet; evaluation waits for it`]),
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
