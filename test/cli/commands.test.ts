import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { accept } from '../../src/cli/accept.ts';
import { audit } from '../../src/cli/audit.ts';
import { confirm } from '../../src/cli/confirm.ts';
import { events } from '../../src/cli/events.ts';
import { guard } from '../../src/cli/exit.ts';
import { history } from '../../src/cli/history.ts';
import { endOfWait, reconcile } from '../../src/cli/reconcile.ts';
import { reject } from '../../src/cli/reject.ts';
import { retry } from '../../src/cli/retry.ts';
import { rollback } from '../../src/cli/rollback.ts';
import { show } from '../../src/cli/show.ts';
import { status, summaryExitCodes } from '../../src/cli/status.ts';
import { suspend } from '../../src/cli/suspend.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { why } from '../../src/cli/why.ts';
import { Refused } from '../../src/api/refused.ts';
import type { AuditRecord } from '../../src/domain/audit.ts';
import { summaries, type HostStatus } from '../../src/domain/status.ts';
import { startFakeDaemon, type FakeDaemon } from '../api/fake-daemon.ts';
import { newCommit, sampleDeployment, sampleNow, sampleStatus } from '../api/sample-status.ts';

let daemon: FakeDaemon;
let printed: string[];
let complained: string[];
beforeEach(async () => {
  daemon = await startFakeDaemon({ timing: { statusEveryMs: 5 } });
  printed = [];
  complained = [];
});
afterEach(() => daemon.close());

const terminal = (change: Partial<Terminal> = {}): Terminal => ({
  socket: daemon.socket,
  json: false,
  color: false,
  width: 80,
  now: () => sampleNow,
  out: (text) => void printed.push(text),
  err: (text) => void complained.push(text),
  ...change,
});
const attempt = (run: () => Promise<number>) => guard(run, terminal().err);

describe('status', () => {
  test.each(summaries)('--exit-code tells that it is %s', async (summary) => {
    daemon.setStatus({ summary });
    expect(await status(terminal(), { exitCode: true })).toBe(summaryExitCodes[summary]);
    expect(await status(terminal(), {})).toBe(0);
  });

  test('--json is the daemon’s answer, with what could act on a terminal written as escapes', async () => {
    const message = 'a\u001b[31m\u009b\u202e"b';
    daemon.setStatus({ message });
    await status(terminal({ json: true }), {});
    expect(JSON.parse(printed[0] ?? '')).toEqual({ ...sampleStatus, message });
    expect(printed[0]?.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  test('without a daemon exits 3 and says what to do', async () => {
    const socket = `${daemon.socket}.not`;
    expect(await attempt(() => status(terminal({ socket }), {}))).toBe(3);
    expect(complained[0]).toMatch(
      /^abide: the daemon does not run here: there is no .*systemctl status abide/,
    );
  });
});

describe('deployments', () => {
  const older = {
    ...sampleDeployment,
    id: '20250228T080000-9d8e7f6a',
    outcome: 'rolled_back' as const,
    message: 'nginx failed',
    log: ['one', '  two'],
  };
  beforeEach(() => {
    daemon.deployments = [sampleDeployment, older];
  });

  test('are listed newest first, with what went wrong', async () => {
    expect(await history(terminal(), { limit: null })).toBe(0);
    expect(printed.join('\n').split('\n')).toEqual([
      '20250301T090000-4f2a9c1e  committed 3 h ago, took 42 s, switch',
      '    4f2a9c1e Update nginx to 1.27',
      '20250228T080000-9d8e7f6a  rolled back 3 h ago, took 42 s, switch',
      '    4f2a9c1e Update nginx to 1.27',
      '    nginx failed',
    ]);
  });

  test('are listed at most so many, also as JSON', async () => {
    await history(terminal({ json: true }), { limit: 1 });
    expect(JSON.parse(printed[0] ?? '')).toEqual({
      apiVersion: 'abide/v1',
      kind: 'DeploymentList',
      deployments: [sampleDeployment],
    });
  });

  test.each([older.id, '20250228'])('%s shows one with its whole log', async (id) => {
    expect(await show(terminal(), { id })).toBe(0);
    const lines = (printed[0] ?? '').split('\n');
    expect(lines.slice(0, 2)).toEqual([`Deployment    ${older.id}`, 'Outcome       rolled_back']);
    expect(lines.slice(-2)).toEqual(['              | one', '              |   two']);
  });

  test.each([
    ['2025', /2 deployments begin with 2025/],
    ['../status', /no deployment begins with/],
  ])('%s shows none and says why', async (id, message) => {
    expect(await show(terminal(), { id })).toBe(1);
    expect(complained[0]).toMatch(message);
  });
});

describe('events', () => {
  test('are printed oldest first and end', async () => {
    daemon.happen({ message: 'first \u001b[2J' });
    daemon.happen({ severity: 'error', message: 'second' });
    expect(await events(terminal(), { follow: false, limit: null })).toBe(0);
    expect(printed.map((line) => line.slice(21))).toEqual(['info     first', 'error    second']);
  });

  test('go on with --follow until the daemon stops', async () => {
    daemon.happen({});
    const out = (text: string) => {
      printed.push(text);
      if (printed.length === 1) daemon.happen({});
      else void daemon.server.close();
    };
    expect(await attempt(() => events(terminal({ json: true, out }), { follow: true, limit: null }))).toBe(3);
    expect(printed.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([1, 2]);
  });
});

describe('the audit log', () => {
  test('is one readable line a record, then what it is worth', async () => {
    expect(await audit(terminal(), { limit: null })).toBe(0);
    expect(printed.map((line) => line.slice(21))).toEqual([
      `#1       policy      trust is range, policy cccccccccccc; signers: alice (ssh SHA256:${'x'.repeat(43)}); checked with git 2.39.5, gpg missing`,
      `#2       verdict     bbbbbbbb on main of origin is accepted, on top of aaaaaaaa, signed by alice with ssh SHA256:${'x'.repeat(43)}`,
      '#3       verdict     bbbbbbbb on main of origin is rejected, on top of aaaaaaaa (unsigned): bbbbbbbb has no signature; it still offers aaaaaaaa',
      '#4       desired     desired is main bbbbbbbb from origin (switch), before it was aaaaaaaa',
      '#5       desired     no commit is desired any more; before it was bbbbbbbb',
      '#6       deployment  deployment 20260101T000000Z-bbbbbbbb of bbbbbbbb began (switch; commit): /nix/store/new-nixos',
      '#7       deployment  deployment 20260101T000000Z-bbbbbbbb of bbbbbbbb ended: rolled_back, HealthCheckFailed',
      '#8       accept      bob accepted bbbbbbbb as the floor in place of aaaaaaaa: history was cleaned',
      '#9       suspend     bob suspended this host until 2026-01-02T00:00:00.000Z: a holiday',
      '#10      resume      the suspension is over',
      '#11      retry       bob asked to try bbbbbbbb again',
      '#12      state       state was lost (recovered), the floor is aaaaaaaa: the journal is missing',
      '#13      gap         the audit log has a gap: 2 records could not be written and are lost; 17 bytes before this record are what a crash left of another',
      expect.stringMatching(/journal on another machine/),
    ]);
  });

  test('is the daemon’s answer with --json, at most so many', async () => {
    await audit(terminal({ json: true }), { limit: 1 });
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      kind: 'AuditLog',
      chain: 'intact',
      records: [{ seq: 13 }],
    });
  });

  test('exits 1 and says where when it was tampered with, and shows even a record that is not whole', async () => {
    const broken = { file: 'audit.1.jsonl', line: 3, seq: 9, message: 'one was \u001b[2Jchanged' };
    const record = { ts: 'x', seq: 9, prev: '', kind: 'verdict' } as unknown as AuditRecord;
    daemon.audit = { chain: { broken }, records: [record] };
    expect(await audit(terminal(), { limit: null })).toBe(1);
    expect(printed[0]).toContain('a record that is not whole: {"ts":"x"');
    expect(printed[1]).toContain('BROKEN at line 3 of audit.1.jsonl (record 9): one was changed');
  });
});

describe('why', () => {
  const reasons = [
    { decision: 'verdict', message: 'main of origin is refused (unsigned)', next: 'sign it' },
    { decision: 'suspension', message: 'web1 is suspended by bob: \u001b[2Jtea', next: null },
  ] as const;
  const offers = [
    { remote: 'origin', role: 'main', ref: 'main' },
    { remote: 'mirror', role: 'main', ref: 'trunk' },
  ] as const;
  const held = {
    commit: newCommit,
    subject: 'Update nginx',
    standing: 'held',
    message: 'these 2 keep it from running',
    offers,
    reasons,
  } as const;
  const runs = {
    ...held,
    standing: 'running',
    message: 'it runs',
    offers: [],
    subject: null,
    reasons: [],
  } as const;

  test('says what keeps each head from running, and what to do', async () => {
    daemon.why = { ...daemon.why, commits: [held, runs], remarks: ['third has not been asked yet'] };
    expect(await why(terminal(), { commit: null })).toBe(0);
    expect(printed.join('\n').split('\n')).toEqual([
      '4f2a9c1e Update nginx (main of origin, trunk of mirror)',
      '  held: these 2 keep it from running',
      '  - main of origin is refused (unsigned)',
      '    next: sign it',
      '  - web1 is suspended by bob: tea',
      '',
      '4f2a9c1e',
      '  running: it runs',
      '',
      'third has not been asked yet',
    ]);
  });

  test('asks about one commit, and gives the answer as it is with --json', async () => {
    await why(terminal({ json: true }), { commit: '4F2A9C1E' });
    expect(daemon.commands).toEqual([{ name: 'why', request: '4f2a9c1e' }]);
    expect(JSON.parse(printed[0] ?? '')).toEqual(daemon.why);
    expect(await attempt(() => why(terminal(), { commit: 'main' }))).toBe(2);
  });

  test('says so when no remote offers anything', async () => {
    await why(terminal(), { commit: null });
    expect(printed).toEqual(['no remote offers a commit']);
  });
});

describe('wishes', () => {
  test('suspend sends reason, length and user', async () => {
    expect(await suspend(terminal(), { reason: 'tea', for: '2h' })).toBe(0);
    expect(daemon.commands[0]?.request).toMatchObject({
      reason: 'tea',
      forMs: 7_200_000,
      by: expect.any(String),
    });
    expect(printed).toEqual(['suspended for 2h']);
  });

  test('a bad length is a usage error that never reaches the daemon', async () => {
    expect(await attempt(() => suspend(terminal(), { reason: 'tea', for: '3w' }))).toBe(2);
    expect(daemon.commands).toEqual([]);
  });

  test('a bad commit is a usage error that never reaches the daemon', async () => {
    expect(await attempt(() => retry(terminal(), { commit: 'main' }))).toBe(2);
    expect(await attempt(() => accept(terminal(), { commit: 'HEAD~1', reason: 'x' }))).toBe(2);
    expect(daemon.commands).toEqual([]);
  });

  test('confirm and reject name what they were about', async () => {
    const { id, commit } = sampleDeployment;
    expect(await confirm(terminal(), { id: null })).toBe(0);
    expect(await reject(terminal(), { id, reason: 'no' })).toBe(0);
    expect(daemon.commands.map(({ request }) => request)).toMatchObject([{ id: null }, { id, reason: 'no' }]);
    const named = `deployment ${id} of ${commit.slice(0, 8)}`;
    expect(printed).toEqual([`${named} is confirmed`, `${named} is rejected: it is rolled back now`]);
    await confirm(terminal({ json: true }), { id: null });
    expect(JSON.parse(printed[2] ?? '')).toEqual({ commit, deployment: id });
  });

  test('rollback says where it leads, and that the host is held', async () => {
    expect(await rollback(terminal(), { to: null, reason: 'slow' })).toBe(0);
    expect(daemon.commands[0]?.request).toMatchObject({ to: null, reason: 'slow' });
    const { commit, previous } = sampleDeployment;
    const where = previous.commit ? previous.commit.slice(0, 8) : 'the system before';
    expect(printed[0]).toContain(`going back from ${commit.slice(0, 8)} to ${where}`);
    expect(printed[0]).toContain('until abide resume');
  });

  test('a refusal exits 1 with the daemon’s words', async () => {
    daemon.refusal = new Refused('it is not rewritten');
    expect(await attempt(() => accept(terminal(), { commit: newCommit, reason: 'x' }))).toBe(1);
    expect(complained).toEqual(['abide: it is not rewritten']);
  });
});

describe('reconcile', () => {
  const token = '2025-03-01T12:00:00.000Z';
  const handled: Partial<HostStatus> = { reconcile: { requested: token, handled: token } };
  const waiting = { gate: 'lock', reason: 'busy', since: token, nextCheck: null };

  test('without --wait only asks', async () => {
    expect(await reconcile(terminal(), { wait: false })).toBe(0);
    expect(daemon.commands).toHaveLength(1);
  });

  test.each<[string, Partial<HostStatus>, ReturnType<typeof endOfWait>]>([
    ['not looked yet', {}, null],
    ['looked earlier only', { reconcile: { requested: token, handled: '2025-03-01T11:00:00.000Z' } }, null],
    ['looked', handled, 'good'],
    [
      'looked for somebody later',
      { reconcile: { requested: null, handled: '2025-03-01T13:00:00.000Z' } },
      'good',
    ],
    ['at work', { ...handled, state: 'building', summary: 'Progressing' }, null],
    ['about to work', { ...handled, summary: 'Progressing' }, null],
    ['on probation', { ...handled, state: 'probation', summary: 'Progressing' }, null],
    ['waiting for a person', { ...handled, state: 'probation', summary: 'Waiting', waiting }, 'good'],
    ['at a gate', { ...handled, state: 'gating', summary: 'Waiting', waiting }, 'good'],
    ['failed', { ...handled, state: 'backoff', summary: 'Failed' }, 'bad'],
    ['stalled', { ...handled, state: 'stalled', summary: 'Stalled' }, 'bad'],
    ['drifted', { ...handled, summary: 'Drifted' }, 'bad'],
    ['suspended', { suspended: { reason: 'x', by: null, since: token, until: null } }, 'bad'],
  ])('--wait, %s: the end is %j', (_what, change, end) => {
    expect(endOfWait({ ...sampleStatus, ...change }, token)).toBe(end);
  });

  test('--wait tells progress on standard error and ends in sync', async () => {
    const err = (text: string) => {
      complained.push(text);
      if (complained.length === 1) {
        const progress = { phase: 'build', text: 'openssl', done: 3, expected: 17, since: token };
        daemon.setStatus({ ...handled, state: 'building', summary: 'Progressing', progress });
      } else {
        daemon.setStatus({ state: 'settled', summary: 'InSync', progress: null });
      }
    };
    expect(await reconcile(terminal({ err }), { wait: true })).toBe(0);
    expect(complained).toEqual(['web1 runs the desired commit', 'building: openssl (3 of 17)']);
    expect(printed).toEqual(['InSync  web1 runs the desired commit']);
  });

  test('--wait exits 0 at a gate and says which', async () => {
    daemon.setStatus({ ...handled, state: 'gating', summary: 'Waiting', message: 'web1 waits', waiting });
    expect(await reconcile(terminal(), { wait: true })).toBe(0);
    expect(printed).toEqual(['Waiting  web1 waits: waiting for lock: busy']);
  });

  test('--wait exits 1 when it failed, with the whole status', async () => {
    daemon.setStatus({ ...handled, state: 'stalled', summary: 'Stalled' });
    expect(await reconcile(terminal(), { wait: true })).toBe(1);
    expect(complained.join('\n')).toContain('Desired       4f2a9c1e');
  });

  test('--wait exits 3 when the daemon stops', async () => {
    const err = () => void daemon.server.close();
    expect(await guard(() => reconcile(terminal({ err }), { wait: true }), terminal().err)).toBe(3);
    expect(complained[0]).toMatch(/stopped or restarted/);
  });
});
