import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import type { JournalContent } from '../../src/state/journal.ts';

/** Commit ids that differ in one digit. */
export const commitOf = (digit: string) => digit.repeat(40);

/** A deployment in the middle of its switch. */
const exampleDeployment: Deployment = {
  id: '20260101T000000000Z-bbbbbbbb',
  commit: commitOf('b'),
  subject: 'second',
  remote: 'origin',
  branch: 'main',
  toplevel: '/nix/store/b-system',
  operation: 'switch',
  trigger: 'commit',
  by: null,
  outcome: null,
  step: 'switch',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  reason: null,
  message: null,
  phases: [{ phase: 'build', startedAt: '2026-01-01T00:00:00.000Z', durationSeconds: 1.5 }],
  checks: [{ name: 'units', status: 'passing', baseline: null, durationSeconds: 0.1, message: null }],
  previous: {
    toplevel: '/nix/store/a-system',
    commit: commitOf('a'),
    profile: '/nix/store/a-system',
    bootDefault: null,
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
  log: ['building'],
};

/** Facts with every part filled. */
export const exampleFacts: Facts = {
  ...noFacts,
  floor: { commit: commitOf('a'), payloadHash: 'sha256:00' },
  offered: { origin: { main: commitOf('b'), testing: null } },
  quarantine: [
    {
      commit: commitOf('c'),
      toplevel: '/nix/store/c-system',
      reason: 'HealthCheckFailed',
      since: '2026-01-01T00:00:00.000Z',
      deployment: null,
    },
  ],
  expected: {
    commit: commitOf('a'),
    branch: 'main',
    operation: 'switch',
    current: '/nix/store/a-system',
    profile: '/nix/store/a-system',
    bootDefault: null,
    committed: true,
    since: '2026-01-01T00:00:00.000Z',
  },
  deployment: exampleDeployment,
  deployments: [{ ...exampleDeployment, id: 'earlier', outcome: 'committed', step: null }],
  commits: [
    {
      commit: commitOf('b'),
      subject: 'second',
      author: 'Ada',
      committedAt: null,
      firstSeen: '2026-01-01T00:00:00.000Z',
      derivation: null,
      payloadHash: null,
      signer: { kind: 'ssh', key: 'SHA256:abc', name: 'ada' },
      toplevel: '/nix/store/b-system',
    },
  ],
  pendingHooks: [
    {
      hook: 'postCommit',
      deployment: 'earlier',
      commit: commitOf('a'),
      environment: { ABIDE_HOOK: 'postCommit' },
    },
  ],
  suspended: { reason: 'holiday', by: 'ada', since: '2026-01-01T00:00:00.000Z', until: null },
  bootId: 'boot-1',
  driftSince: { manual: '2026-01-01T00:00:00.000Z' },
};

/** A journal's content with an event, a counter and a condition. */
export const exampleContent: JournalContent = {
  facts: exampleFacts,
  events: [
    {
      id: 1,
      time: '2026-01-01T00:00:00.000Z',
      type: 'daemon.started',
      severity: 'info',
      message: 'started',
      remote: null,
      commit: null,
      deployment: null,
      phase: null,
      code: null,
    },
  ],
  nextEventId: 2,
  counters: { 'abide_reconciles_total{result="success"}': 3 },
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Succeeded',
      message: 'web1 runs the desired commit',
      lastTransitionTime: '2026-01-01T00:00:00.000Z',
      observedCommit: commitOf('a'),
    },
  ],
};
