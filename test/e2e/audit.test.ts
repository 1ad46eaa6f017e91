import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditLogSchema } from '../../src/api/contract-audit.ts';
import { whySchema } from '../../src/api/contract-why.ts';
import type { AuditReading, AuditRecord } from '../../src/domain/audit.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await createLab();
});
afterAll(() => lab.remove());

const file = () => join(lab.dir, 'state', 'audit.jsonl');
const read = async (): Promise<AuditReading> => {
  const { status, body } = await lab.daemon.get('/v1/audit?limit=1000');
  expect(status).toBe(200);
  return auditLogSchema.parse(JSON.parse(body));
};
const ofKind = <Kind extends AuditRecord['kind']>(records: readonly AuditRecord[], kind: Kind) =>
  records.filter((record): record is Extract<AuditRecord, { kind: Kind }> => record.kind === kind);

test('a deployment leaves policy, verdict, desired, begin and end on record, in this order', async () => {
  await lab.daemon.start();
  const one = await lab.deploy('one');
  const { chain, records } = await read();
  expect(chain).toBe('intact');
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
  expect(records[0]).toMatchObject({ kind: 'policy', mode: 'none', versions: { git: expect.any(String) } });
  expect(ofKind(records, 'verdict').at(-1)).toMatchObject({ commit: one, verdict: 'accepted', mode: 'none' });
  expect(ofKind(records, 'desired').at(-1)).toMatchObject({ commit: one, remote: 'infra' });
  const { lastDeployment } = await lab.daemon.status();
  expect(ofKind(records, 'deployment').slice(-2)).toMatchObject([
    { change: 'started', commit: one, deployment: lastDeployment?.id, outcome: null },
    {
      change: 'ended',
      outcome: 'committed',
      toplevel: lastDeployment?.toplevel,
      derivation: expect.stringMatching(/\.drv$/),
    },
  ]);
});

test('what people ask for is on record with who it was, and so is rewritten history until it is accepted', async () => {
  const { daemon, infra } = lab;
  expect((await daemon.cli('suspend', '--reason', 'see https://bob:hunter2@example.org')).exitCode).toBe(0);
  expect((await daemon.cli('resume')).exitCode).toBe(0);
  const before = (await daemon.status()).floor;
  await infra.git('commit', '--quiet', '--amend', '--message', 'one, said otherwise');
  const rewritten = await infra.git('rev-parse', 'HEAD');
  await daemon.until('refusal', ({ remotes }) => remotes[0]?.main?.verdict === 'rejected');
  const why = await daemon.cli('why');
  expect(why).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is refused (rewritten') });
  expect(why.stdout).toMatch(new RegExp(`next: .*abide accept ${rewritten.slice(0, 8)}`));
  expect((await daemon.cli('why', before ?? '')).stdout).toContain('running: it runs on alpha');
  expect((await daemon.cli('accept', rewritten, '--reason', 'the message was wrong')).exitCode).toBe(0);
  await daemon.until('acceptance', ({ floor, summary }) => floor === rewritten && summary === 'InSync');
  const { chain, records } = await read();
  expect(chain).toBe('intact');
  const actor = ofKind(records, 'accept')[0]?.actor;
  expect(actor).toEqual(expect.any(String));
  expect(ofKind(records, 'suspend')).toMatchObject([{ reason: 'see https://example.org', actor }]);
  expect(ofKind(records, 'resume')).toMatchObject([{ actor }]);
  expect(ofKind(records, 'accept')).toMatchObject([{ commit: rewritten, floor: before }]);
  expect(ofKind(records, 'verdict').filter(({ commit }) => commit === rewritten)).toMatchObject([
    { verdict: 'rejected', reason: 'rewritten', base: before },
    { verdict: 'accepted', reason: null },
  ]);
});

test('a restart, also after kill -9, goes on with the chain and repeats nothing but the policy', async () => {
  const before = (await read()).records.length;
  await lab.daemon.kill();
  await lab.daemon.start();
  await lab.daemon.until('rest', ({ summary }) => summary === 'InSync');
  const { chain, records } = await read();
  expect(chain).toBe('intact');
  expect(records.slice(before).map(({ kind }) => kind)).toEqual(['policy']);
});

test('why answers about heads, history, and what nobody knows', async () => {
  const explain = async (commit: string) => {
    const { exitCode, stdout } = await lab.daemon.cli('why', '--json', commit);
    expect(exitCode).toBe(0);
    return whySchema.parse(JSON.parse(stdout)).commits[0];
  };
  const first = await lab.infra.git('rev-list', '--max-parents=0', 'HEAD');
  expect(await explain(first.slice(0, 9))).toMatchObject({
    commit: first,
    standing: 'past',
    reasons: [{ decision: 'floor', next: expect.stringContaining('abide accept') }],
  });
  expect(await explain('abcdef0')).toMatchObject({ commit: 'abcdef0', standing: 'unknown' });
  const { stdout } = await lab.daemon.cli('why');
  expect(stdout).toMatch(/\(main of infra\)\n  running: it runs on alpha and is desired$/);
});

test('people read it line by line, and the daemon’s log has every record', async () => {
  const { exitCode, stdout } = await lab.daemon.cli('events', '--audit', '-n', '1000');
  const { records } = await read();
  const lines = stdout.split('\n');
  expect([exitCode, lines.length]).toEqual([0, records.length + 1]);
  expect(lines.at(-1)).toMatch(/chain is intact.*journal on another machine/);
  for (const { seq, kind, prev } of records) {
    expect(lab.daemon.log()).toMatch(new RegExp(`"audit":"${kind}".*"seq":${seq},"prev":"${prev}"`));
  }
});

test('that state was lost is on record', async () => {
  const { floor } = await lab.daemon.status();
  await lab.daemon.stop();
  rmSync(join(lab.dir, 'state', 'journal.json'));
  await lab.daemon.start();
  const { chain, records } = await read();
  expect(chain).toBe('intact');
  expect(ofKind(records, 'state')).toMatchObject([{ state: 'recovered', floor }]);
});

test('a record that somebody changed is noticed, also by the daemon that runs', async () => {
  const text = readFileSync(file(), 'utf8');
  writeFileSync(file(), text.replace('the message was wrong', 'the message was great'));
  const { exitCode, stdout } = await lab.daemon.cli('events', '--audit');
  expect(exitCode).toBe(1);
  expect(stdout.split('\n').at(-1)).toMatch(/THE CHAIN IS BROKEN at line \d+ of audit\.jsonl/);
  writeFileSync(file(), text);
  expect((await read()).chain).toBe('intact');
  writeFileSync(file(), `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
  expect((await read()).chain).not.toBe('intact');
});
