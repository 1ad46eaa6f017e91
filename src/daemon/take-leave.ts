import { setTimeout as sleep } from 'node:timers/promises';
import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { ownUnitName } from '../domain/own-unit.ts';
import { toProblem } from '../domain/problem.ts';
import type { Roots } from '../nix/roots.ts';
import { succeeded, type Run } from '../process.ts';

/** How long systemd may take to stop the unit, in milliseconds; then the daemon ends by itself. */
const stopWithinMs = 30_000;

/**
 * Lets go of all that abide kept from collection: nobody would do so later. After operation `test` a reboot brings abide
 * back, and it is kept. Never throws.
 */
export async function releaseRoots(
  roots: Pick<Roots, 'list' | 'unpin'>,
  { deployments }: Pick<Facts, 'deployments'>,
  log: Log,
): Promise<void> {
  if (deployments[0]?.operation === 'test') return;
  try {
    for (const name of Object.keys(await roots.list())) await roots.unpin(name);
  } catch (error) {
    log.warn({ err: toProblem(error) }, 'the gc roots of abide could not be removed');
  }
}

/**
 * Asks systemd to stop the unit, whose file is gone: a process that only ended might be started again. Resolves when the
 * signal came, or did not in time.
 */
export async function takeLeave(from: {
  readonly run: Run;
  readonly path: string;
  readonly stopped: Promise<unknown>;
  readonly log: Log;
}): Promise<void> {
  const { run, path, stopped, log } = from;
  const args = ['stop', '--no-block', ownUnitName];
  try {
    const finished = await run({ file: 'systemctl', args, env: { PATH: path }, timeoutMs: stopWithinMs });
    if (succeeded(finished)) await Promise.race([stopped, sleep(stopWithinMs, undefined, { ref: false })]);
    else log.warn({}, `systemd cannot be asked to stop ${ownUnitName}; this daemon ends by itself`);
  } catch (error) {
    log.warn({ err: toProblem(error) }, `systemd cannot be asked to stop ${ownUnitName}`);
  }
}
