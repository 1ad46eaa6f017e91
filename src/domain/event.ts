import type { CommitId } from './commit.ts';

/** Everything that is announced; closed, because notifications are filtered by it. */
export const eventTypes = [
  'daemon.started',
  'daemon.stopping',
  'remote.up',
  'remote.down',
  'head.moved',
  'head.rewritten',
  'head.rejected',
  'head.pending',
  'heads.diverged',
  'desired.changed',
  'evaluation.failed',
  'build.failed',
  'build.finished',
  'deployment.started',
  'deployment.ended',
  'health.failing',
  'health.passing',
  'boot.proven',
  'hook.failed',
  'host.resumed',
  'host.rebooting',
  'handover',
  'confirmation.asked',
  'confirmed',
  'rejected',
  'rollback.asked',
  'superseded',
  'waiting',
  'stalled',
  'drift.detected',
  'drift.cleared',
  'suspended',
  'resumed',
  'retried',
  'accepted',
  'quarantined',
  'state.lost',
  'history.rewritten',
  'anchored',
  'reconciled',
] as const;
export type EventType = (typeof eventTypes)[number];

/** Something that happened, for people and for notifications; never an input to a decision. */
export interface HostEvent {
  /** Rises by one; survives restarts. */
  readonly id: number;
  /** RFC 3339. */
  readonly time: string;
  readonly type: EventType;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly remote: string | null;
  readonly commit: CommitId | null;
  readonly deployment: string | null;
  /** The phase in which a failure came; null for all else. */
  readonly phase: string | null;
  /** The problem's code of a failure; null for all else. */
  readonly code: string | null;
}

/** An event before the daemon gave it an id and a time. */
export type NewEvent = Pick<HostEvent, 'type' | 'severity' | 'message'> &
  Partial<Pick<HostEvent, 'remote' | 'commit' | 'deployment' | 'phase' | 'code'>>;
