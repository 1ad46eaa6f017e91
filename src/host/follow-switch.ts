import { existsSync, readFileSync, watch } from 'node:fs';
import type { SwitchResult } from '../domain/deployment.ts';
import { Problem } from '../domain/problem.ts';
import type { SwitchOrder } from './activate.ts';
import type { Job, Launcher } from './launcher.ts';
import {
  createLogReader,
  readExit,
  readLog,
  readStarted,
  type Started,
  type SwitchFiles,
} from './switch-files.ts';

/** A run that was begun, and how to look after it. */
export interface Following {
  readonly launcher: Launcher;
  readonly job: Job;
  readonly order: Pick<SwitchOrder, 'label' | 'timeoutMs' | 'onProgress'>;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** See `ActivatorDeps`. */
  readonly asleep?: () => number | null;
}

const pollMs = 250;
const livenessMs = 2000;
/** How long a started wrapper may take to say so. */
const beginMs = 30_000;
/** Its file was removed meanwhile, or it never ran: who launched it may know, and in the end the links say what it did. */
const unseen: Started = { pid: 0, bootId: '', uptime: 0, startTime: '', asleep: null };

/**
 * Waits for a run's end, however and by whomever it was started; see `Activator.run` for what comes of the time limit. Once
 * aborted it no longer waits and throws Problem `aborted`; the run goes on.
 */
export async function followSwitch(
  { launcher, job, order, now, asleep }: Following,
  signal?: AbortSignal,
): Promise<SwitchResult> {
  const { files } = job;
  const news = createLogReader(files);
  const nudge = createNudge(files.dir);
  const since = now();
  let lookedAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (signal?.aborted) throw new Problem('aborted', `the ${job.kind} ${job.name} is not waited for`);
      await tell(news, order);
      const exit = readExit(files);
      if (exit) {
        await logged(files, nudge);
        return { ...exit, timedOut: false, log: await readLog(files) };
      }
      const started = readStarted(files) ?? (now() - since > beginMs ? unseen : null);
      const ranMs = started === unseen ? now() - since : started ? awakeMs(started, asleep?.() ?? null) : 0;
      if (ranMs > order.timeoutMs) return await timedOut(launcher, job);
      if (started && now() - lookedAt >= livenessMs) {
        if (!(await launcher.isRunning(job, started))) return await lost(job);
        lookedAt = now();
      }
      await nudge.wait(pollMs);
    }
  } finally {
    nudge.stop();
  }
}

async function tell(news: () => Promise<readonly string[]>, { onProgress, label }: Following['order']) {
  if (!onProgress) return;
  const phase = label === 'rollback' ? 'rollback' : label === 'boot' ? 'commit' : 'activate';
  for (const text of await news()) onProgress({ phase, text, done: null, expected: null });
}

/** Its output is in the log a moment after its end, unless something it left behind keeps the output open. */
async function logged(files: SwitchFiles, nudge: ReturnType<typeof createNudge>): Promise<void> {
  for (let tries = 0; tries < 20 && !existsSync(files.logged); tries += 1) await nudge.wait(20);
}

async function timedOut(launcher: Launcher, job: Job): Promise<SwitchResult> {
  const pending = await launcher.pending().catch(() => []);
  const log = [...(await readLog(job.files)), ...pending];
  return { exitCode: null, signal: null, timedOut: true, log };
}

/** The end may have come between the look at its file and the look at the process. */
async function lost({ files }: Job): Promise<SwitchResult> {
  const exit = readExit(files) ?? { exitCode: null, signal: 'lost' };
  return { ...exit, timedOut: false, log: await readLog(files) };
}

/** How long it runs, without the time in which the host slept. By the clock of the boot and not that of the wall, which may be set. */
function awakeMs(started: Started, asleepNow: number | null): number {
  const now = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const slept = started.asleep === null || asleepNow === null ? 0 : asleepNow - started.asleep;
  return (now - started.uptime) * 1000 - Math.max(0, slept);
}

/** Wakes the wait when a file appears, so that the end of a switch is seen at once; the poll is the safety net. */
function createNudge(dir: string) {
  let wake: (() => void) | undefined;
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(dir, { persistent: false }, (event) => event === 'rename' && wake?.());
    watcher.on('error', () => undefined);
  } catch {
    // No watches are left on this host: the poll has to do.
  }
  return {
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    stop: () => watcher?.close(),
  };
}
