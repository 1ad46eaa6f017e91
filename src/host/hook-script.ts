import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import { jobScript } from './job-script.ts';
import { quote } from './shell-text.ts';
import type { SwitchFiles } from './switch-files.ts';

/** What the wrapper around a hook is made of. */
export interface HookScript {
  readonly files: SwitchFiles;
  readonly argv: readonly string[];
  /** The hook's environment beside PATH, HOME and LANG. */
  readonly environment: Readonly<Record<string, string>>;
  readonly path: string;
  readonly journal: boolean;
  /** See `JobScript`. */
  readonly asleep: number | null;
  /** Whole seconds until it is ended. */
  readonly seconds: number;
}

/** There once the limit has come. */
export function timedOutFile({ dir }: SwitchFiles, label: string): string {
  return join(dir, `timed-out-${label}`);
}

/**
 * The wrapper around one hook, which ends it at its limit also when there is no daemon any more: TERM for all that it
 * started, a moment, KILL. Throws Problem `tool_missing`.
 */
export function hookScript(of: HookScript & { readonly timedOut: string }): string {
  const { argv, environment, path } = of;
  const all = { PATH: path, HOME: '/', LANG: 'C.UTF-8', ...environment };
  const exports = Object.entries(all).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return jobScript({
    ...of,
    says: 'runs one hook and keeps its exit code.',
    begin: `${exports.join('')}${watchdog(of)}`,
    before: '',
    command: wordsOf(argv, path),
    end: `  kill -s KILL "$watchdog" 2>/dev/null\n`,
  });
}

/** By its path, because a word of the shell's own would run in the wrapper itself. */
function wordsOf([program = '', ...args]: readonly string[], path: string): string {
  const file = program.includes('/') ? program : findProgram(path, program);
  return [file, ...args].map(quote).join(' ');
}

// Counted in sleeps, because those stand still while the host sleeps. It leads no group of its own: the last signal is for
// all that there is, itself among it.
function watchdog(of: HookScript & { readonly timedOut: string }): string {
  const sleep = quote(findProgram(of.path, 'sleep'));
  const exit = quote(of.files.exit);
  return `(
  trap '' TERM INT HUP
  left=${of.seconds}
  while test "$left" -gt 0; do
    ${sleep} 1
    test -e ${exit} && exit
    left=$((left - 1))
  done
  : > ${quote(of.timedOut)}
  kill -s TERM -- "-$$"
  left=5
  while test "$left" -gt 0; do
    ${sleep} 1
    test -e ${exit} && exit
    left=$((left - 1))
  done
  kill -s KILL -- "-$$"
) < /dev/null > /dev/null 2>&1 &
watchdog=$!
`;
}
