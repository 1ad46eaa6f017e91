import { newestBootProven } from './boot-proven.ts';
import type { CheckSeen } from './check.ts';
import { isCommitId, type CommitId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';

/** What the first boot of a deployed system has to know of how it was deployed. */
export interface FirstBoot {
  /** What it is compared with, see `lastingOf`. */
  readonly checks: readonly CheckSeen[];
  /** A commit since the system that proved last that it boots, after which nothing may go back by itself. */
  readonly noRollback: CommitId | null;
  /** Who asks that a person confirms what only a boot starts: nobody could look at it before, so nobody was asked. */
  readonly askedBy: string | null;
  /** True when it starts another abide for the first time, which has to prove itself. */
  readonly newAbide: boolean;
}

/**
 * What of a look at a system still counts after a boot: what failed already, and the ports that listened. What was active
 * before a reboot says nothing of what must be after it.
 */
export function lastingOf(looked: readonly CheckSeen[]): readonly CheckSeen[] {
  return looked.flatMap(({ name, status, message, well, unwell }): CheckSeen[] => {
    const kept = { name, status, message, durationSeconds: 0, definitive: false };
    if (status === 'failing') return [{ ...kept, well: [], unwell: [] }];
    const listened = name === 'inbound' && status === 'passing' ? well : [];
    const failed = name === 'units' ? unwell : [];
    return listened.length + failed.length > 0 ? [{ ...kept, well: listened, unwell: failed }] : [];
  });
}

/** What is to be known at the first boot of what the running deployment leaves; nothing where its system is the newest proven. */
export function firstBootOf(facts: Facts, deployment: Deployment, isStaged: boolean): FirstBoot | undefined {
  const { id, toplevel, noRollback, confirmation, abide } = deployment;
  if (newestBootProven(facts) === toplevel) return undefined;
  const { probation, expected } = facts;
  const own = probation?.deployment === id ? probation : null;
  const looked = own?.last ?? own?.before ?? null;
  const earlier = expected?.firstBoot;
  // Where only profile and boot default move nobody looks: what was found when it was switched to counts on.
  const known = expected?.current === toplevel ? earlier?.checks : undefined;
  return {
    checks: looked === null ? (known ?? []) : lastingOf(looked),
    noRollback: noRollback !== null && isCommitId(noRollback) ? noRollback : (earlier?.noRollback ?? null),
    askedBy: isStaged ? (confirmation?.askedBy ?? null) : null,
    newAbide: isStaged && abide === 'changed',
  };
}
