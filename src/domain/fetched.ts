import type { Commit } from './commit.ts';

/** What one fetch brought, before anything is known about trust; null for a branch that is not there. */
export interface Fetched {
  readonly remote: string;
  readonly main: Commit | null;
  readonly testing: Commit | null;
  /** False when both branches are where they were at the fetch before, also before a restart. */
  readonly changed: boolean;
}
