import * as fc from 'fast-check';
import type { Commit } from '../../src/domain/commit.ts';
import { confirmationGate } from '../../src/domain/confirmation.ts';
import type { Desired } from '../../src/domain/desired.ts';
import type { Judgement } from '../../src/domain/judgement.ts';
import type { LoopView, ViewedRemote } from '../../src/domain/loop-view.ts';
import {
  rebootReasons,
  type ForeignProfile,
  type Observed,
  type UnitChange,
} from '../../src/domain/observed.ts';
import { rejectionReasons, type Head, type RemoteHealth, type Verdict } from '../../src/domain/remote.ts';
import { loopStates, type Condition } from '../../src/domain/status.ts';
import {
  bootId,
  commit,
  operation,
  role,
  seldom,
  specialisation,
  time,
  toplevel,
  type EachOf,
} from './arbitrary.ts';
import { arbitraryFacts } from './arbitrary-facts.ts';
import { begin, exampleRemote, oldCommit } from './example-view.ts';

const system = fc.option(toplevel);
const revision = fc.option(fc.constantFrom(oldCommit, 'dirty'));
const moment = fc.integer({ min: 0, max: Date.parse(begin) });
const maybeMoment = fc.option(moment);
const text = fc.string();

const unitChange = fc.record({
  unit: fc.constantFrom('nginx.service', 'sshd.service', '/etc/static'),
  is: fc.constantFrom('masked', 'unlinked', 'unstarted', 'unrestarted', 'unreloaded'),
  where: fc.constantFrom('/run/systemd/system', '/etc/static'),
} satisfies EachOf<UnitChange>);

const foreignProfile = fc.record({
  name: fc.constantFrom('test', 'rescue'),
  generation: fc.option(fc.nat(9)),
  toplevel,
} satisfies EachOf<ForeignProfile>);

const observed: fc.Arbitrary<Observed> = fc.record({
  at: moment,
  hostName: fc.option(fc.constantFrom('web1', 'web2')),
  machineId: fc.option(fc.constantFrom('m', 'n')),
  bootId,
  current: system,
  specialisation,
  currentSince: maybeMoment,
  currentRevision: revision,
  booted: system,
  bootedRevision: revision,
  profile: fc.option(fc.record({ generation: fc.option(fc.nat(9)), toplevel })),
  profileSince: maybeMoment,
  newestGeneration: fc.option(fc.nat(9)),
  bootDefault: system,
  foreignProfiles: fc.array(foreignProfile, { maxLength: 1 }),
  rebootReasons: fc.option(fc.subarray([...rebootReasons]), { freq: 8 }),
  units: fc.option(fc.array(unitChange, { maxLength: 7 }), { freq: 4 }),
  switchRunning: fc.boolean(),
} satisfies EachOf<Observed>);

const desired: fc.Arbitrary<Desired> = fc.record({
  commit,
  remote: fc.option(fc.constantFrom('origin', 'mirror')),
  role,
  branch: fc.constantFrom('main', 'trunk'),
  operation,
} satisfies EachOf<Desired>);

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.record({
    status: fc.constant('accepted'),
    reason: fc.constant(null),
    message: fc.constant(null),
    candidate: commit,
    signer: fc.constant(null),
  } satisfies EachOf<Verdict>),
  fc.record({
    status: fc.constantFrom('rejected' as const, 'pending' as const),
    reason: fc.constantFrom(...rejectionReasons),
    message: fc.option(text),
    candidate: fc.constant(null),
    signer: fc.constant(null),
  }),
);

const commitDetails: fc.Arbitrary<Commit> = fc.record({
  id: commit,
  subject: text,
  author: text,
  committedAt: time,
} satisfies EachOf<Commit>);

const head: fc.Arbitrary<Head> = fc.record({
  commit: commitDetails,
  verdict,
  candidate: fc.option(fc.record({ commit: commitDetails, payloadHash: fc.constant(null) })),
  refused: fc.constant([]),
  rangeSize: fc.nat(9),
} satisfies EachOf<Head>);

const judgement = (remote: string) =>
  fc.record({
    remote: fc.constant(remote),
    role,
    ref: fc.constantFrom('main', 'testing-web1'),
    head: fc.option(head),
    relation: fc.constantFrom('same', 'ahead', 'behind', 'rewritten', 'diverged', 'missing'),
    verdict: fc.option(verdict),
    candidate: fc.option(commit),
  } satisfies EachOf<Judgement>);

const remote = (name: string): fc.Arbitrary<ViewedRemote> =>
  fc.record({
    name: fc.constant(name),
    url: fc.constantFrom(`https://git.example.org/${name}.git`, `/srv/${name}`),
    signed: fc.boolean(),
    main: fc.constant(exampleRemote(name).main),
    testing: fc.option(fc.constant(exampleRemote(name).testing!)),
    health: fc.record({
      up: fc.option(fc.boolean()),
      lastAttempt: maybeMoment,
      lastSuccess: maybeMoment,
      error: fc.option(fc.record({ code: fc.constant('remote_connect'), message: text })),
      failures: fc.nat(3),
      nextPoll: maybeMoment,
    } satisfies EachOf<RemoteHealth>),
  } satisfies EachOf<ViewedRemote>);

const waiting = fc.record({
  gate: fc.constantFrom('mode', 'cache', 'machine-id', 'lock', 'removal', confirmationGate),
  reason: text,
  since: moment,
  nextCheck: maybeMoment,
} satisfies EachOf<NonNullable<LoopView['waiting']>>);

const progress = fc.record({
  phase: fc.constantFrom('verify', 'evaluate', 'build', 'activate'),
  text,
  done: fc.option(fc.nat()),
  expected: fc.option(fc.nat()),
  since: moment,
} satisfies EachOf<NonNullable<LoopView['progress']>>);

const token = fc.option(fc.constantFrom('a', 'b'));

const anyView: fc.Arbitrary<LoopView> = fc.record({
  host: fc.constantFrom('web1', 'web2'),
  version: fc.constant('0.1.0'),
  mode: fc.constantFrom('enforce', 'observe'),
  state: fc.constantFrom(...loopStates),
  facts: arbitraryFacts,
  observed: fc.option(observed, { freq: 8 }),
  desired: fc.option(desired, { freq: 8 }),
  judgements: fc.tuple(judgement('origin'), judgement('mirror')),
  diverged: fc.boolean(),
  everSelected: fc.boolean(),
  remotes: fc.tuple(remote('origin'), remote('mirror')),
  waiting: seldom(waiting),
  progress: fc.option(progress),
  reconcile: fc.record({ requested: token, handled: token }),
  nextReconcile: maybeMoment,
  uncommitted: seldom(fc.constant(true)).map((is) => is === true),
  rollbackFailures: fc.nat(2),
} satisfies EachOf<LoopView>);

/**
 * Any view at all, also such as no loop comes into: what is derived must hold for every one. Every other one is of a loop that
 * has settled on what it deployed, which chance alone would hardly ever come to.
 */
export const arbitraryView: fc.Arbitrary<LoopView> = fc
  .tuple(anyView, fc.boolean())
  .map(([view, isSettled]) => (isSettled ? settledOn(view) : view));

function settledOn(view: LoopView): LoopView {
  const { expected } = view.facts;
  if (!expected || !view.desired) return view;
  const { commit: deployed, operation: how } = expected;
  return { ...view, state: 'settled', desired: { ...view.desired, commit: deployed, operation: how } };
}

/** A Ready condition of before, as a restart or a suspension may find it. */
export const arbitraryReady: fc.Arbitrary<Condition> = fc.record({
  type: fc.constant('Ready'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: fc.constantFrom('Succeeded', 'Progressing', 'Drifted'),
  message: fc.constant('before'),
  lastTransitionTime: fc.constant(begin),
  observedCommit: fc.constant(null),
} satisfies EachOf<Condition>);
