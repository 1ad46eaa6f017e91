import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';

/** The files of one run of switch-to-configuration; they are how the next daemon knows of it. */
export interface SwitchFiles {
  readonly dir: string;
  readonly script: string;
  readonly started: string;
  readonly exit: string;
  /** There once all that the switch printed is in the log, a moment after its exit code. */
  readonly logged: string;
  readonly log: string;
}

/** The directory that holds the files of every deployment. */
export function deploymentsDir(stateDir: string): string {
  return join(stateDir, 'deployments');
}

/** The files of one labelled run; both names become parts of paths and of a unit's name, so nothing odd is let in. */
export function switchFiles(stateDir: string, deployment: string, label: string): SwitchFiles {
  for (const name of [deployment, label]) {
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
      throw new Problem('unexpected', `${name} is no name for a deployment's file`, { retry: 'never' });
    }
  }
  const dir = join(deploymentsDir(stateDir), deployment);
  return {
    dir,
    script: join(dir, `${label}.sh`),
    started: join(dir, `started-${label}`),
    exit: join(dir, `exit-${label}`),
    logged: join(dir, `logged-${label}`),
    log: join(dir, `${label}.log`),
  };
}

/** Puts a wrapper's script in its place, and makes the directory of its files. */
export function writeScript({ dir, script }: SwitchFiles, text: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Replaced, not rewritten: the shell of a wrapper that runs already may not have read it to its end.
  writeFileSync(`${script}.tmp`, text, { mode: 0o700 });
  renameSync(`${script}.tmp`, script);
}

/** What a wrapper says of itself when it starts. */
export interface Started {
  readonly pid: number;
  readonly bootId: string;
  /** Seconds since boot, time asleep included. */
  readonly uptime: number;
  /** Milliseconds that the host had slept in this boot when the script was written; null in an older one. */
  readonly asleep: number | null;
  /** Start time of the process in the kernel's ticks: tells it from a later one with its pid. */
  readonly startTime: string;
}

/** null before the wrapper began; a torn file is of another boot and gives what cannot be running. */
export function readStarted({ started }: SwitchFiles): Started | null {
  const text = readNow(started);
  if (text === null) return null;
  const [pid, bootId, uptime, stat, asleep] = text.split('\n');
  return {
    pid: Number(pid) || 0,
    bootId: bootId ?? '',
    uptime: Number(uptime) || 0,
    asleep: asleep === undefined || asleep === '' ? null : Number(asleep),
    startTime: statFields(stat ?? '')?.startTime ?? '',
  };
}

/** How the switch ended: a code, or the signal that ended it; null while it has not. */
export function readExit({ exit }: SwitchFiles): { exitCode: number | null; signal: string | null } | null {
  const text = readNow(exit);
  if (text === null) return null;
  const code = Number(/^(\d{1,3})\s*$/.exec(text)?.[1] ?? Number.NaN);
  if (Number.isNaN(code)) return { exitCode: null, signal: 'lost' };
  // A shell tells death by a signal as 128 and its number; switch-to-configuration's own codes stay below.
  const signal = Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
  return signal === undefined ? { exitCode: code, signal: null } : { exitCode: null, signal };
}

/** A process's state as /proc gives it; null when there is none. */
export function processState(pid: number | string) {
  const stat = readNow(`/proc/${pid}/stat`);
  return stat === null ? null : statFields(stat);
}

// The command's name is in parentheses and may hold anything, so the fields are counted from the last one.
function statFields(stat: string) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20) return null;
  return { zombie: fields[0] === 'Z', group: Number(fields[2]), startTime: fields[19] ?? '' };
}

function readNow(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const keptBytes = 64 * 1024;
const keptLines = 100;

/** The log's last lines, without control characters. */
export async function readLog({ log }: SwitchFiles): Promise<readonly string[]> {
  const { text } = await readFrom(log, -keptBytes);
  return linesOf(text).slice(-keptLines);
}

/** Gives what came to the log since the last call, line by line. */
export function createLogReader({ log }: SwitchFiles): () => Promise<readonly string[]> {
  let offset = 0;
  let partial = '';
  return async () => {
    const { text, end } = await readFrom(log, offset);
    offset = end;
    const lines = (partial + text).split('\n');
    partial = (lines.pop() ?? '').slice(-keptBytes);
    return linesOf(lines.join('\n'));
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => plainText(line))
    .filter((line) => line !== '');
}

/** Reads at most `keptBytes` from an offset, or from that far before the end when it is negative. */
async function readFrom(path: string, offset: number): Promise<{ text: string; end: number }> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return { text: '', end: Math.max(0, offset) };
  try {
    const { size } = await file.stat();
    const start = Math.max(offset < 0 ? size + offset : offset, size - keptBytes, 0);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return { text: buffer.toString('utf8', 0, bytesRead), end: start + bytesRead };
  } finally {
    await file.close();
  }
}
