import type { Started, SwitchFiles } from './switch-files.ts';

/** One run of a wrapper script. */
export interface Job {
  /** With the name, its unit where systemd runs. */
  readonly kind: 'switch' | 'hook';
  readonly name: string;
  /** Where systemd runs, all that is left of it is ended after this long; without it there is no limit. */
  readonly limitSeconds?: number;
  readonly files: SwitchFiles;
}

/** How a process is started that outlives the daemon, and looked after by whoever is the daemon then. */
export interface Launcher {
  /** True where the standard output of a job is the system's journal. */
  readonly journal: boolean;
  /** Returns once the job runs or is about to; throws Problem `process_failed` or `tool_missing`. */
  readonly start: (job: Job) => Promise<void>;
  /** True when in doubt: a switch that might run is never taken for one that ended. */
  readonly isRunning: (job: Job, started: Started) => Promise<boolean>;
  /** Sends a signal to every process of the job; no error when there is none. */
  readonly signal: (job: Job, started: Started, name: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** What a hanging switch may be waiting for, one line each; empty where nothing can say. */
  readonly pending: () => Promise<readonly string[]>;
}
