import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SwitchResult } from '../domain/deployment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import { Problem } from '../domain/problem.ts';
import type { Run } from '../process.ts';
import type { DeadManHook } from './dead-man.ts';
import { isProgram } from './find-program.ts';
import { followSwitch } from './follow-switch.ts';
import { findInhibitor } from './inhibitor.ts';
import { endJob, jobState, type JobState } from './job-state.ts';
import { createDetachedLauncher } from './launch-detached.ts';
import { createUnitLauncher } from './launch-unit.ts';
import type { Job, Launcher } from './launcher.ts';
import { readStarted, switchFiles, writeScript } from './switch-files.ts';
import { switchScript } from './switch-script.ts';

/** One run of a toplevel's switch-to-configuration. */
export interface SwitchOrder {
  readonly deployment: string;
  readonly toplevel: string;
  readonly action: 'test' | 'boot' | 'switch' | 'check';
  /** What the run is for, where that is not its action; names its files and its unit. */
  readonly label?: string;
  /** From 1. Another number is another run; the same number is the same run, also for another daemon. */
  readonly attempt?: number;
  /** True skips the pre-switch checks: no inhibitor may stop a rollback. */
  readonly noCheck: boolean;
  /** Where a dead-man is armed: told of the run's begin and end by the run itself. */
  readonly deadMan?: DeadManHook | null;
  /** From the start of the run, across daemons. */
  readonly timeoutMs: number;
  readonly onProgress?: OnProgress;
}

/** Runs switch-to-configuration in a process that outlives the daemon. */
export interface Activator {
  /**
   * Starts a run, or adopts the one that another daemon started, and waits for its end; one that ended gives its result at
   * once. At the time limit it returns with `timedOut` and the run goes on: ending it is the caller's decision. Throws
   * Problem as `mustBeSwitchable` does, and `process_failed` or `tool_missing` when it could not be started.
   */
  readonly run: (order: SwitchOrder) => Promise<SwitchResult>;
  readonly state: (run: SwitchName) => Promise<JobState>;
  /** The first attempt under a label that has not come to an end: the one that runs, or a new one. */
  readonly nextAttempt: (deployment: string, label: string) => Promise<number>;
  /** Ends the deployment's runs, but those labelled `spare`: TERM, time to end, KILL; returns when they are gone. */
  readonly end: (deployment: string, spare: string) => Promise<void>;
}

/** Names one run. */
export type SwitchName = Pick<SwitchOrder, 'deployment' | 'label' | 'attempt'> & {
  readonly action?: SwitchOrder['action'];
};

/** What an activator stands on. */
export interface ActivatorDeps {
  readonly root: string;
  readonly stateDir: string;
  readonly run: Run;
  readonly activator: 'systemd' | 'direct';
  /** PATH of the daemon, in which the wrapper's tools are found; also that of the switch. */
  readonly path: string;
  readonly localeArchive?: string | null;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** Milliseconds that the host has slept in this boot, which count for no time limit; without it sleep is not known. */
  readonly asleep?: () => number | null;
  /** Between TERM and KILL, in milliseconds; default 30 000, because half a switch is worse than a slow one. */
  readonly graceMs?: number;
}

/** The activator for `system.activator`: systemd where the root is `/` and systemd runs. */
export function resolveActivator(setting: 'auto' | 'systemd' | 'direct', root: string): 'systemd' | 'direct' {
  if (setting !== 'auto') return setting;
  return root === '/' && existsSync('/run/systemd/system') ? 'systemd' : 'direct';
}

/** Makes an activator; nothing is touched before its first run. */
export function createActivator(deps: ActivatorDeps): Activator {
  const launcher = deps.activator === 'systemd' ? createUnitLauncher(deps) : createDetachedLauncher();
  const jobOf = (name: SwitchName) => jobNamed(deps, name.deployment, labelOf(name));
  const state = (name: SwitchName) => jobState(launcher, jobOf(name));
  return {
    state,
    run: async (order) => {
      const job = jobOf(order);
      if (readStarted(job.files) === null) await begin(deps, launcher, job, order);
      return followSwitch({ ...deps, launcher, job, order });
    },
    nextAttempt: async (deployment, label) => {
      for (let attempt = 1; ; attempt += 1) {
        const found = await state({ deployment, label, attempt });
        if (found === 'none' || found === 'running') return attempt;
      }
    },
    end: async (deployment, spare) => {
      const labels = labelsIn(deps, deployment).filter((label) => !isLabelled(label, spare));
      for (const label of labels) await endJob(launcher, jobNamed(deps, deployment, label), deps.graceMs);
    },
  };
}

/** False for a system that cannot be activated, and so cannot be gone back to either. */
export function isSwitchable(toplevel: string): boolean {
  return isProgram(programOf(toplevel));
}

const programOf = (toplevel: string) => join(toplevel, 'bin/switch-to-configuration');

/**
 * Throws Problem `no_switch_program` for a toplevel that nothing can be done with, and `derivation_missing` for one that is
 * to be built again.
 */
export function mustBeSwitchable(toplevel: string): void {
  if (!existsSync(toplevel)) {
    const message = `${toplevel} is not in the store any more: garbage was collected since it was built, and it is built again`;
    throw new Problem('derivation_missing', message);
  }
  const program = programOf(toplevel);
  if (isProgram(program)) return;
  throw new Problem(
    'no_switch_program',
    `${program} does not exist; this system cannot be activated (is system.switch.enable false?)`,
    { retry: 'never' },
  );
}

function labelOf({ action, label, attempt = 1 }: SwitchName): string {
  const name = label ?? action ?? 'test';
  return attempt === 1 ? name : `${name}-${attempt}`;
}

function isLabelled(label: string, name: string): boolean {
  return label.replace(/-\d+$/, '') === name;
}

function jobNamed({ stateDir }: ActivatorDeps, deployment: string, label: string): Job {
  return { kind: 'switch', name: `${deployment}-${label}`, files: switchFiles(stateDir, deployment, label) };
}

function labelsIn({ stateDir }: ActivatorDeps, deployment: string): string[] {
  const { dir } = switchFiles(stateDir, deployment, 'any');
  if (!existsSync(dir)) return [];
  return readdirSync(dir).flatMap((name) => /^started-([A-Za-z-]+(?:-\d+)?)$/.exec(name)?.[1] ?? []);
}

async function begin(deps: ActivatorDeps, launcher: Launcher, job: Job, order: SwitchOrder): Promise<void> {
  mustBeSwitchable(order.toplevel);
  const { root, path, localeArchive = null } = deps;
  const { toplevel, action, noCheck, deadMan = null } = order;
  const { journal } = launcher;
  const { files } = job;
  const label = labelOf(order);
  const inhibitor = findInhibitor(deps.activator, path);
  const run = {
    files,
    toplevel,
    action,
    label,
    noCheck,
    deadMan,
    inhibitor,
    asleep: deps.asleep?.() ?? null,
  };
  const text = switchScript({ ...run, root, path, localeArchive, journal });
  writeScript(files, text);
  await launcher.start(job);
}
