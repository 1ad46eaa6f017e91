import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Expected, type Facts, type Failure } from '../../src/domain/facts.ts';
import type { Judgement } from '../../src/domain/judgement.ts';
import type { LoopView, ViewedRemote } from '../../src/domain/loop-view.ts';
import type { Observed } from '../../src/domain/observed.ts';
import type { Verdict } from '../../src/domain/remote.ts';

export const oldCommit = 'a'.repeat(40);
export const newCommit = 'b'.repeat(40);
export const oldSystem = '/nix/store/old-nixos';
export const newSystem = '/nix/store/new-nixos';
export const foreignSystem = '/nix/store/foreign-nixos';
export const begin = '2026-01-01T00:00:00.000Z';
export const later = '2026-01-01T00:01:00.000Z';

export const accepted: Verdict = {
  status: 'accepted',
  reason: null,
  message: null,
  candidate: oldCommit,
  signer: null,
};

export const exampleObserved: Observed = {
  at: Date.parse(begin),
  hostName: 'web1',
  machineId: 'm',
  bootId: 'boot-1',
  current: oldSystem,
  specialisation: null,
  currentRevision: null,
  booted: oldSystem,
  bootedRevision: null,
  profile: { generation: 7, toplevel: oldSystem },
  bootDefault: oldSystem,
  foreignProfiles: [],
  rebootReasons: [],
  currentSince: Date.parse(begin),
  profileSince: Date.parse(begin),
  newestGeneration: 7,
  units: [],
  switchRunning: false,
};

export const exampleExpected: Expected = {
  commit: oldCommit,
  branch: 'main',
  operation: 'switch',
  current: oldSystem,
  profile: oldSystem,
  bootDefault: oldSystem,
  committed: true,
  since: begin,
};

export const exampleFacts: Facts = {
  ...noFacts,
  floor: { commit: oldCommit, payloadHash: null },
  expected: exampleExpected,
  committedMain: exampleExpected,
  bootId: 'boot-1',
  commits: [
    {
      commit: oldCommit,
      subject: 'the old one',
      author: 'alice',
      committedAt: begin,
      firstSeen: begin,
      derivation: null,
      payloadHash: null,
      signer: null,
      toplevel: oldSystem,
    },
  ],
};

export function exampleRemote(name: string, up: boolean | null = true): ViewedRemote {
  return {
    name,
    url: `https://git.example.org/${name}.git`,
    signed: true,
    main: { name: 'main', operation: 'switch' },
    testing: { name: 'testing-web1', operation: 'test' },
    health: {
      up,
      lastAttempt: up === null ? null : Date.parse(begin),
      lastSuccess: up ? Date.parse(begin) : null,
      error: up === false ? { code: 'remote_connect', message: 'connection refused' } : null,
      failures: up === false ? 2 : 0,
      nextPoll: null,
    },
  };
}

const oldDetails = { id: oldCommit, subject: 'the old one', author: 'alice', committedAt: begin };

export function exampleJudgement(remote: string, change: Partial<Judgement> = {}): Judgement {
  return {
    remote,
    role: 'main',
    ref: 'main',
    head: {
      commit: oldDetails,
      verdict: accepted,
      candidate: { commit: oldDetails, payloadHash: null },
      refused: [],
      rangeSize: 1,
    },
    relation: 'same',
    verdict: accepted,
    candidate: oldCommit,
    ...change,
  };
}

/** A host that runs its desired commit, settled, with two remotes that answer. */
export const settledView: LoopView = {
  host: 'web1',
  version: '0.1.0',
  mode: 'enforce',
  state: 'settled',
  facts: exampleFacts,
  observed: exampleObserved,
  desired: { commit: oldCommit, remote: 'origin', role: 'main', branch: 'main', operation: 'switch' },
  judgements: [exampleJudgement('origin'), exampleJudgement('mirror')],
  diverged: false,
  everSelected: true,
  remotes: [exampleRemote('origin'), exampleRemote('mirror')],
  waiting: null,
  progress: null,
  reconcile: { requested: null, handled: null },
  nextReconcile: Date.parse(later),
  uncommitted: false,
  rollbackFailures: 0,
};

/** The same host once a newer commit is desired, in a state of the loop that works on it. */
export function towardsNew(change: Partial<LoopView> = {}, facts: Partial<Facts> = {}): LoopView {
  return {
    ...settledView,
    desired: { commit: newCommit, remote: 'origin', role: 'main', branch: 'main', operation: 'switch' },
    state: 'evaluating',
    ...change,
    facts: { ...exampleFacts, ...facts },
  };
}

/** The same host with changed facts. */
export function withFacts(facts: Partial<Facts>, change: Partial<LoopView> = {}): LoopView {
  return { ...settledView, ...change, facts: { ...exampleFacts, ...facts } };
}

/** The same host seen differently. */
export function seenWith(observed: Partial<Observed>, change: Partial<LoopView> = {}): LoopView {
  return { ...settledView, ...change, observed: { ...exampleObserved, ...observed } };
}

export const exampleFailure: Failure = {
  commit: newCommit,
  class: 'evaluate',
  code: 'evaluation_failed',
  message: "error: attribute 'x' missing",
  log: ['error: ...'],
  attempt: 2,
  attempts: 3,
  since: begin,
  row: 2,
  until: Date.parse(later),
  stalled: false,
};

export const exampleDeployment: Deployment = {
  id: 'd1',
  commit: newCommit,
  subject: null,
  remote: 'origin',
  branch: 'main',
  toplevel: newSystem,
  operation: 'switch',
  trigger: 'commit',
  by: null,
  outcome: null,
  step: 'switch',
  startedAt: begin,
  endedAt: null,
  reason: null,
  message: null,
  phases: [],
  checks: [],
  previous: {
    toplevel: oldSystem,
    commit: oldCommit,
    profile: oldSystem,
    bootDefault: oldSystem,
    specialisation: null,
  },
  bootId: 'boot-1',
  abide: 'unchanged',
  retried: false,
  exitCode: null,
  confirmation: null,
  goesBackFrom: null,
  staged: null,
  noRollback: null,
  noWayBack: null,
  inPlace: false,
  log: [],
};
