import { join } from 'node:path';
import type { Run } from '../process.ts';
import { createCheckCache, type CheckCache } from './check-cache.ts';
import { createKeptChecks } from './kept-checks.ts';
import { readKeyMaterial, type CheckTrustFile, type KeySources } from './keyring.ts';
import { makeVerifierHome, type VerifierHome } from './verifier-home.ts';

/** Keys as they are now, and what was found out with them. */
export interface Verifier {
  readonly home: VerifierHome;
  readonly cache: CheckCache;
}

/** What a verifier is made of. */
export interface VerifierDeps {
  readonly run: Run;
  /** A directory of its own for keys and findings. */
  readonly dir: string;
  readonly path: string;
  readonly keys: KeySources;
  readonly checkFile: CheckTrustFile;
  readonly stopping: AbortSignal;
}

/** The verifiers of one daemon, one after the other. */
export interface Verifiers {
  readonly now: () => Promise<Verifier>;
  /** The one that was given last; null before the first. */
  readonly newest: () => Verifier | null;
}

/**
 * Gives the verifier for the keys as they are at each call; made anew only when they changed. Rejects with Problem
 * `trust_unusable` or `tool_missing` as long as any key cannot be read: with fewer keys nothing may be decided.
 */
export function createVerifiers(deps: VerifierDeps): Verifiers {
  const { run, dir, path, keys, checkFile, stopping } = deps;
  const kept = createKeptChecks(dir);
  let newest: Verifier | null = null;
  const renew = async () => {
    const material = await readKeyMaterial(keys, checkFile);
    if (newest?.home.material.digest === material.digest) return newest;
    const home = await makeVerifierHome({ run, dir, path, before: newest?.home ?? null }, material, stopping);
    const known = await kept.load(material.digest);
    newest = { home, cache: createCheckCache(known, (good) => kept.append(material.digest, good)) };
    return newest;
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    now: () => {
      const next = last.then(renew, renew);
      last = next.catch(() => undefined);
      return next;
    },
    newest: () => newest,
  };
}

/** Where a daemon keeps keys and findings. */
export function trustDirectory(stateDir: string): string {
  return join(stateDir, 'trust');
}
