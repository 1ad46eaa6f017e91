import type { CommitAsks } from './commit-asks.ts';
import type { CommitId } from './commit.ts';

/** What one commit gives for this host. */
export interface Evaluation {
  readonly commit: CommitId;
  /** Empty where the system is in the store already. */
  readonly derivation: string;
  /** The store path of the system; known before it is built. */
  readonly toplevel: string;
  readonly hostName: string | null;
  /** The machine-id this configuration is meant for; null when it does not say. */
  readonly machineId: string | null;
  readonly configurationRevision: string | null;
  /** What the commits that it brings ask of its deployment; absent where none was read. */
  readonly asks?: CommitAsks;
}

/** How far long work has come; sent often, kept by nobody but the newest. */
export interface Progress {
  readonly phase:
    | 'fetch'
    | 'verify'
    | 'evaluate'
    | 'build'
    | 'activate'
    | 'probation'
    | 'commit'
    | 'rollback';
  /** One line for people, without control characters. */
  readonly text: string;
  readonly done: number | null;
  readonly expected: number | null;
}

/** Called often and synchronously; must not throw. */
export type OnProgress = (progress: Progress) => void;
