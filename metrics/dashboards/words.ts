import type { Summary } from '../../src/domain/status.ts';
import type { Words } from './panel.ts';

/** Grafana's colours by what they mean here. */
export const colors = {
  good: 'green',
  busy: 'blue',
  waiting: 'purple',
  warning: 'orange',
  bad: 'red',
  unknown: 'text',
} as const;

const { good, busy, waiting, warning, bad, unknown } = colors;

const summaryColors: Readonly<Record<Summary, string>> = {
  Unknown: bad,
  Suspended: waiting,
  Failed: bad,
  Stalled: bad,
  Waiting: waiting,
  Progressing: busy,
  Drifted: warning,
  InSync: good,
};

/** The summaries as a cell shows them. */
export const summaryWords: Words = Object.fromEntries(
  Object.entries(summaryColors).map(([summary, color]) => [summary, [summary, color] as const]),
);

/** For a flag that is good when it is set. */
export const goodWhenSet: Words = { '0': ['no', bad], '1': ['yes', good] };

/** For a flag that is bad when it is set. */
export const badWhenSet: Words = { '0': ['no', good], '1': ['yes', warning] };

/** For a flag that only says which of several holds. */
export const holds: Words = { '0': ['', unknown], '1': ['holds', busy] };

/** How deployments end. */
export const outcomeWords: Words = {
  committed: ['committed', good],
  staged: ['staged', waiting],
  uncommitted: ['uncommitted', warning],
  rolled_back: ['rolled back', bad],
  rollback_failed: ['rollback failed', bad],
  failed: ['failed', bad],
  interrupted: ['interrupted', warning],
  superseded: ['superseded', busy],
  none: ['none yet', unknown],
};

/** Whether a system proved itself after a boot: not yet is nothing bad. */
export const provenWords: Words = { '0': ['not yet', unknown], '1': ['yes', good] };
