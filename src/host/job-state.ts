import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../domain/problem.ts';
import type { Job, Launcher } from './launcher.ts';
import { readExit, readStarted } from './switch-files.ts';

/** Where a run stands: never begun, running, ended with a code, or ended without anybody to say how. */
export type JobState = 'none' | 'running' | 'ended' | 'lost';

/** Where a job stands, whoever started it. */
export async function jobState(launcher: Launcher, job: Job): Promise<JobState> {
  const started = readStarted(job.files);
  if (started === null) return 'none';
  if (readExit(job.files)) return 'ended';
  if (await launcher.isRunning(job, started)) return 'running';
  return readExit(job.files) ? 'ended' : 'lost';
}

/**
 * Ends a job: TERM, time to end, KILL; returns when it is gone. The time is in milliseconds, by default 30 000, because half
 * a switch is worse than a slow one. Throws Problem `process_failed` when it does not end.
 */
export async function endJob(launcher: Launcher, job: Job, graceMs = 30_000): Promise<void> {
  const started = readStarted(job.files);
  if (started === null || (await jobState(launcher, job)) !== 'running') return;
  await launcher.signal(job, started, 'SIGTERM');
  if (await gone(launcher, job, graceMs)) return;
  await launcher.signal(job, started, 'SIGKILL');
  if (await gone(launcher, job, 10_000)) return;
  throw new Problem('process_failed', `the ${job.kind} ${job.name} does not end; it hangs in the kernel`);
}

async function gone(launcher: Launcher, job: Job, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += 100) {
    if ((await jobState(launcher, job)) !== 'running') return true;
    await sleep(100);
  }
  return false;
}
