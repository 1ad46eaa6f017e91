import { join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { succeeded, type Run } from '../process.ts';

/** What a built system says it would do to this host's units; null when it cannot be asked. Never throws. */
export type DryActivate = (toplevel: string, signal: AbortSignal) => Promise<readonly string[] | null>;

/** What asking stands on. */
export interface DryActivateDeps {
  readonly run: Run;
  readonly root: string;
  readonly path: string;
  readonly localeArchive: string | null;
}

/** Makes the question; the verb takes switch-to-configuration's lock for a moment and changes nothing. */
export function createDryActivate({ run, root, path, localeArchive }: DryActivateDeps): DryActivate {
  const env = {
    PATH: path,
    ...(root === '/' ? {} : { ABIDE_ROOT: root }),
    ...(localeArchive === null ? {} : { LOCALE_ARCHIVE: localeArchive }),
  };
  return async (toplevel, signal) => {
    const file = join(toplevel, 'bin/switch-to-configuration');
    try {
      const finished = await run({ file, args: ['dry-activate'], env, timeoutMs: 60_000 }, signal);
      if (!succeeded(finished)) return null;
      const lines = `${finished.stdout.toString()}\n${finished.stderr}`.split('\n');
      return lines.map((line) => plainText(line)).filter((line) => line.startsWith('would '));
    } catch {
      return null;
    }
  };
}
