import { expect } from 'vitest';
import type { RejectionReason } from '../../../src/domain/remote.ts';
import { branchOf, type TrustLab } from './trust-lab.ts';

/** What becomes of a head. */
export interface Refusal {
  readonly reason: RejectionReason;
  readonly verdict?: 'rejected' | 'pending';
  /** What the remote offers instead; the floor or nothing unless said. */
  readonly candidate?: string;
}

/**
 * Publishes a head on remote evil and waits for the verdict. Nothing may move by it: floor, desired commit and the
 * count of evaluations stay, and remote good goes on as if nothing had been. Gives the message.
 */
export async function expectRefused(lab: TrustLab, head: string, refusal: Refusal): Promise<string> {
  const evaluations = await lab.evaluations();
  lab.publish('evil', head);
  await lab.verdictOn('evil', head);
  // After a restart the other remote may not have been heard yet.
  const status = await lab.daemon.until('a word on good', (now) => branchOf(now, 'good')?.verdict != null);
  const evil = branchOf(status, 'evil');
  const good = status.remotes.find(({ name }) => name === 'good');
  expect({
    verdict: evil?.verdict,
    reason: evil?.reason,
    floor: status.floor,
    desired: status.desired?.commit,
    good: { up: good?.up, verdict: good?.main?.verdict },
    evaluations: await lab.evaluations(),
  }).toEqual({
    verdict: refusal.verdict ?? 'rejected',
    reason: refusal.reason,
    floor: lab.floor,
    desired: lab.floor,
    good: { up: true, verdict: 'accepted' },
    evaluations,
  });
  expect([refusal.candidate ?? lab.floor, refusal.candidate ?? null]).toContain(evil?.candidate);
  expect(evil?.message).toEqual(expect.any(String));
  return evil?.message ?? '';
}

/**
 * Publishes a head on remote evil that must not even be fetched: the remote is told to be at fault, and nothing else
 * changes. The remote is in order again afterwards.
 */
export async function expectNotFetched(lab: TrustLab, head: string, says: string): Promise<void> {
  const evaluations = await lab.evaluations();
  lab.publish('evil', head);
  const status = await lab.daemon.until(`the refusal of ${head}`, ({ remotes }) =>
    Boolean(remotes.find(({ name }) => name === 'evil')?.error?.message.includes(says)),
  );
  const good = status.remotes.find(({ name }) => name === 'good');
  expect({
    head: branchOf(status, 'evil')?.head === head,
    floor: status.floor,
    desired: status.desired?.commit,
    good: { up: good?.up, verdict: good?.main?.verdict },
    evaluations: await lab.evaluations(),
  }).toEqual({
    head: false,
    floor: lab.floor,
    desired: lab.floor,
    good: { up: true, verdict: 'accepted' },
    evaluations,
  });
  lab.publish('evil', lab.floor);
  await lab.daemon.until('the end of it', ({ remotes }) => remotes.every(({ error }) => error === null));
}

/** Publishes a head on remote evil that is as good as any: it becomes desired and is deployed. */
export async function expectDeployed(lab: TrustLab, head: string, signer?: string): Promise<void> {
  const status = await lab.deploy('evil', head);
  expect(status.desired?.commit).toBe(head);
  expect(branchOf(status, 'evil')).toMatchObject({
    head,
    verdict: 'accepted',
    reason: null,
    candidate: head,
  });
  if (signer !== undefined) expect(status.desired?.signer?.name).toBe(signer);
  expect(status.floor).toBe(head);
}
