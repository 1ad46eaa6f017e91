import type { Deployment } from '../../src/domain/deployment.ts';
import type { HostStatus, RemoteStatus } from '../../src/domain/status.ts';

/** Epoch milliseconds that the samples call now. */
export const sampleNow = Date.parse('2025-03-01T12:00:00Z');

/** RFC 3339, so many seconds before the samples' now; negative for after it. */
export const before = (seconds: number): string => new Date(sampleNow - seconds * 1000).toISOString();

export const newCommit = '4f2a9c1e'.padEnd(40, '0');
const oldCommit = '9d8e7f6a'.padEnd(40, '1');
export const newSystem = '/nix/store/k3j2h1g0f9d8s7a6p5q4r3v2x1z0c9b8-nixos-system-web1-24.11';
const oldSystem = '/nix/store/0a1b2c3d4f5g6h7i8j9k0l1m2n3p4q5r-nixos-system-web1-24.11';

export const sampleDeployment: Deployment = {
  id: '20250301T090000-4f2a9c1e',
  commit: newCommit,
  subject: 'Update nginx to 1.27',
  remote: 'origin',
  branch: 'main',
  toplevel: newSystem,
  operation: 'switch',
  trigger: 'commit',
  by: null,
  outcome: 'committed',
  step: null,
  startedAt: before(3 * 3600),
  endedAt: before(3 * 3600 - 42),
  reason: null,
  message: null,
  phases: [{ phase: 'build', startedAt: before(3 * 3600), durationSeconds: 30.2 }],
  checks: [],
  previous: {
    toplevel: oldSystem,
    commit: oldCommit,
    profile: oldSystem,
    bootDefault: oldSystem,
    specialisation: null,
  },
  bootId: 'b1',
  abide: 'unchanged',
  retried: false,
  exitCode: 0,
  confirmation: null,
  goesBackFrom: null,
  staged: null,
  noRollback: null,
  noWayBack: null,
  inPlace: false,
  log: [],
};

export const sampleRemote: RemoteStatus = {
  name: 'origin',
  url: 'https://git.example.org/infra.git',
  up: true,
  lastAttempt: before(12),
  lastSuccess: before(12),
  error: null,
  selected: true,
  main: {
    ref: 'main',
    head: newCommit,
    subject: 'Update nginx to 1.27',
    relation: 'same',
    verdict: 'accepted',
    reason: null,
    message: null,
    candidate: newCommit,
  },
  testing: null,
};

/** A host in sync with one remote. */
export const sampleStatus: HostStatus = {
  apiVersion: 'abide/v1',
  kind: 'HostStatus',
  host: 'web1',
  version: '0.1.0',
  mode: 'enforce',
  summary: 'InSync',
  message: 'web1 runs the desired commit',
  state: 'settled',
  desired: {
    commit: newCommit,
    remote: 'origin',
    branch: 'main',
    testing: false,
    operation: 'switch',
    subject: 'Update nginx to 1.27',
    author: 'Alice',
    committedAt: before(3 * 3600),
    signer: { kind: 'ssh', key: 'SHA256:abc', name: 'alice' },
  },
  observed: {
    current: { toplevel: newSystem, commits: [newCommit], specialisation: null },
    booted: { toplevel: oldSystem, commits: [oldCommit], proven: true },
    profile: { generation: 12, toplevel: newSystem },
    bootDefault: { toplevel: newSystem },
  },
  drift: [],
  rebootRequired: { required: false, reasons: [] },
  floor: newCommit,
  remotes: [sampleRemote],
  conditions: [
    {
      type: 'SourceTrusted',
      status: 'True',
      reason: 'Verified',
      message: 'every head is signed',
      lastTransitionTime: before(3600),
      observedCommit: newCommit,
    },
  ],
  health: [],
  deployment: null,
  lastDeployment: sampleDeployment,
  quarantine: [],
  suspended: null,
  waiting: null,
  backoff: null,
  failure: null,
  progress: null,
  reconcile: { requested: null, handled: null },
  nextReconcile: before(-25),
};

/** A host in the worst of moods: everything that can be said is said. */
export const troubledStatus: HostStatus = {
  ...sampleStatus,
  summary: 'Stalled',
  message: 'building 4f2a9c1e failed 5 times; the next commit or abide retry goes on',
  state: 'stalled',
  observed: {
    current: { toplevel: oldSystem, commits: [oldCommit], specialisation: null },
    booted: { toplevel: oldSystem, commits: [oldCommit], proven: null },
    profile: { generation: 11, toplevel: oldSystem },
    bootDefault: { toplevel: null },
  },
  drift: [{ kind: 'manual', since: before(300), message: 'web1 runs a system that abide did not deploy' }],
  rebootRequired: { required: true, reasons: ['kernel', 'initrd'] },
  remotes: [
    {
      ...sampleRemote,
      testing: {
        ...sampleRemote.main!,
        ref: 'testing-web1',
        head: null,
        relation: 'missing',
        verdict: null,
        candidate: null,
      },
    },
    {
      ...sampleRemote,
      name: 'backup',
      selected: false,
      up: false,
      lastSuccess: before(7200),
      error: {
        code: 'remote_dns',
        message:
          'remote backup: git.backup.example.net could not be resolved; check the name and the resolver of this host',
      },
      main: { ...sampleRemote.main!, relation: 'behind', head: oldCommit, subject: 'Older', candidate: null },
    },
    {
      ...sampleRemote,
      name: 'mallory-with-a-very-long-name',
      selected: false,
      main: {
        ...sampleRemote.main!,
        relation: 'ahead',
        verdict: 'rejected',
        reason: 'unsigned',
        message: 'commit 9d8e7f6a is not signed',
        head: oldCommit,
      },
    },
  ],
  conditions: [
    {
      type: 'SourceTrusted',
      status: 'False',
      reason: 'Unsigned',
      message: 'mallory offers 9d8e7f6a, which is not signed',
      lastTransitionTime: before(3600),
      observedCommit: newCommit,
    },
  ],
  health: [
    { name: 'http', status: 'failing', baseline: 'failing', durationSeconds: 1, message: 'status 500' },
  ],
  lastDeployment: {
    ...sampleDeployment,
    outcome: 'rolled_back',
    message: 'unit nginx.service failed',
    reason: 'HealthCheckFailed',
  },
  quarantine: [
    {
      commit: oldCommit,
      toplevel: oldSystem,
      reason: 'HealthCheckFailed',
      since: before(7200),
      deployment: 'd1',
      message: null,
    },
  ],
  failure: {
    commit: newCommit,
    class: 'build',
    code: 'build_failed',
    message: "builder for '/nix/store/abc-nginx-1.27.drv' failed with exit code 2",
    log: [
      'checking for PCRE library ... not found',
      '  configure: error: the HTTP rewrite module requires the PCRE library, which is a long line',
    ],
    since: before(1800),
    stalled: true,
  },
  backoff: { class: 'build', attempt: 5, attempts: 5, until: before(-6 * 3600) },
};
