import type { Condition } from './status.ts';

/** What is true of one condition at one moment, before it is compared with what was true before. */
export type Finding = Pick<Condition, 'status' | 'reason' | 'message'>;
