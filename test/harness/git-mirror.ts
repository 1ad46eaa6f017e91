import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMirror, type Mirror, type MirrorDeps } from '../../src/git/mirror.ts';
import type { RemoteSource } from '../../src/git/remote-source.ts';
import { run, type Command, type Run } from '../../src/process.ts';

/** A mirror in a directory of its own, with all it spawned and logged. */
export interface MirrorBench {
  readonly dir: string;
  readonly mirror: Mirror;
  readonly gitDir: string;
  readonly commands: Command[];
  readonly logged: string[];
}

export const never = new AbortController().signal;

/** A directory under the system's temporary one. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'abide-git-'));
}

export function remove(dir: string): void {
  rmSync(dir, { recursive: true, force: true });
}

/** A remote with branches main and testing-web1, and what a test wants otherwise. */
export function remoteSource(
  url: string,
  { auth, ...more }: Partial<Omit<RemoteSource, 'auth'>> & { auth?: Partial<RemoteSource['auth']> } = {},
): RemoteSource {
  return {
    name: 'origin',
    url,
    insecure: false,
    timeoutMs: 20_000,
    main: { name: 'main', operation: 'switch' },
    testing: { name: 'testing-web1', operation: 'test' },
    auth: { username: 'abide', tokenFile: null, sshKeyFile: null, knownHostsFile: null, ...auth },
    ...more,
  };
}

/** Creates the mirror without opening it. */
export function mirrorBench(
  dir: string,
  remotes: readonly RemoteSource[],
  more: Partial<MirrorDeps> = {},
): MirrorBench {
  const commands: Command[] = [];
  const logged: string[] = [];
  const record: Run = (command, signal) => {
    commands.push(command);
    return run(command, signal);
  };
  const line = (fields: object, message: string) => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const mirror = createMirror({
    dir: join(dir, 'repo'),
    home: join(dir, 'home'),
    run: record,
    remotes,
    submodules: false,
    path: process.env['PATH'] ?? '',
    proxyEnvironment: {},
    maxPackBytes: 64 * 1024 * 1024,
    log: { debug: line, info: line, warn: line },
    ...more,
  });
  return { dir, mirror, gitDir: join(dir, 'repo', '.git'), commands, logged };
}

/** Creates and opens the mirror. */
export async function openBench(
  dir: string,
  remotes: readonly RemoteSource[],
  more: Partial<MirrorDeps> = {},
): Promise<MirrorBench> {
  const bench = mirrorBench(dir, remotes, more);
  await bench.mirror.open(never);
  bench.commands.length = 0;
  return bench;
}

/** Files of the mirror's object store that a finished git does not leave. */
export function leftovers(gitDir: string): string[] {
  return readdirSync(gitDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /tmp_|\.lock$/.test(name),
  );
}

/** Command lines and environments of all processes whose command line has the text; of this user only. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return args.includes(text) ? [args.replaceAll('\0', ' ')] : [];
      } catch {
        return [];
      }
    });
}
