import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: {
      health: {
        settle: '0s',
        stableFor: '0s',
        deadline: '20s',
        inbound: { ports: [] },
        confirm: 'manual',
      },
    },
  });
  await lab.daemon.start();
});

afterAll(() => lab.remove());

const waits = (commit: string) => (status: HostStatus) =>
  status.waiting?.gate === 'confirmation' && status.deployment?.commit === commit;
const ended = (commit: string) => (status: HostStatus) =>
  status.lastDeployment?.commit === commit && status.deployment === null;

describe('health.confirm: manual', () => {
  test('a system runs and waits; the command that its status shows keeps it, also after kill -9', async () => {
    const { daemon, host } = lab;
    const commit = await lab.release('first');
    const asked = await daemon.until('a question', waits(commit));
    const { id } = asked.deployment!;
    expect(asked).toMatchObject({ summary: 'Waiting', state: 'probation' });
    expect(asked.message).toContain(`abide confirm ${id}`);
    expect(asked.message).toContain(`rolled back at ${asked.waiting?.nextCheck}`);
    expect(await host.bootDefault()).toBeNull();
    expect((await daemon.cli('reconcile', '--wait')).exitCode).toBe(0);
    expect(await daemon.cli('confirm', 'deadbeef')).toMatchObject({ exitCode: 1 });
    await daemon.kill();
    await daemon.start();
    await daemon.until('the same question', waits(commit));
    const confirmed = await daemon.cli('confirm', id, '--json');
    expect(JSON.parse(confirmed.stdout)).toEqual({ commit, deployment: id });
    const status = await daemon.until('the end', ended(commit));
    expect(status.lastDeployment).toMatchObject({
      outcome: 'committed',
      confirmation: { askedBy: 'health.confirm', at: expect.any(String) },
    });
    expect(await host.bootDefault()).toBe(status.lastDeployment?.toplevel);
    expect(await daemon.cli('confirm')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing waits for an answer'),
    });
    expect((await daemon.cli('events', '--audit')).stdout).toContain(`confirmed ${commit.slice(0, 8)} on`);
  });

  test('reject goes back at once, with the name and the reason in status, why and metrics', async () => {
    const { daemon, host } = lab;
    const before = await host.current();
    const commit = await lab.release('unwanted');
    await daemon.until('a question', waits(commit));
    expect((await daemon.cli('reject')).exitCode).toBe(2);
    const rejected = await daemon.cli('reject', '--reason', 'the colours are wrong');
    expect(rejected.stdout).toContain('is rejected: it is rolled back now');
    const status = await daemon.until('the end', ended(commit));
    expect(await host.current()).toBe(before);
    expect(status.quarantine.at(-1)).toMatchObject({
      commit,
      reason: 'Rejected',
      message: expect.stringMatching(/^rejected by .+: the colours are wrong$/),
    });
    expect((await daemon.cli('why')).stdout).toContain('the colours are wrong');
    expect(await daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="manual"\} 1/);
  });

  test('without an answer the deadline goes back', async () => {
    const commit = await lab.release('unanswered');
    await lab.daemon.until('a question', waits(commit));
    const status = await lab.daemon.until('the end', ended(commit), 60_000);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', reason: 'NotConfirmed' });
  });
});
