import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { succeeded, type Run } from '../process.ts';
import { deadManFile } from './dead-man-script.ts';
import { armings } from './dead-man-units.ts';
import { findProgram } from './find-program.ts';
import { processState } from './switch-files.ts';

/** Where a dead-man stands: never armed here, waiting for its time, gone without a word, acting, done, or called off. */
export interface DeadManState {
  readonly state: 'none' | 'armed' | 'gone' | 'acting' | 'went-back' | 'stood-by' | 'disarmed';
  /** True when nobody asked for it: its time came. */
  readonly byItself: boolean;
  /** What ran when it stood by. */
  readonly found: string | null;
  /** Tries that failed so far, and how the last one ended. */
  readonly failures: number;
  readonly lastExit: string | null;
  /** True when the system before runs again, and only its boot loader fails. */
  readonly isAtLoader: boolean;
  /** Last lines that the previous system's switch-to-configuration printed. */
  readonly log: readonly string[];
}

interface StateDeps {
  readonly run: Run;
  readonly activator: 'systemd' | 'direct';
  readonly path: string;
}

/** Where the dead-man of a deployment stands, from its notes and from what waits for it. */
export async function stateOf(deps: StateDeps, dir: string, deployment: string): Promise<DeadManState> {
  const [failures = '0', exit = null, at = null] = readNote(dir, 'failed')?.split(' ') ?? [];
  const [outcome, found = null] = readNote(dir, 'outcome')?.split(' ') ?? [];
  const fired = readNote(dir, 'fired');
  const more = {
    byItself: fired === 'timer',
    found,
    failures: Number(failures),
    lastExit: exit,
    isAtLoader: at === 'loader',
    log: logLines(dir),
  };
  if (outcome === 'went-back' || outcome === 'stood-by') return { ...more, state: outcome };
  if (fired !== null) return { ...more, state: 'acting' };
  if (existsSync(join(dir, 'disarmed'))) return { ...more, state: 'disarmed' };
  if (!hasScript(dir)) return { ...more, state: 'none' };
  return { ...more, state: (await isWaiting(deps, dir, deployment)) ? 'armed' : 'gone' };
}

/** Text of a note; null where it is not there. */
export function readNote(dir: string, name: string): string | null {
  try {
    return readFileSync(join(dir, name), 'utf8').trim();
  } catch {
    return null;
  }
}

/** True where the dead-man was written. */
export function hasScript(dir: string): boolean {
  return existsSync(join(dir, deadManFile));
}

function logLines(dir: string): string[] {
  const lines =
    readNote(dir, 'log')
      ?.split('\n')
      .map((line) => plainText(line)) ?? [];
  return lines.filter((line) => line !== '').slice(-100);
}

async function isWaiting(deps: StateDeps, dir: string, deployment: string): Promise<boolean> {
  if (deps.activator === 'systemd') return timerRuns(deps, deployment);
  const [pid = '', stat = ''] = readNote(dir, 'watch')?.split('\n') ?? [];
  const now = processState(pid);
  return now !== null && !now.zombie && stat.includes(` ${now.startTime} `);
}

async function timerRuns({ run, path }: StateDeps, deployment: string): Promise<boolean> {
  const timers = armings.map((arming) => `abide-deadman-${deployment}-${arming}.timer`);
  const args = ['show', '--property=ActiveState', '--value', ...timers];
  const file = findProgram(path, 'systemctl');
  const finished = await run({ file, args, env: { PATH: path }, timeoutMs: 30_000 }).catch(() => null);
  return (
    finished === null ||
    !succeeded(finished) ||
    /^(active|activating)$/m.test(finished.stdout.toString('utf8'))
  );
}
