import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { HostStatus } from '../../../src/domain/status.ts';
import { disagreements, strangers } from './crash-lab.ts';
import type { FullDiskLab, FullPlace } from './full-disk-lab.ts';
import type { Scenario } from './scenarios.ts';

let count = 0;

/**
 * Lets file systems run full at one point of a deployment, looks that nothing is half done while they are, makes room again
 * and looks that all ends as if nothing had been, or in a clean rollback.
 */
export async function fullRound(of: {
  readonly lab: FullDiskLab;
  readonly scenario: Scenario;
  readonly point: string;
  readonly full: readonly FullPlace[];
}): Promise<void> {
  const { lab, scenario, point, full } = of;
  try {
    await filled(lab, scenario, point, full);
  } catch (error) {
    throw new Error(`${full.join()} full ${point}: ${String(error)}`, { cause: error });
  } finally {
    await lab.free();
  }
}

const noRoom = /no space|make room|ENOSPC/i;

async function filled(
  lab: FullDiskLab,
  { more, ends }: Scenario,
  point: string,
  full: readonly FullPlace[],
): Promise<void> {
  const before = await committed(lab);
  const { quarantine } = lab.facts();
  const begin = lab.daemon.log().length;
  const said = () => lab.daemon.log().slice(begin);
  await lab.fillAt(point, full);
  const commit = await lab.release(`round ${(count += 1)}`, more);
  await expect.poll(() => lab.isFull(), { timeout: 30_000, interval: 20 }).toBe(true);
  await metBy(lab, commit, said);
  // So long that what is tried again at once has been.
  await sleep(1000);
  await whileFull(lab, commit, before);
  const early = await lab.daemon.status();
  if (early.deployment === null && early.floor !== commit) {
    expect(`${said()} ${early.lastDeployment?.log.join()}`).toMatch(noRoom);
  }
  await lab.free();
  const status = await triedAgain(lab, commit);
  const undone = status.quarantine.some((entry) => entry.commit === commit);
  if (ends === 'rolled_back') expect(undone).toBe(true);
  expect(await lab.host.current()).toBe(undone ? before.current : status.lastDeployment?.toplevel);
  expect(await lab.host.bootDefault()).toBe(undone ? before.current : status.lastDeployment?.toplevel);
  expect(lab.facts().quarantine).toEqual(expect.arrayContaining([...quarantine]));
  if (undone) expect(said()).toMatch(ends === 'rolled_back' ? /./ : noRoom);
  // What could not be written is written with the next transition, which the next poll brings.
  await expect.poll(() => disagreements(lab, status), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]);
}

interface Before {
  readonly current: string | null;
  readonly generation: number | null;
}

/** The system of the round before, where that was kept. */
async function committed(lab: FullDiskLab): Promise<Before> {
  const { summary, lastDeployment } = await lab.daemon.status();
  if (summary !== 'InSync' || lastDeployment?.outcome !== 'committed')
    await lab.deploy(`base ${(count += 1)}`);
  const { observed } = await lab.daemon.status();
  return {
    current: await lab.host.current(),
    generation: observed?.profile.generation ?? null,
  };
}

/** What failed for want of room is tried again at once and not only by itself. */
async function triedAgain(lab: FullDiskLab, commit: string): Promise<HostStatus> {
  const status = await lab.daemon.until(
    'an end',
    (now) => isOver(commit)(now) || (now.state === 'backoff' && now.failure?.commit === commit),
    90_000,
  );
  if (isOver(commit)(status)) return status;
  await lab.daemon.cli('retry');
  await lab.daemon.until('another try', ({ state }) => state !== 'backoff');
  return triedAgain(lab, commit);
}

/** Waits until the full disk was met, or the deployment ended. */
async function metBy(lab: FullDiskLab, commit: string, said: () => string): Promise<void> {
  await lab.daemon.until(
    'the full disk or an end',
    ({ deployment, lastDeployment }) =>
      noRoom.test(said()) || (deployment === null && lastDeployment?.commit === commit),
    60_000,
  );
}

/** What runs and is not proved is never the boot default, and is guarded. */
async function whileFull(lab: FullDiskLab, commit: string, before: Before): Promise<void> {
  const status = await lab.daemon.status();
  const current = await lab.host.current();
  const { deployment } = status;
  const step = deployment?.step ?? null;
  const proved = status.floor === commit || ['passed', 'profile', 'loader'].includes(step ?? '');
  const uncommitted = status.lastDeployment?.outcome === 'uncommitted';
  if (!proved && !uncommitted) expect(await lab.host.bootDefault()).toBe(before.current);
  if (current === before.current || proved || uncommitted) return;
  expect(step, 'what runs is still being judged').not.toBe(null);
  expect(strangers(lab), 'its dead-man').not.toEqual([]);
}

const isOver =
  (commit: string) =>
  ({ deployment, state, summary, floor, quarantine }: HostStatus): boolean =>
    deployment === null &&
    ((summary === 'InSync' && floor === commit) ||
      (state === 'stalled' && quarantine.some((entry) => entry.commit === commit)));
