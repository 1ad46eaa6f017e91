import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: (dir) => ({
      health: {
        settle: '0s',
        stableFor: '0s',
        deadline: '3s',
        inbound: { ports: [] },
        checks: [
          {
            name: 'app',
            command: [
              '/bin/sh',
              '-c',
              `! grep -q sick ${dir}/host/run/current-system/etc/health 2>/dev/null`,
            ],
          },
        ],
      },
    }),
  });
  await lab.release('before');
  await lab.daemon.start();
  await lab.daemon.until('before', ({ summary }) => summary === 'InSync');
});

afterAll(() => lab.remove());

const ended = (commit: string) => (status: HostStatus) =>
  status.deployment === null && status.lastDeployment?.commit === commit;

test('Abide-Rollback: no on any commit since the deployed one leaves a failed system where it is, loudly', async () => {
  const { daemon, host, infra } = lab;
  const before = await host.current();
  await daemon.cli('suspend', '--reason', 'two commits at once');
  await infra.setHosts('{ alpha = { note = "migrates"; }; }\n');
  const migration = await infra.commit('migrates\n\nAbide-Rollback: no');
  const commit = await lab.release('on top', 'health = "sick";');
  await daemon.cli('resume');
  const running = await daemon.until('a deployment', ({ deployment }) => deployment?.commit === commit);
  expect(running.deployment?.noRollback).toBe(migration);
  const status = await daemon.until('the end', ended(commit));
  const { id, message, outcome, toplevel } = status.lastDeployment!;
  expect(outcome).toBe('failed');
  expect(message).toContain(`Abide-Rollback: no in ${migration.slice(0, 8)}`);
  expect(message).toContain(`${before} still is the boot default`);
  expect(await host.current()).toBe(toplevel);
  expect(await host.bootDefault()).toBe(before);
  expect(status).toMatchObject({ summary: 'Stalled', quarantine: [{ commit }] });
  expect(existsSync(join(host.root, 'run/abide-deadman', id, 'dead-man.sh'))).toBe(false);
  expect((await daemon.cli('show', id)).stdout).toContain('not by itself (Abide-Rollback: no in');
});

test('a person can go back from it', async () => {
  const { daemon, host } = lab;
  expect((await daemon.cli('rollback', '--reason', 'sick')).exitCode).toBe(0);
  await daemon.until('the end', ({ deployment, lastDeployment }) =>
    Boolean(deployment === null && lastDeployment?.goesBackFrom),
  );
  expect(await host.current()).toBe(await host.bootDefault());
  await daemon.cli('resume');
});

test('a trailer that says something else is told and not obeyed', async () => {
  const { daemon, infra } = lab;
  await lab.deploy('well again');
  await infra.setHosts('{ alpha = { note = "odd"; health = "sick"; }; }\n');
  const commit = await infra.commit('odd\n\nAbide-Rollback: never');
  const status = await daemon.until('the end', ended(commit));
  expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', noRollback: null });
  expect(daemon.log()).toContain('which has no effect; allowed are Abide-Rollback: no');
});

test('Abide-Confirm: manual asks for a person', async () => {
  const { daemon, infra } = lab;
  await infra.setHosts('{ alpha = { note = "careful"; }; }\n');
  const commit = await infra.commit('careful\n\nAbide-Confirm: manual');
  await daemon.until('a question', ({ waiting }) => waiting?.gate === 'confirmation');
  expect((await daemon.cli('confirm', commit.slice(0, 8))).exitCode).toBe(0);
  const status = await daemon.until('the end', ended(commit));
  expect(status.lastDeployment).toMatchObject({ outcome: 'committed', confirmation: { askedBy: commit } });
});
