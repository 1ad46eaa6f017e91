import { isBootProven } from './boot-proven.ts';
import { isStaged } from './staged.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';
import type { Observed } from './observed.ts';

type Record = Pick<Facts, 'deployments' | 'bootProven' | 'unwell'>;

/**
 * What is on record of a system's health: `passed` a probation in this boot, or one after it had booted; `failed` since,
 * or was given up before it could pass; null where abide has never looked at it, or not in this boot.
 */
export function proofOf(record: Record, bootId: string | null, toplevel: string): 'passed' | 'failed' | null {
  const newest = record.deployments.find((past) => past.toplevel === toplevel && !isStaged(past));
  if (newest && !passed.has(newest.outcome)) return 'failed';
  if (isBootProven(record, toplevel)) return 'passed';
  return newest && newest.bootId === bootId ? 'passed' : null;
}

/** True when the system that runs may become the boot default as it is: nothing else is a proof but a probation. */
export function isProved(record: Record, { bootId, current }: Observed): boolean {
  return current !== null && record.unwell === null && proofOf(record, bootId, current) === 'passed';
}

/** Only the parts of a commit that come after the probation can leave it uncommitted. */
const passed: ReadonlySet<Deployment['outcome']> = new Set<Deployment['outcome']>([
  'committed',
  'uncommitted',
]);
