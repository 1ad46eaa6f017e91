import * as fc from 'fast-check';
import type { CheckSeen } from '../../src/domain/check.ts';
import {
  deploymentOutcomes,
  deploymentSteps,
  type CheckResult,
  type Confirmation,
  type Deployment,
} from '../../src/domain/deployment.ts';
import { ownFates } from '../../src/domain/own-unit.ts';
import type { Probation, ProbationClock, ProbationRules } from '../../src/domain/probation.ts';
import {
  bootId,
  commit,
  operation,
  person,
  role,
  specialisation,
  time,
  toplevel,
  type EachOf,
} from './arbitrary.ts';

const system = fc.option(toplevel);
const status = fc.constantFrom('passing' as const, 'failing' as const, 'unknown' as const);
const seen = {
  name: fc.constantFrom('units', 'http', 'connectivity'),
  status,
  durationSeconds: fc.nat(9),
  message: fc.option(fc.string()),
} satisfies EachOf<Omit<CheckResult, 'baseline'>>;

export const checkSeen: fc.Arbitrary<CheckSeen> = fc.record({
  ...seen,
  definitive: fc.boolean(),
  well: fc.subarray(['a.service', 'b.service']),
  unwell: fc.subarray(['c.service', 'd.service']),
} satisfies EachOf<CheckSeen>);

const checkResult = fc.record({
  ...seen,
  baseline: fc.option(status),
} satisfies EachOf<CheckResult>);

const confirmation = fc.record({
  askedBy: fc.constantFrom('health.confirm', 'the commit'),
  by: person,
  at: fc.option(time),
} satisfies EachOf<Confirmation>);

const previous = fc.record({
  toplevel: system,
  commit: fc.option(commit),
  profile: system,
  bootDefault: system,
  specialisation,
} satisfies EachOf<Deployment['previous']>);

const parts = {
  id: fc.constantFrom('d1', 'd2', 'd3'),
  commit,
  subject: fc.option(fc.string()),
  remote: fc.option(fc.constantFrom('origin', 'mirror')),
  branch: role,
  toplevel,
  operation,
  trigger: fc.constantFrom('commit', 'drift', 'operator', 'retry', 'boot'),
  by: person,
  outcome: fc.constant(null),
  step: fc.constant(null),
  startedAt: time,
  endedAt: fc.option(time),
  reason: fc.option(fc.constantFrom('HealthCheckFailed', 'ActivationFailed', 'Rejected', 'Inconclusive')),
  message: fc.option(fc.string()),
  phases: fc.constant([]),
  checks: fc.array(checkResult, { maxLength: 2 }),
  previous,
  abide: fc.constantFrom(...ownFates),
  bootId,
  retried: fc.boolean(),
  exitCode: fc.option(fc.constantFrom(0, 2, 4, 100)),
  confirmation: fc.option(confirmation),
  goesBackFrom: fc.option(commit),
  staged: fc.option(fc.string()),
  noRollback: fc.option(fc.constantFrom('rollback.enabled', 'the commit')),
  inPlace: fc.boolean(),
  noWayBack: fc.option(fc.string()),
  cutOffAt: fc.option(fc.constantFrom(...deploymentSteps), { nil: undefined }),
  log: fc.array(fc.string(), { maxLength: 1 }),
} satisfies EachOf<Deployment>;

/** One of history. */
export const endedDeployment: fc.Arbitrary<Deployment> = fc.record({
  ...parts,
  outcome: fc.constantFrom(...deploymentOutcomes),
  endedAt: time,
});

/** The one in progress. */
export const runningDeployment: fc.Arbitrary<Deployment> = fc.record({
  ...parts,
  step: fc.constantFrom(...deploymentSteps),
  endedAt: fc.constant(null),
});

const rules = fc.record({
  settleMs: fc.nat(9000),
  stableForMs: fc.nat(9000),
  deadlineMs: fc.nat(9000),
} satisfies EachOf<ProbationRules>);

const clock = fc.record({
  bootId,
  activatedAt: fc.nat(9000),
  steadySince: fc.option(fc.nat(9000)),
  resumedAt: fc.option(fc.nat(9000)),
  asleepMs: fc.option(fc.nat(9000)),
} satisfies EachOf<ProbationClock>);

export const probation: fc.Arbitrary<Probation> = fc.record({
  deployment: parts.id,
  rules: fc.option(rules),
  before: fc.option(fc.array(checkSeen, { maxLength: 1 })),
  last: fc.option(fc.array(checkSeen, { maxLength: 1 }), { nil: undefined }),
  clock: fc.option(clock),
} satisfies EachOf<Probation>);
