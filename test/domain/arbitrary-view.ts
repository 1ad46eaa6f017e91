import * as fc from 'fast-check';
import { deploymentOutcomes, type Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { LoopView } from '../../src/domain/loop-view.ts';
import { rebootReasons, type Observed } from '../../src/domain/observed.ts';
import { problemCodes } from '../../src/domain/problem.ts';
import { rejectionReasons, type Verdict } from '../../src/domain/remote.ts';
import { loopStates, type Condition } from '../../src/domain/status.ts';
import {
  begin,
  exampleDeployment,
  exampleExpected,
  exampleFailure,
  exampleJudgement,
  exampleObserved,
  exampleRemote,
  foreignSystem,
  newCommit,
  newSystem,
  oldCommit,
  oldSystem,
  settledView,
} from './example-view.ts';

const commit = fc.constantFrom(oldCommit, newCommit);
const toplevel = fc.constantFrom(oldSystem, newSystem, foreignSystem);
const maybeToplevel = fc.option(toplevel);
const operation = fc.constantFrom('switch' as const, 'boot' as const, 'test' as const);
const role = fc.constantFrom('main' as const, 'testing' as const);

const deployment: fc.Arbitrary<Deployment> = fc
  .record({
    commit,
    toplevel,
    operation,
    outcome: fc.constantFrom(...deploymentOutcomes),
    message: fc.option(fc.string()),
    reason: fc.option(fc.constantFrom('HealthCheckFailed', 'ActivationFailed')),
    checks: fc.array(
      fc.record({
        name: fc.constantFrom('units', 'http'),
        status: fc.constantFrom('passing' as const, 'failing' as const, 'unknown' as const),
        baseline: fc.option(fc.constantFrom('passing' as const, 'failing' as const, 'unknown' as const)),
        durationSeconds: fc.constant(1),
        message: fc.option(fc.string()),
      }),
      { maxLength: 2 },
    ),
  })
  .map((change) => ({ ...exampleDeployment, ...change, step: null, endedAt: begin }));

const expected = fc
  .record({
    commit,
    branch: role,
    operation,
    current: maybeToplevel,
    profile: maybeToplevel,
    bootDefault: maybeToplevel,
  })
  .map((change) => ({ ...exampleExpected, ...change }));

const facts: fc.Arbitrary<Facts> = fc
  .record({
    expected: fc.option(expected),
    deployment: fc.option(deployment.map((one) => ({ ...one, outcome: null, step: 'switch' as const }))),
    deployments: fc.array(deployment, { maxLength: 3 }),
    quarantine: fc.array(
      fc.record({
        commit,
        toplevel: maybeToplevel,
        reason: fc.constantFrom('HealthCheckFailed', 'ActivationFailed'),
        since: fc.constant(begin),
        deployment: fc.option(fc.constant('d1')),
      }),
      { maxLength: 1 },
    ),
    failure: fc.option(
      fc
        .record({
          commit,
          class: fc.constantFrom('evaluate', 'build', 'activate', 'commit', 'environment', 'unexpected'),
          code: fc.constantFrom(...problemCodes),
          message: fc.string(),
          attempts: fc.option(fc.nat(5)),
          stalled: fc.boolean(),
        })
        .map((change) => ({ ...exampleFailure, ...change })),
    ),
    suspended: fc.option(
      fc.record({
        reason: fc.string(),
        by: fc.option(fc.string()),
        since: fc.constant(begin),
        until: fc.option(fc.constant(begin)),
      }),
    ),
    hold: fc.option(fc.record({ reason: fc.string(), since: fc.constant(begin) }), { freq: 8 }),
    floor: fc.option(commit.map((id) => ({ commit: id, payloadHash: null }))),
    bootId: fc.option(fc.constantFrom('boot-1', 'boot-2')),
  })
  .map((change) => ({
    ...noFacts,
    commits: [oldCommit, newCommit].map((id, index) => ({
      commit: id,
      subject: index === 0 ? 'old' : null,
      author: null,
      committedAt: null,
      firstSeen: begin,
      derivation: null,
      payloadHash: null,
      signer: null,
      toplevel: index === 0 ? oldSystem : newSystem,
    })),
    ...change,
  }));

const observed: fc.Arbitrary<Observed> = fc
  .record({
    current: maybeToplevel,
    booted: maybeToplevel,
    bootDefault: maybeToplevel,
    currentRevision: fc.option(fc.constantFrom(oldCommit, 'dirty')),
    profile: fc.option(fc.record({ generation: fc.option(fc.nat(99)), toplevel })),
    rebootReasons: fc.subarray([...rebootReasons]),
  })
  .map((change) => ({ ...exampleObserved, ...change }));

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant({
    status: 'accepted',
    reason: null,
    message: null,
    candidate: oldCommit,
    signer: null,
  } as const),
  fc.record({
    status: fc.constantFrom('rejected' as const, 'pending' as const),
    reason: fc.constantFrom(...rejectionReasons),
    message: fc.option(fc.string()),
    candidate: fc.constant(null),
    signer: fc.constant(null),
  }),
);

const judgement = (remote: string) =>
  fc
    .record({
      role,
      relation: fc.constantFrom('same', 'ahead', 'behind', 'rewritten', 'diverged', 'missing'),
      verdict: fc.option(verdict),
      candidate: fc.option(commit),
      heard: fc.boolean(),
    })
    .map(({ heard, ...change }) => exampleJudgement(remote, { ...change, ...(heard ? {} : { head: null }) }));

/** Any view at all, also such as no loop comes into: what is derived must hold for every one. */
export const arbitraryView: fc.Arbitrary<LoopView> = fc
  .record({
    mode: fc.constantFrom('enforce' as const, 'observe' as const),
    state: fc.constantFrom(...loopStates),
    facts,
    observed: fc.option(observed, { freq: 8 }),
    desired: fc.option(
      fc.record({
        commit,
        remote: fc.option(fc.constantFrom('origin', 'mirror')),
        role,
        branch: fc.constantFrom('main', 'trunk'),
        operation,
      }),
      { freq: 8 },
    ),
    judgements: fc.tuple(judgement('origin'), judgement('mirror')),
    diverged: fc.boolean(),
    everSelected: fc.boolean(),
    remotes: fc
      .tuple(fc.option(fc.boolean()), fc.option(fc.boolean()), fc.boolean())
      .map(([one, other, signed]) => [
        exampleRemote('origin', one),
        { ...exampleRemote('mirror', other), signed },
      ]),
    waiting: fc.option(
      fc.record({
        gate: fc.constantFrom('mode', 'cache', 'machine-id', 'lock'),
        reason: fc.string(),
        since: fc.nat(),
        nextCheck: fc.option(fc.nat()),
      }),
    ),
    progress: fc.option(
      fc.record({
        phase: fc.constantFrom('evaluate' as const, 'build' as const),
        text: fc.string(),
        done: fc.option(fc.nat()),
        expected: fc.option(fc.nat()),
        since: fc.nat(),
      }),
    ),
    nextReconcile: fc.option(fc.nat()),
    uncommitted: fc.boolean(),
  })
  .map((change) => ({ ...settledView, ...change }));

/** A Ready condition of before, as a restart or a suspension may find it. */
export const arbitraryReady: fc.Arbitrary<Condition> = fc.record({
  type: fc.constant('Ready' as const),
  status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
  reason: fc.constantFrom('Succeeded', 'Progressing', 'Drifted'),
  message: fc.constant('before'),
  lastTransitionTime: fc.constant(begin),
  observedCommit: fc.constant(null),
});
