import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../config/config-error.ts';
import { configHash } from '../config/hash.ts';
import { loadConfig, type LoadDeps } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Log } from '../domain/log.ts';

/** The configuration that a daemon runs with, and where it came from. */
export interface OwnConfig {
  readonly path: string;
  readonly config: Config;
  readonly load: LoadDeps;
}

/**
 * Resolves when the file means another configuration than the one in force and nothing is being deployed: a commit may
 * bring the keys that sign the next one. A file that is gone or not valid changes nothing and is said once.
 */
export function untilConfigChanges(
  own: OwnConfig,
  { everyMs, isBusy, log, signal }: ConfigWatch,
): Promise<void> {
  let known: string | null = null;
  const look = async (): Promise<boolean> => {
    const bytes = await readFile(own.path).catch(() => null);
    if (bytes === null) return false;
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest === known || isBusy()) return false;
    const isOther = await meansAnother(own, log);
    known = digest;
    return isOther;
  };
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      void look().then((isOther) => {
        if (!isOther) return;
        clearInterval(timer);
        resolve();
      });
    }, everyMs).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
}

/** When to look, and whom to tell. */
export interface ConfigWatch {
  readonly everyMs: number;
  /** True while a deployment runs, which ends first. */
  readonly isBusy: () => boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

async function meansAnother({ path, config, load }: OwnConfig, log: Log): Promise<boolean> {
  try {
    return configHash(await loadConfig(path, load)) !== configHash(config);
  } catch (error) {
    const message = error instanceof ConfigError ? error.message : String(error);
    log.error(
      {},
      `the configuration file changed and cannot be used; abide goes on with the one before: ${message}`,
    );
    return false;
  }
}
