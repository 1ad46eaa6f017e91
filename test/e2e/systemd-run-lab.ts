import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { fakeSystemd, unitsOf } from '../host/fake-systemd.ts';
import { createLab, hasEnded, processesWith, type Lab } from './alpha-lab.ts';

/** A lab whose daemon starts its units by a systemd-run that can be made to fail. */
export interface SystemdRunLab extends Lab {
  /** Lets systemd-run refuse, or hang at, the units that the expression matches. */
  spoil(how: 'refuse' | 'hang', units: string): Promise<void>;
  mend(): Promise<void>;
  /** Waits until the last deployment of a commit has ended, or is tried again later. */
  ended(commit: string): Promise<HostStatus>;
  /** Waits until nothing of a dead-man or a switch is left. */
  expectNothingLeft(): Promise<void>;
  /** True while a timer of the running deployment's dead-man waits. */
  isArmed(deployment: string, arming: string): boolean;
}

/** Makes one with a first system deployed. */
export async function createSystemdRunLab(): Promise<SystemdRunLab> {
  const lab = await createLab({
    config: (dir) => ({ system: { root: join(dir, 'host'), activator: 'systemd' } }),
    env: (dir, env) => ({ ...env, PATH: fakeSystemd({ dir }, env['PATH']) }),
  });
  const units = unitsOf(lab);
  await lab.daemon.start();
  await lab.deploy('first');
  return {
    ...lab,
    spoil: (how, pattern) => writeFile(join(units, how), pattern),
    mend: async () => {
      for (const how of ['refuse', 'hang']) await rm(join(units, how), { force: true });
    },
    ended: (commit) => lab.daemon.until('the end', hasEnded(commit), 100_000),
    expectNothingLeft: () =>
      expect
        .poll(() => processesWith(join(lab.host.root, 'run/abide-deadman')), { timeout: 10_000 })
        .toEqual([]),
    isArmed: (deployment, arming) => isAlive(join(units, `abide-deadman-${deployment}-${arming}.timer`)),
  };
}

function isAlive(unit: string): boolean {
  try {
    return process.kill(Number(readFileSync(unit, 'utf8')), 0);
  } catch {
    return false;
  }
}
