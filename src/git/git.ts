import { Problem } from '../domain/problem.ts';
import { plainText } from '../domain/plain-text.ts';
import { succeeded, type Finished, type Run } from '../process.ts';

/** Runs git on the mirror where the exit code or the bytes are the answer; talks to nobody. */
export interface Git {
  /** Every end of git is an answer; only an abort and a missing git throw. */
  ask(args: readonly string[], signal: AbortSignal, input?: string): Promise<Finished>;
  /** Standard output of a git that must succeed; otherwise Problem `mirror_broken` or `no_space`. */
  must(args: readonly string[], signal: AbortSignal, input?: string): Promise<string>;
}

/** What git in the mirror is run with. */
export interface GitDeps {
  readonly run: Run;
  readonly gitDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `gitDir` is named explicitly in each call, so that no directory's content is ever taken for a repository. */
export function createGit({ run, gitDir, env }: GitDeps): Git {
  const ask = (args: readonly string[], signal: AbortSignal, input?: string) =>
    run(
      {
        file: 'git',
        args: [`--git-dir=${gitDir}`, ...args],
        env,
        timeoutMs: localTimeout,
        ...(input === undefined ? {} : { input }),
      },
      signal,
    );
  return {
    ask,
    must: async (args, signal, input) => {
      const finished = await ask(args, signal, input);
      if (succeeded(finished)) return finished.stdout.toString('utf8');
      throw mirrorProblem(args[0] ?? '', finished);
    },
  };
}

/** The first line in which git names what went wrong, free of control characters; never empty. */
export function errorLine({ stderr, exitCode, signal, timedOut }: Finished): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => plainText(line, 500));
  const named = lines.find((line) =>
    /^(?:fatal|error|ssh|remote: (?:error|fatal)|kex_exchange\S*): ?/i.test(line),
  );
  const line = named ?? lines.find((line) => line !== '' && !/^(?:From|warning:|hint:|POST) ?/.test(line));
  if (line !== undefined) return line;
  if (timedOut) return 'git did not end in time';
  return signal === null ? `git ended with exit code ${exitCode}` : `git was ended by ${signal}`;
}

// Local work on a large mirror may take its time; a git that hangs must not hold the mirror for ever.
const localTimeout = 10 * 60_000;

function mirrorProblem(what: string, finished: Finished): Problem {
  const line = errorLine(finished);
  if (/No space left on device|Disk quota exceeded/.test(finished.stderr)) {
    return new Problem('no_space', `${line}; make room on the file system of the state directory`);
  }
  return new Problem('mirror_broken', `${line} (git ${what} on the mirror)`);
}
