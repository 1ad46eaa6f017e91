import type { RuleOptions } from './rule-file.ts';
import { defaultPeriods, thresholdsFor } from './thresholds.ts';

/** The options of the shipped rule file. */
export const defaultRuleOptions: RuleOptions = {
  thresholds: thresholdsFor(defaultPeriods),
  job: 'abide.*',
  runbooks: 'docs/runbooks',
  every: null,
};
