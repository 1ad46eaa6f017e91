import { rmSync } from 'node:fs';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { findProgram } from './find-program.ts';
import type { Job, Launcher } from './launcher.ts';
import { readStarted } from './switch-files.ts';

/** What the launcher of units stands on. */
export interface UnitDeps {
  readonly run: Run;
  readonly path: string;
}

/** Launches jobs as transient units, which neither the daemon's end nor the switch itself touches. */
export function createUnitLauncher(deps: UnitDeps): Launcher {
  return {
    journal: true,
    start: (job) => start(deps, job),
    isRunning: (job) => isActive(deps, job),
    signal: async (job, _started, name) => {
      await systemctl(deps, 'kill', `--signal=${name}`, unitOf(job));
    },
    pending: async () => {
      const { stdout } = await systemctl(deps, 'list-jobs', '--no-legend', '--no-pager');
      const lines = stdout.toString('utf8').split('\n');
      return lines.map((line) => plainText(line)).filter((line) => line !== '');
    },
  };
}

function unitOf({ kind, name }: Job): string {
  return `abide-${kind}-${name}.service`;
}

function describe({ kind, name }: Job): string {
  return kind === 'switch'
    ? `switch-to-configuration for abide, deployment ${name}`
    : `hook of abide, ${name}`;
}

async function start(deps: UnitDeps, job: Job): Promise<void> {
  const unit = unitOf(job);
  const finished = await deps.run({
    file: findProgram(deps.path, 'systemd-run'),
    args: [
      `--unit=${unit}`,
      `--description=${describe(job)}`,
      '--collect',
      '--no-ask-password',
      '--quiet',
      '--service-type=exec',
      ...(job.limitSeconds === undefined ? [] : [`--property=RuntimeMaxSec=${job.limitSeconds}s`]),
      '/bin/sh',
      job.files.script,
    ],
    env: { PATH: deps.path },
    timeoutMs: 60_000,
  });
  if (succeeded(finished) || (await isBegun(deps, job))) return;
  const log = finished.stderr.split('\n').map((line) => plainText(line));
  const said = log.find((line) => line !== '') ?? 'it said nothing';
  throw new Problem('process_failed', `systemd-run could not start ${unit}: ${said}`, {
    log: log.filter((line) => line !== ''),
  });
}

/**
 * Whether a unit runs that systemd-run says nothing good of. The one of a daemon that died right after it had started it is as
 * good as a new one. One that does not run is not to come later, when nobody waits for it and nothing is armed: a manager
 * that hung may still get to it, and then finds no script.
 */
async function isBegun(deps: UnitDeps, job: Job): Promise<boolean> {
  if ((await stateOf(deps, job)) === 'running') return true;
  rmSync(job.files.script, { force: true });
  // It may have been read just before, and what runs is not stopped in the middle.
  if (await isActive(deps, job)) return true;
  await systemctl(deps, 'stop', unitOf(job));
  return readStarted(job.files) !== null || (await isActive(deps, job));
}

/** While the system manager executes itself anew, or no process can be started, the unit counts as running. */
async function isActive(deps: UnitDeps, job: Job): Promise<boolean> {
  return (await stateOf(deps, job)) !== 'ended';
}

async function stateOf(deps: UnitDeps, job: Job): Promise<'running' | 'ended' | 'unknown'> {
  const asked = systemctl(deps, 'show', '--property=ActiveState', '--value', unitOf(job));
  const finished = await asked.catch(() => null);
  if (finished === null || !succeeded(finished)) return 'unknown';
  return ['inactive', 'failed'].includes(finished.stdout.toString('utf8').trim()) ? 'ended' : 'running';
}

async function systemctl({ run, path }: UnitDeps, ...args: readonly string[]) {
  return run({ file: findProgram(path, 'systemctl'), args, env: { PATH: path }, timeoutMs: 30_000 });
}
