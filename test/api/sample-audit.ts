import type { AuditEntry, AuditRecord } from '../../src/domain/audit.ts';

const commit = 'b'.repeat(40);
const floor = 'a'.repeat(40);
const signer = { kind: 'ssh', key: `SHA256:${'x'.repeat(43)}`, name: 'alice' } as const;
const verdict = {
  kind: 'verdict',
  remote: 'origin',
  role: 'main',
  ref: 'main',
  commit,
  base: floor,
  mode: 'range',
  policy: 'c'.repeat(64),
} as const;
const deployment = {
  kind: 'deployment',
  deployment: '20260101T000000Z-bbbbbbbb',
  commit,
  derivation: '/nix/store/x.drv',
  toplevel: '/nix/store/new-nixos',
  operation: 'switch',
  trigger: 'commit',
} as const;

/** One entry of every kind, and of every way it may look. */
export const sampleEntries: readonly AuditEntry[] = [
  {
    kind: 'policy',
    digest: 'c'.repeat(64),
    mode: 'range',
    signers: [signer],
    versions: { git: '2.39.5', gpg: null },
  },
  { ...verdict, verdict: 'accepted', reason: null, message: null, candidate: commit, signer, rangeSize: 3 },
  {
    ...verdict,
    verdict: 'rejected',
    reason: 'unsigned',
    message: 'bbbbbbbb has no signature',
    candidate: floor,
    signer: null,
    rangeSize: 3,
  },
  { kind: 'desired', commit, previous: floor, remote: 'origin', role: 'main', operation: 'switch' },
  { kind: 'desired', commit: null, previous: commit, remote: null, role: null, operation: null },
  { ...deployment, change: 'started', outcome: null, reason: null, actor: null },
  { ...deployment, change: 'ended', outcome: 'rolled_back', reason: 'HealthCheckFailed', actor: 'bob' },
  { kind: 'accept', commit, floor, reason: 'history was cleaned', actor: 'bob' },
  { kind: 'suspend', reason: 'a holiday', until: '2026-01-02T00:00:00.000Z', actor: 'bob' },
  { kind: 'resume', actor: null },
  { kind: 'retry', commit, actor: 'bob' },
  { kind: 'state', state: 'recovered', floor, messages: ['the journal is missing'] },
  { kind: 'gap', lost: 2, torn: 17 },
];

/** The same as records; their hashes are made up. */
export const sampleAudit: readonly AuditRecord[] = sampleEntries.map((entry, index) => ({
  ts: '2026-01-01T00:00:00.000Z',
  seq: index + 1,
  prev: String(index % 10).repeat(64),
  ...entry,
}));
