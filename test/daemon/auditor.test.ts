import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuditor } from '../../src/daemon/auditor.ts';
import { toolVersions } from '../../src/daemon/tool-versions.ts';
import { noAncestry } from '../../src/domain/ancestry.ts';
import { noFacts } from '../../src/domain/facts.ts';
import type { Loop } from '../../src/domain/loop.ts';
import type { EffectivePolicy } from '../../src/git/effective-policy.ts';
import { run } from '../../src/process.ts';
import { createAuditLog } from '../../src/state/audit-log.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-auditor-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const commit = 'a'.repeat(40);
const details = { id: commit, subject: 's', author: 'a', committedAt: '' };
const verdict = { status: 'accepted', reason: null, message: null, candidate: commit, signer: null } as const;
const loop: Loop = {
  policy: {
    mode: 'enforce',
    probation: { settleMs: 0, stableForMs: 0, deadlineMs: 300_000 },
    hooks: [],
    allowRemovingAbide: false,
    rollback: { enabled: true, lastResort: 'none' },
    confirm: false,
    networkRemotes: [],
    trust: { signed: true, floorSeen: false, allowReplay: false, quorum: 1, anchored: false },
    remotes: [{ name: 'origin', main: { name: 'main', operation: 'switch' }, testing: null }],
    attempts: { evaluate: 3, build: 5 },
    stageWhen: [],
    drift: { policy: 'report', graceMs: 0 },
    keepDeployments: 50,
  },
  facts: noFacts,
  offers: {
    origin: {
      remote: 'origin',
      main: {
        commit: details,
        verdict,
        candidate: { commit: details, payloadHash: null },
        refused: [],
        rangeSize: 1,
      },
      testing: null,
    },
  },
  ancestry: noAncestry,
  observed: null,
  target: null,
  evaluation: null,
  built: false,
  inspection: null,
  waiting: null,
  admitted: true,
  supersessions: 0,
  asked: null,
};
const start = (policy: () => EffectivePolicy | null, versions = Promise.resolve({ git: '2.50.1' })) => {
  const log = { info: () => undefined, error: () => undefined };
  const audit = createAuditLog({ dir, now: Date.now, log });
  return createAuditor({ audit, policy, mode: 'range', modeOf: () => 'range', versions });
};
const kinds = async (auditor: ReturnType<typeof start>) =>
  (await auditor.read(100)).records.map(({ kind }) => kind);
const first = { digest: 'd1', signers: [] };

test('the first records wait for the versions of the tools, and then nothing was missed', async () => {
  let tell = (_versions: { git: string }) => {};
  const auditor = start(
    () => first,
    new Promise((resolve) => {
      tell = resolve;
    }),
  );
  auditor.look(loop);
  expect(await kinds(auditor)).toEqual([]);
  tell({ git: '2.50.1' });
  await expect.poll(() => kinds(auditor)).toEqual(['policy', 'verdict', 'desired']);
});

test('a policy that becomes known later, or changes, is recorded with the next look', async () => {
  let policy: EffectivePolicy | null = null;
  const auditor = start(() => policy);
  auditor.look(loop);
  await expect.poll(() => kinds(auditor)).toEqual(['verdict', 'desired']);
  policy = first;
  auditor.look(loop);
  auditor.look(loop);
  policy = { ...first, digest: 'd2' };
  auditor.look(loop);
  expect(await kinds(auditor)).toEqual(['verdict', 'desired', 'policy', 'policy']);
});

test('a daemon that starts anew repeats the policy and nothing else', async () => {
  const before = start(() => first);
  before.look(loop);
  await expect.poll(() => kinds(before)).toHaveLength(3);
  const after = start(() => first);
  after.look(loop);
  await expect.poll(() => kinds(after)).toEqual(['policy', 'verdict', 'desired', 'policy']);
});

test('the tools say their versions; one that is not there is no error', async () => {
  const path = process.env['PATH'] ?? '';
  const number = expect.stringMatching(/^\d+\.\d+/);
  expect(await toolVersions(run, path)).toEqual({ abide: number, git: number, gpg: number, ssh: number });
  expect(await toolVersions(run, dir)).toMatchObject({ git: null, gpg: null, ssh: null });
});
