import type { Deployment } from '../domain/deployment.ts';
import type { Facts } from '../domain/facts.ts';
import { bootsBefore } from '../domain/last-resort.ts';
import { Problem } from '../domain/problem.ts';
import type { HostObserver } from '../host/observe.ts';
import type { Reboot } from '../host/reboot.ts';
import type { Keeper } from './keeper.ts';

/** What a reboot as the last resort stands on. */
export interface RebootParts {
  readonly reboot: Reboot;
  readonly keeper: Keeper;
  readonly observer: HostObserver;
  readonly facts: () => Facts;
}

/**
 * Reboots into the system before the deployment. That it is done is on disk first, so that it is never done twice; the boot
 * default is looked at once more, because nothing else makes it the way back. Throws Problem `rollback_failed`, or
 * `journal_unwritable`, and then nothing was done.
 */
export async function rebootOnce(
  { reboot, keeper, observer, facts }: RebootParts,
  deployment: Deployment,
): Promise<void> {
  keeper.flush();
  const { lastResort, deployment: running } = facts();
  const isNoted = lastResort?.deployment === deployment.id;
  if (!isNoted || (running !== null && running.id !== deployment.id)) {
    throw new Problem('rollback_failed', 'the host is not rebooted: another deployment has begun');
  }
  const { bootDefault } = await observer.observe();
  if (!bootsBefore(deployment, bootDefault)) {
    const found = bootDefault ?? 'a system that cannot be told';
    throw new Problem('rollback_failed', `the host is not rebooted: it would boot into ${found}`);
  }
  await reboot();
}
