import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { deadManFile } from './dead-man-script.ts';
import { armings } from './dead-man-units.ts';
import { findProgram } from './find-program.ts';

/** What is needed to find a dead-man that left no directory. */
export interface LostDeps {
  readonly run: Run;
  readonly activator: 'systemd' | 'direct';
  readonly path: string;
}

/**
 * Calls off a dead-man without its directory: what waits has its script, and would act on a system that was committed
 * meanwhile. False when it acts already. One that never was is called off. Throws Problem `process_failed`.
 */
export function callOffLost(deps: LostDeps, dir: string, deployment: string): Promise<boolean> {
  return deps.activator === 'systemd' ? stopUnits(deps, deployment) : tellProcesses(dir, deployment);
}

async function stopUnits(deps: LostDeps, deployment: string): Promise<boolean> {
  const labels = [...armings, 'now'].map((label) => `abide-deadman-${deployment}-${label}`);
  const timers = labels.slice(0, -1).map((name) => `${name}.timer`);
  // The timers first: a service that one of them starts meanwhile is seen.
  await systemctl(deps, 'stop', ...timers);
  if (await isAnyActive(deps, timers))
    throw new Problem('process_failed', 'the timer of a dead-man is not stopped');
  return !(await isAnyActive(
    deps,
    labels.map((name) => `${name}.service`),
  ));
}

async function isAnyActive(deps: LostDeps, units: readonly string[]): Promise<boolean> {
  const shown = await systemctl(deps, 'show', '--property=ActiveState', '--value', ...units);
  if (!succeeded(shown))
    throw new Problem('process_failed', 'systemctl does not say whether a dead-man acts');
  return /^(active|activating|deactivating)$/m.test(shown.stdout.toString('utf8'));
}

function systemctl({ run, path }: LostDeps, ...args: readonly string[]) {
  return run({ file: findProgram(path, 'systemctl'), args, env: { PATH: path }, timeoutMs: 30_000 });
}

/** What waits looks for this note twice a second, and ends; what acts does not look any more. */
async function tellProcesses(dir: string, deployment: string): Promise<boolean> {
  const script = join(dir, deadManFile);
  if (!isKnown(script)) return true;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, 'disarmed'), `${deployment}\n`);
  for (let tries = 0; tries < 40; tries += 1) {
    await sleep(100);
    if (isKnown(script)) continue;
    rmSync(dir, { recursive: true, force: true });
    return true;
  }
  // It acts, and whoever waits for its end must not take it for one that never will.
  rmSync(join(dir, 'disarmed'), { force: true });
  return false;
}

function isKnown(script: string): boolean {
  return readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(script));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
  } catch {
    return '';
  }
}
