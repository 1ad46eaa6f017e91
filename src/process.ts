import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { Problem } from './domain/problem.ts';

/** One child process; nothing of the daemon's own environment reaches it but what `env` says. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default `/`, so that no repository's directory is ever the child's own. */
  readonly cwd?: string;
  /** The longest it may run, in milliseconds; then its process group is ended. */
  readonly timeoutMs: number;
  readonly input?: string | Uint8Array;
  /** Limit of standard output in bytes, default 16 MiB; more is the problem `output_too_large`. */
  readonly maxOutputBytes?: number;
  /** Sees every line of standard error as it comes, without its line end. */
  readonly onErrorLine?: (line: string) => void;
  /** Between TERM and KILL, in milliseconds, default 5000. */
  readonly graceMs?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** How a child ended. Success is `succeeded(finished)` and nothing else. */
export interface Finished {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: Buffer;
  /** The last 64 KiB. */
  readonly stderr: string;
}

/** Runs commands; adapters take it as a dependency so that it stays the only funnel. */
export type Run = (command: Command, signal?: AbortSignal) => Promise<Finished>;

const defaultMaxOutput = 16 * 1024 * 1024;
const keptError = 64 * 1024;

/** True only for exit code 0 without signal and within its time. */
export function succeeded(finished: Finished): boolean {
  return finished.exitCode === 0 && finished.signal === null && !finished.timedOut;
}

/**
 * Runs one child in a process group of its own and waits for its end; an exit code is an answer, not an error.
 * Throws Problem `tool_missing`, `aborted` or `output_too_large`. On abort, time-out and overflow the whole group
 * gets TERM, then KILL, and the promise settles only when the child is gone.
 */
export const run: Run = async (command, signal) => {
  if (signal?.aborted) throw aborted(command);
  const child = start(command);
  const output = collect(child, command);
  const ending = createEnding(child, command, output.overflow, signal);
  try {
    const [exitCode, exitSignal] = await exited(child, command);
    await ending.sweep();
    await output.drained(1000);
    if (ending.reason() === 'abort') throw aborted(command);
    if (ending.reason() === 'overflow') throw tooLarge(command);
    return {
      exitCode,
      signal: exitSignal,
      timedOut: ending.reason() === 'timeout',
      stdout: output.stdout(),
      stderr: output.stderr(),
    };
  } finally {
    ending.dispose();
  }
};

type Child = ReturnType<typeof start>;

function start({ file, args, env, cwd = '/', input, uid, gid }: Command) {
  return execa(file, args, {
    env: { ...env },
    extendEnv: false,
    cwd,
    detached: true,
    reject: false,
    buffer: false,
    cleanup: true,
    encoding: 'buffer',
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

async function exited(child: Child, command: Command): Promise<[number | null, string | null]> {
  // execa's own promise waits for the pipes, which a grandchild may hold open; the exit of the child is enough.
  child.catch(() => undefined);
  return new Promise((resolve, reject) => {
    child.once('exit', (code, exitSignal) => resolve([code, exitSignal]));
    child.once('error', (cause) => {
      if (child.pid === undefined) reject(notStarted(command, cause));
    });
  });
}

function collect(child: Child, command: Command) {
  const limit = command.maxOutputBytes ?? defaultMaxOutput;
  const chunks: Buffer[] = [];
  let size = 0;
  let errorText = '';
  let partial = '';
  let onOverflow: (() => void) | undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) onOverflow?.();
    else chunks.push(chunk);
  });
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (text: string) => {
    errorText = (errorText + text).slice(-keptError);
    if (command.onErrorLine) partial = eachLine(partial + text, command.onErrorLine);
  });
  const ended = Promise.all([streamEnd(child.stdout), streamEnd(child.stderr)]).then(() => {
    if (partial !== '') command.onErrorLine?.(partial);
  });
  return {
    overflow: (stop: () => void) => {
      onOverflow = stop;
    },
    stdout: () => Buffer.concat(chunks),
    stderr: () => errorText,
    /** What is in the pipes when the child has gone is read; a pipe that somebody else holds is not waited for. */
    drained: async (ms: number) => {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  };
}

function eachLine(text: string, onLine: (line: string) => void): string {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const line of lines) onLine(line);
  // A line without end is handed on in pieces rather than kept without bound.
  if (rest.length <= keptError) return rest;
  onLine(rest);
  return '';
}

function streamEnd(stream: NodeJS.ReadableStream | null | undefined): Promise<void> {
  if (!stream) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  });
}

type EndReason = 'abort' | 'timeout' | 'overflow';

function createEnding(
  child: Child,
  command: Command,
  onOverflow: (stop: () => void) => void,
  signal: AbortSignal | undefined,
) {
  let reason: EndReason | undefined;
  let killer: NodeJS.Timeout | undefined;
  const end = (why: EndReason) => {
    if (reason) return;
    reason = why;
    signalGroup(child.pid, 'SIGTERM');
    killer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), command.graceMs ?? 5000);
  };
  const onAbort = () => end('abort');
  const timer = setTimeout(() => end('timeout'), command.timeoutMs);
  signal?.addEventListener('abort', onAbort, { once: true });
  onOverflow(() => end('overflow'));
  return {
    reason: () => reason,
    /** Ends what the child left behind in its group: TERM, a moment, KILL. */
    sweep: () => endGroup(child.pid),
    dispose: () => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

async function endGroup(pid: number | undefined): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  if (await groupGone(pid, 500)) return;
  signalGroup(pid, 'SIGKILL');
  await groupGone(pid, 500);
}

async function groupGone(pid: number | undefined, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += 10) {
    if (!signalGroup(pid, 0) || onlyZombies(pid)) return true;
    await sleep(10);
  }
  return false;
}

/** True when nobody in the group runs any more: an orphan that its adopter has not reaped yet still counts for kill. */
function onlyZombies(group: number | undefined): boolean {
  if (!existsSync('/proc/self/stat')) return false;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.every((pid) => {
    const [state, , pgrp] = statOf(pid);
    return Number(pgrp) !== group || state === 'Z' || state === 'X';
  });
}

/** State, parent, group and so on of proc(5); empty when the process is gone. */
function statOf(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** False when the group is gone. */
function signalGroup(pid: number | undefined, name: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, name);
  } catch {
    return false;
  }
}

function aborted({ file }: Command): Problem {
  return new Problem('aborted', `${file} was ended because its work is no longer wanted`);
}

function tooLarge({ file, maxOutputBytes = defaultMaxOutput }: Command): Problem {
  return new Problem('output_too_large', `${file} printed more than ${maxOutputBytes} bytes`, {
    retry: 'never',
  });
}

function notStarted({ file }: Command, cause: Error & { code?: string }): Problem {
  if (cause.code === 'ENOENT') {
    return new Problem('tool_missing', `${file} is not on this machine's PATH; install it and try again`, {
      cause,
    });
  }
  return new Problem('process_failed', `${file} could not be started: ${cause.message}`, { cause });
}
