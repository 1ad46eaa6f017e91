import { Problem } from '../../domain/problem.ts';
import { succeeded, type Finished, type Run } from '../../process.ts';
import { broken, failing, passing, type HealthCheck, type Look } from './health-check.ts';

/** What the check of a program stands on. */
export interface CommandDeps {
  readonly run: Run;
  readonly path: string;
}

/** Passes when the program exits 0; a program that is not there is a failure for good. */
export function commandCheck(
  { run, path }: CommandDeps,
  check: { readonly name: string; readonly timeoutMs: number; readonly command: readonly string[] },
): HealthCheck {
  const { name, timeoutMs, command } = check;
  const [file = '', ...args] = command;
  return {
    name,
    timeoutMs,
    look: async (_against, { ms, signal }) => {
      const env = { PATH: path, LANG: 'C.UTF-8', HOME: '/' };
      try {
        const finished = await run(
          { file, args, env, timeoutMs: ms, graceMs: 1000, maxOutputBytes: 1024 * 1024 },
          signal,
        );
        return succeeded(finished) ? passing : failing(told(finished));
      } catch (error) {
        return failed(error);
      }
    },
  };
}

function failed(error: unknown): Look {
  if (!(error instanceof Problem)) throw error;
  return error.code === 'tool_missing' ? broken(error.message) : failing(error.message);
}

function told({ exitCode, signal, timedOut, stdout, stderr }: Finished): string {
  const lines = (text: string) => text.split('\n').filter((line) => line.trim() !== '');
  const said = lines(stderr).at(-1) ?? lines(stdout.toString('utf8')).at(-1);
  const how = timedOut
    ? 'was ended at its time limit'
    : exitCode === null
      ? `was ended by ${signal}`
      : `exit code ${exitCode}`;
  return said ? `${how}: ${said}` : how;
}
