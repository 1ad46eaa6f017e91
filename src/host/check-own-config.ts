import type { OwnUnit } from '../domain/own-unit.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Finished, type Run } from '../process.ts';

/** What asking another system's abide stands on. */
export interface OwnCheckDeps {
  readonly run: Run;
  readonly path: string;
}

type Present = Extract<OwnUnit, { readonly is: 'present' }>;

/** A program that is asked has to answer within this, in milliseconds. */
const longestMs = 60_000;

/**
 * Why a system's abide cannot start with its configuration, by the word of that abide itself; null when it can. A sentence
 * about it without its subject. Throws nothing but Problem `aborted`.
 */
export async function findOwnFault(
  deps: OwnCheckDeps,
  { program, config }: Present,
  signal: AbortSignal,
): Promise<string | null> {
  // What a wrapper starts cannot be known beforehand; it has to prove itself when it runs.
  if (program === null || config === null) return null;
  if (config.digest === null)
    return `is started with ${config.named}, and there is no such file in that system`;
  const ask = (...args: readonly string[]) => answerOf(deps, [...program, ...args], signal);
  const said = await ask('config', 'check', '--no-files', config.path);
  if (said.isGood || !(await isOlder(ask))) return faultOf(said);
  return faultOf(await ask('config', 'check', config.path));
}

/** The script that a program runs in the end, by its own word; null where it does not say. */
export async function scriptOf(
  deps: OwnCheckDeps,
  program: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  const { isGood, stdout } = await answerOf(deps, [...program, 'version', '--json'], signal);
  if (!isGood) return null;
  try {
    const { program: script } = JSON.parse(stdout) as { readonly program?: unknown };
    return typeof script === 'string' ? script : null;
  } catch {
    return null;
  }
}

interface Answer {
  readonly isGood: boolean;
  readonly stdout: string;
  readonly fault: string;
}

/** True for an abide that knows the command and not the option: then it looks at the files too. */
async function isOlder(ask: (...args: readonly string[]) => Promise<Answer>): Promise<boolean> {
  const help = await ask('config', 'check', '--help');
  return help.isGood && !help.stdout.includes('--no-files');
}

function faultOf({ isGood, fault }: Answer): string | null {
  return isGood ? null : fault;
}

async function answerOf(
  { run, path }: OwnCheckDeps,
  [file = '', ...args]: readonly string[],
  signal: AbortSignal,
): Promise<Answer> {
  const env = { PATH: path, HOME: '/', LANG: 'C.UTF-8', NO_COLOR: '1' };
  try {
    const finished = await run(
      { file, args, env, timeoutMs: longestMs, graceMs: 1000, maxOutputBytes: 256 * 1024 },
      signal,
    );
    const stdout = finished.stdout.toString('utf8');
    return { isGood: succeeded(finished), stdout, fault: told(finished) };
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'aborted') throw error;
    return { isGood: false, stdout: '', fault: `cannot be run: ${error.message}` };
  }
}

/** Exit code 2 is a configuration that is refused; anything else is a program that does not work. */
function told({ exitCode, signal, timedOut, stderr }: Finished): string {
  const lines = stderr.split('\n').map((line) => plainText(line).trim());
  const said = lines.filter((line) => line !== '').join('; ');
  if (timedOut) return `did not answer within ${longestMs / 1000} s when its configuration was checked`;
  if (exitCode === 2 && said !== '') return `refuses its configuration: ${plainText(said, 1000)}`;
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  return `${how} when its configuration was checked${said === '' ? '' : `: ${plainText(said, 1000)}`}`;
}
