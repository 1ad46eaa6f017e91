import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { Problem } from '../domain/problem.ts';
import type { Job, Launcher } from './launcher.ts';
import { processState, type Started } from './switch-files.ts';

/** Launches jobs in a session of their own, for hosts without systemd, chroots and tests. */
export function createDetachedLauncher(): Launcher {
  return {
    journal: false,
    start,
    isRunning: (_job, started) => Promise.resolve(isRunning(started)),
    signal: (_job, started, name) => Promise.resolve(signalGroup(started, name)),
    pending: () => Promise.resolve([]),
  };
}

// Not by the process funnel, whose promise is the opposite: that no child outlives its caller.
function start({ files }: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', [files.script], { detached: true, stdio: 'ignore', cwd: '/', env: {} });
    child.once('error', (cause) => {
      reject(new Problem('process_failed', `/bin/sh could not be started: ${cause.message}`, { cause }));
    });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

function isRunning({ pid, bootId, startTime }: Started): boolean {
  if (pid === 0 || bootId !== currentBootId()) return false;
  const leader = processState(pid);
  if (leader !== null && leader.startTime !== startTime) return false;
  return (leader !== null && !leader.zombie) || groupLives(pid);
}

/** The switch may outlive a wrapper that was killed. */
function groupLives(group: number): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      const state = processState(pid);
      return state !== null && state.group === group && !state.zombie;
    });
}

function signalGroup(started: Started, name: NodeJS.Signals): void {
  if (!isRunning(started)) return;
  try {
    process.kill(-started.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

function currentBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
