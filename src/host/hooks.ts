import { existsSync, rmSync } from 'node:fs';
import type { HookKind, HookOrder, HookResult } from '../domain/hook.ts';
import { Problem } from '../domain/problem.ts';
import type { Run } from '../process.ts';
import { followSwitch } from './follow-switch.ts';
import { hookScript, timedOutFile } from './hook-script.ts';
import { endJob, jobState } from './job-state.ts';
import { createDetachedLauncher } from './launch-detached.ts';
import { createUnitLauncher } from './launch-unit.ts';
import type { Job, Launcher } from './launcher.ts';
import { readStarted, switchFiles, writeScript } from './switch-files.ts';

/** Runs commands of the user's own, outside of the daemon. */
export interface Hooks {
  /**
   * Begins a run, or adopts the one that another daemon began, and waits for its end; one that ended gives its result at
   * once, so that it is begun once. An abort leaves it running. Throws Problem `aborted`, and `process_failed` or
   * `tool_missing` when it could not be begun.
   */
  readonly run: (order: HookOrder, signal: AbortSignal) => Promise<HookResult>;
  /** Asks anew each time; one that an earlier daemon left running is waited for. An abort ends it. Throws as `run` does. */
  readonly ask: (order: HookOrder, signal: AbortSignal) => Promise<HookResult>;
}

/** What hooks stand on. */
export interface HookDeps {
  readonly stateDir: string;
  readonly run: Run;
  readonly activator: 'systemd' | 'direct';
  readonly path: string;
  readonly commands: Readonly<Record<HookKind, readonly string[] | null>>;
  /** Of one run, in milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** See `ActivatorDeps`. */
  readonly asleep?: () => number | null;
}

/** Makes the hooks of one host; nothing is touched before the first runs. */
export function createHooks(deps: HookDeps): Hooks {
  const launcher = deps.activator === 'systemd' ? createUnitLauncher(deps) : createDetachedLauncher();
  const run = async (order: HookOrder, signal: AbortSignal) => {
    const job = jobOf(deps, order);
    if (readStarted(job.files) === null) await begin(deps, launcher, { job, order });
    return follow(deps, launcher, { job, order }, signal);
  };
  return {
    run,
    ask: async (order, signal) => {
      const job = jobOf(deps, order);
      if ((await jobState(launcher, job)) !== 'running') forget(job);
      try {
        return await run(order, signal);
      } finally {
        await endJob(launcher, job, graceMs);
        forget(job);
      }
    },
  };
}

interface HookRun {
  readonly job: Job;
  readonly order: HookOrder;
}

const graceMs = 5000;

/** Its wrapper ends a hook that takes too long; what that one needs for it comes on top. */
const marginSeconds = 30;

// The dot keeps these files apart from those of the deployment's switches.
const labelOf = ({ hook }: HookOrder) => `hook.${hook}`;

function jobOf({ stateDir, timeoutMs }: HookDeps, order: HookOrder): Job {
  return {
    kind: 'hook',
    name: `${order.run}-${order.hook}`,
    files: switchFiles(stateDir, order.run, labelOf(order)),
    limitSeconds: Math.ceil(timeoutMs / 1000) + marginSeconds,
  };
}

async function begin(deps: HookDeps, launcher: Launcher, { job, order }: HookRun): Promise<void> {
  const { path, commands, timeoutMs } = deps;
  const argv = commands[order.hook];
  if (!argv) throw new Problem('unexpected', `hooks.${order.hook} is not configured`, { retry: 'never' });
  const text = hookScript({
    files: job.files,
    argv,
    environment: order.environment,
    path,
    journal: launcher.journal,
    asleep: deps.asleep?.() ?? null,
    seconds: Math.ceil(timeoutMs / 1000),
    timedOut: timedOutFile(job.files, labelOf(order)),
  });
  writeScript(job.files, text);
  await launcher.start(job);
}

async function follow(
  { timeoutMs, ...clocks }: HookDeps,
  launcher: Launcher,
  { job, order }: HookRun,
  signal: AbortSignal,
): Promise<HookResult> {
  const label = labelOf(order);
  const limit = { label, timeoutMs: timeoutMs + marginSeconds * 1000 };
  const result = await followSwitch({ ...clocks, launcher, job, order: limit }, signal);
  if (result.timedOut) await endJob(launcher, job, graceMs);
  return { ...result, timedOut: result.timedOut || existsSync(timedOutFile(job.files, label)) };
}

/** A question's directory holds nothing else. */
function forget({ files }: Job): void {
  rmSync(files.dir, { recursive: true, force: true, maxRetries: 5 });
}
