import * as fc from 'fast-check';
import type { BootOnceFact } from '../../src/domain/boot-once.ts';
import type { Choice } from '../../src/domain/choice.ts';
import {
  driftKinds,
  type CommitRecord,
  type Expected,
  type Facts,
  type Failure,
  type GoingBack,
  type Quarantined,
  type Suspension,
} from '../../src/domain/facts.ts';
import type { FirstBoot } from '../../src/domain/first-boot.ts';
import type { PendingHook } from '../../src/domain/hook.ts';
import { problemCodes } from '../../src/domain/problem.ts';
import type { RollbackRow } from '../../src/domain/rollbacks-in-a-row.ts';
import type { Unwell } from '../../src/domain/unwell.ts';
import { bootId, commit, operation, person, role, time, toplevel, seldom, type EachOf } from './arbitrary.ts';
import { checkSeen, endedDeployment, probation, runningDeployment } from './arbitrary-deployment.ts';
import { begin, newCommit, oldCommit } from './example-view.ts';

const system = fc.option(toplevel);
const text = fc.string();
const deployment = fc.constantFrom('d1', 'd2', 'd3');

const firstBoot = fc.record({
  checks: fc.array(checkSeen, { maxLength: 1 }),
  noRollback: fc.option(commit),
  askedBy: fc.option(fc.constantFrom('health.confirm', oldCommit)),
  newAbide: fc.boolean(),
} satisfies EachOf<FirstBoot>);

const expected = fc.record({
  commit,
  branch: role,
  operation,
  current: system,
  profile: system,
  bootDefault: system,
  committed: fc.boolean(),
  since: time,
  firstBoot: fc.option(firstBoot, { nil: undefined }),
} satisfies EachOf<Expected>);

const quarantined = fc.record({
  commit,
  toplevel: system,
  reason: fc.constantFrom('HealthCheckFailed', 'ActivationFailed', 'Rejected', 'Manual'),
  since: time,
  deployment: fc.option(deployment),
  message: fc.option(text),
} satisfies EachOf<Quarantined>);

const failure = fc.record({
  commit,
  class: fc.constantFrom('evaluate', 'build', 'activate', 'commit', 'environment', 'unexpected'),
  code: fc.constantFrom(...problemCodes),
  message: text,
  log: fc.array(text, { maxLength: 1 }),
  attempt: fc.nat(5),
  attempts: fc.option(fc.nat(5)),
  since: time,
  row: fc.nat(5),
  until: fc.nat(Date.parse(begin)),
  stalled: fc.boolean(),
} satisfies EachOf<Failure>);

const suspension = fc.record({
  reason: text,
  by: person,
  since: time,
  until: fc.option(time),
} satisfies EachOf<Suspension>);

const goingBack = fc.record({
  commit,
  toplevel,
  remote: fc.option(fc.constantFrom('origin', 'mirror')),
  branch: role,
  operation,
  from: commit,
  reason: text,
  by: person,
  since: time,
} satisfies EachOf<GoingBack>);

const choice = fc.record({
  what: fc.constantFrom('boot', 'profile', 'generation'),
  toplevel: system,
  commit,
  since: time,
} satisfies EachOf<Choice>);

const rollbackRow = fc.record({
  base: toplevel,
  commits: fc.subarray([oldCommit, newCommit]),
  until: fc.nat(Date.parse(begin)),
} satisfies EachOf<RollbackRow>);

const unwell = fc.record({
  deployment,
  before: fc.array(checkSeen, { maxLength: 1 }),
  looks: fc.nat(9),
  since: time,
} satisfies EachOf<Unwell>);

const pendingHook = fc.record({
  hook: fc.constantFrom('postCommit', 'postRollback'),
  deployment,
  commit,
  environment: fc.constant({}),
} satisfies EachOf<PendingHook>);

const bootOnce = fc.record({ toplevel, fallback: toplevel, bootId } satisfies EachOf<BootOnceFact>);

const record = (id: string): fc.Arbitrary<CommitRecord> =>
  fc.record({
    commit: fc.constant(id),
    subject: fc.option(text),
    author: fc.option(text),
    committedAt: fc.option(time),
    firstSeen: time,
    derivation: fc.constant(null),
    toplevel: system,
    payloadHash: fc.option(fc.constant('f'.repeat(64))),
    signer: fc.constant(null),
  } satisfies EachOf<CommitRecord>);

const maybeCommit = fc.option(commit);
const offered = fc.record({ main: maybeCommit, testing: maybeCommit });

/** Any facts, also such as no loop leaves behind. */
export const arbitraryFacts: fc.Arbitrary<Facts> = fc.record({
  floor: fc.option(fc.record({ commit, payloadHash: fc.constant(null) })),
  firstAccepted: maybeCommit,
  supersededTesting: fc.subarray([oldCommit, newCommit]),
  offered: fc.dictionary(fc.constantFrom('origin', 'mirror'), offered),
  quarantine: seldom(quarantined).map((one) => (one === null ? [] : [one])),
  expected: fc.option(expected),
  committedMain: fc.option(expected),
  deployment: seldom(runningDeployment),
  probation: fc.option(probation),
  awaitsNetwork: fc.option(fc.record({ commit, since: time })),
  unwell: fc.option(unwell),
  lastResort: fc.option(fc.record({ deployment, since: time })),
  rollbackRow: seldom(rollbackRow),
  pendingHooks: fc.array(pendingHook, { maxLength: 1 }),
  deployments: fc.array(endedDeployment, { maxLength: 3 }),
  commits: fc.tuple(record(oldCommit), record(newCommit)).chain((both) => fc.subarray(both)),
  failure: seldom(failure),
  suspended: seldom(suspension),
  goingBack: fc.option(goingBack),
  spentTesting: maybeCommit,
  confirmed: fc.array(fc.record({ commit, by: person, since: time }), { maxLength: 1 }),
  bootId,
  choice: seldom(choice),
  bootProven: fc.option(fc.array(fc.record({ toplevel, since: time }), { maxLength: 2 })),
  bootOnce: fc.option(bootOnce),
  loaderTold: fc.option(fc.record({ toplevel, fallback: toplevel })),
  bootToProve: system,
  unproved: fc.option(fc.record({ toplevel, checks: fc.array(checkSeen, { maxLength: 1 }) })),
  configHash: fc.option(fc.constantFrom('one', 'other')),
  hold: seldom(fc.record({ reason: text, since: time })),
  driftSince: fc.dictionary(fc.constantFrom(...driftKinds), time),
} satisfies EachOf<Facts>);
