import type { RejectionReason } from '../../../src/domain/remote.ts';
import type { People } from './people.ts';
import type { TrustLab } from './trust-lab.ts';

/** One commit on top of the floor that must never run. */
export interface HostileCommit {
  readonly name: string;
  readonly reason: RejectionReason;
  readonly verdict?: 'pending';
  /** The bytes of the commit. */
  readonly make: (lab: TrustLab, people: People) => Buffer;
}
