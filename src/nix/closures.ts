import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { lastLines } from './nix-log.ts';

/** Reads what the store knows of closures; changes nothing. */
export interface Closures {
  /** Every store path that a path needs, itself included. Throws Problem `process_failed`. */
  readonly paths: (path: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Bytes of these paths together, without what they need. */
  readonly bytes: (paths: readonly string[], signal: AbortSignal) => Promise<number>;
}

/** So many paths are asked of one nix-store, because a command line has an end. */
const atOnce = 500;

/** Makes a reader of the store. */
export function createClosures(deps: {
  readonly run: Run;
  readonly environment: Readonly<Record<string, string>>;
}): Closures {
  const query = async (args: readonly string[], signal: AbortSignal) => {
    const command = { file: 'nix-store', args: ['--query', ...args], env: deps.environment };
    const finished = await deps.run({ ...command, timeoutMs: 120_000 }, signal);
    if (succeeded(finished))
      return finished.stdout
        .toString()
        .split('\n')
        .filter((line) => line !== '');
    throw new Problem('process_failed', lastLines(finished.stderr)[0] ?? 'nix-store --query failed');
  };
  return {
    paths: (path, signal) => query(['--requisites', path], signal),
    bytes: async (paths, signal) => {
      let sum = 0;
      for (let from = 0; from < paths.length; from += atOnce) {
        const sizes = await query(['--size', ...paths.slice(from, from + atOnce)], signal);
        sum += sizes.reduce((total, size) => total + Number(size), 0);
      }
      return sum;
    },
  };
}
