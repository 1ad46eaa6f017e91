import { access, constants } from 'node:fs/promises';
import type { OnProgress, Progress } from '../domain/evaluation.ts';
import { Problem } from '../domain/problem.ts';
import type { Finished, Run } from '../process.ts';
import { parseInternalJson } from './internal-json.ts';
import { createNixLog, type NixLog } from './nix-log.ts';
import { createProgressReader } from './progress-reader.ts';

/** What every Nix child of a driver needs. */
export interface NixDeps {
  readonly run: Run;
  /** The child's whole environment: PATH, NIX_*, certificates, a HOME and XDG directories that are abide's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** What keeps Git hermetic inside Nix; where both name a variable, `environment` wins. */
  readonly gitEnvironment: Readonly<Record<string, string>>;
  /** Nix settings for private inputs (access tokens, netrc), read by Nix at each use; its contents never reach us. */
  readonly nixConfFile: string | null;
}

/** One `nix` or `nix-store` command; where its log goes is added. */
export interface NixCommand {
  readonly file: 'nix' | 'nix-store';
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly phase: Progress['phase'];
  readonly onProgress: OnProgress;
  /** Limit of the child's writable private memory in bytes. */
  readonly memoryBytes?: number | null;
}

/** How it ended, and what it said. */
export interface NixEnded {
  readonly finished: Finished;
  readonly log: NixLog;
}

// Nix ends its builders itself when it gets TERM, and does so at once; a KILL before that would leave them behind.
// A pure evaluation does not listen to TERM between two accesses of the store, but has nothing to leave behind.
const graceMs = { nix: 1000, 'nix-store': 30_000 };

/** Runs one Nix command with structured logging; throws Problem `credential_unreadable` and what `Run` throws. */
export async function runNix(deps: NixDeps, command: NixCommand, signal: AbortSignal): Promise<NixEnded> {
  if (deps.nixConfFile !== null) await mustBeReadable(deps.nixConfFile);
  const log = createNixLog();
  const progress = createProgressReader(command.onProgress, command.phase);
  const onErrorLine = (line: string) => {
    const event = parseInternalJson(line);
    log.read(event);
    progress.read(event);
  };
  try {
    const child = {
      ...withMemoryLimit(command),
      env: nixEnvironment(deps),
      timeoutMs: command.timeoutMs,
      graceMs: graceMs[command.file],
      onErrorLine,
    };
    return { finished: await deps.run(child, signal), log };
  } finally {
    progress.end();
  }
}

function nixEnvironment({ environment, gitEnvironment, nixConfFile }: NixDeps): Record<string, string> {
  return {
    ...gitEnvironment,
    ...environment,
    // Set even when empty: otherwise Nix looks for a user's nix.conf in the XDG directories.
    NIX_USER_CONF_FILES: nixConfFile ?? '',
    // A few messages of the C library are recognised by their text.
    LC_ALL: 'C',
  };
}

/**
 * RLIMIT_DATA rather than RLIMIT_AS: it counts only private writable memory, so that address space which a garbage
 * collector or allocator merely reserves costs nothing. Nix then ends by itself with exit code 1.
 */
function withMemoryLimit({ file, args, memoryBytes }: NixCommand): { file: string; args: readonly string[] } {
  const logged = [...args, '--log-format', 'internal-json'];
  if (memoryBytes === undefined || memoryBytes === null) return { file, args: logged };
  return { file: 'prlimit', args: [`--data=${memoryBytes}`, '--', file, ...logged] };
}

async function mustBeReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    const message = `evaluate.nixConfFile ${path} cannot be read (${why}); put the file there or set the key to null`;
    throw new Problem('credential_unreadable', message, { cause });
  }
}
