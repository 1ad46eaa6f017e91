import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { built } from './built.ts';
import { createLab, removeLabs } from './lab.ts';
import { processesOf } from './processes.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

beforeAll(built);
afterEach(removeLabs);

/** A lab whose host runs a good system already, and the toplevel of it. */
async function runningLab(config?: Parameters<typeof createLab>[0]) {
  const lab = await createLab(config);
  const good = await lab.commit('good');
  await lab.daemon.start();
  await lab.inSync(good);
  const toplevel = await lab.host.current();
  return { lab, good, toplevel };
}

describe('a switch that goes wrong', () => {
  test('a failing activation script: the system before comes back, the commit is quarantined and not tried again', async () => {
    const { lab, good, toplevel } = await runningLab();
    const bad = await lab.commit('bad', 'activateExit = 1;');
    const status = await lab.daemon.until('the quarantine', ({ quarantine }) => quarantine.length > 0);
    expect(status.lastDeployment).toMatchObject({ commit: bad, outcome: 'rolled_back', exitCode: 2 });
    expect(status.lastDeployment?.reason).toBe('ActivationFailed');
    expect(status.lastDeployment?.log.join('\n')).toContain('Failed to run activate script');
    expect(status).toMatchObject({ summary: 'Stalled', state: 'stalled', floor: good });
    expect(await lab.host.current()).toBe(toplevel);
    expect(await lab.profile()).toBe(toplevel);
    expect(await lab.host.bootDefault()).toBe(toplevel);
    expect(await lab.note()).toBe('good');
    const metrics = await lab.daemon.metrics();
    expect(metrics).toContain('abide_rollbacks_total{reason="activation"} 1');
    expect(metrics).toContain('abide_quarantined_commits 1');
    expect(lab.calls().filter((action) => action === 'test')).toHaveLength(3);
  });

  test('failed units are given one more try, and then the deployment is committed', async () => {
    const { lab, toplevel } = await runningLab();
    const before = lab.calls().length;
    const commit = await lab.commit('units', 'unitsExit = 4;');
    const { lastDeployment } = await lab.inSync(commit);
    expect(lastDeployment).toMatchObject({ commit, outcome: 'committed', retried: true, exitCode: 4 });
    expect(lab.calls().slice(before)).toEqual(['test', 'test', 'boot']);
    expect(await lab.host.current()).not.toBe(toplevel);
  });

  test('a switch that ends before it changed anything fails, keeps the host and is tried again later', async () => {
    const { lab, good, toplevel } = await runningLab();
    const bad = await lab.commit('unready', 'checkExit = 1;');
    const status = await lab.daemon.until('the failure', ({ backoff }) => backoff !== null);
    expect(status.backoff).toMatchObject({ class: 'activate', attempt: 1, attempts: 5 });
    expect(status.failure?.log.join('\n')).toContain('Pre-switch checks failed');
    expect(status.lastDeployment).toMatchObject({ commit: bad, outcome: 'failed', exitCode: 1 });
    expect(status).toMatchObject({ summary: 'Failed', floor: good, quarantine: [] });
    expect(await lab.host.current()).toBe(toplevel);
    const { exitCode } = await lab.daemon.cli('retry');
    expect(exitCode).toBe(0);
    await lab.daemon.until('the second attempt', ({ backoff }) => backoff?.attempt === 2);
  });

  test("while somebody holds switch-to-configuration's lock the deployment waits, and then it goes on", async () => {
    const { lab } = await runningLab();
    await mkdir(join(lab.host.root, 'run/nixos'), { recursive: true });
    const lock = join(lab.host.root, 'run/nixos/switch-to-configuration.lock');
    const holder = spawn('flock', [lock, 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(holder, 'spawn');
    const commit = await lab.commit('busy');
    const status = await lab.daemon.until('the wait', ({ waiting }) => waiting?.gate === 'lock');
    expect(status).toMatchObject({ summary: 'Waiting', failure: null, quarantine: [] });
    holder.stdin.end();
    await lab.inSync(commit);
    expect(await lab.note()).toBe('busy');
  });

  test('a system that needs a reboot is staged: it is the next to boot, and the one before runs on', async () => {
    const { lab, toplevel } = await runningLab();
    const commit = await lab.commit('staged', 'initInterface = "systemd 3";');
    const status = await lab.daemon.until(
      'the end',
      ({ lastDeployment }) => lastDeployment?.commit === commit,
    );
    expect(status.lastDeployment).toMatchObject({ outcome: 'staged', exitCode: 100 });
    expect(status).toMatchObject({ summary: 'Waiting' });
    expect(await lab.host.current()).toBe(toplevel);
    expect(await lab.host.bootDefault()).toBe(status.lastDeployment?.toplevel);
    expect(await lab.profile()).toBe(status.lastDeployment?.toplevel);
    expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(10);
    await lab.host.reboot();
    await lab.inSync(commit);
  });

  test('a switch that hangs past activate.timeout is ended and undone', async () => {
    const { lab, toplevel } = await runningLab(() => ({ activate: { timeout: '2s' } }));
    const commit = await lab.commit('hanging', 'activateSeconds = 600;');
    const status = await lab.daemon.until('the rollback', ({ quarantine }) => quarantine.length > 0, 60_000);
    expect(status.lastDeployment).toMatchObject({ commit, outcome: 'rolled_back' });
    expect(status.lastDeployment?.message).toContain('time limit');
    expect(await lab.host.current()).toBe(toplevel);
    expect(processesOf(lab.dir).filter(({ command }) => command.includes('/activate'))).toEqual([]);
  });

  test('a boot loader that fails keeps the healthy system, puts the profile back, and just that step is tried again', async () => {
    const { lab, good, toplevel } = await runningLab();
    const commit = await lab.commit('no loader', 'bootloaderExit = 1;');
    const status = await lab.daemon.until(
      'the end',
      ({ lastDeployment }) => lastDeployment?.commit === commit,
    );
    expect(status.lastDeployment).toMatchObject({ outcome: 'uncommitted' });
    expect(status.failure).toMatchObject({ class: 'commit', code: 'boot_loader_failed' });
    expect(status.failure?.message).toContain('Failed to install bootloader');
    expect(status).toMatchObject({ floor: good, quarantine: [] });
    expect(await lab.note()).toBe('no loader');
    expect(await lab.profile()).toBe(toplevel);
    expect(await lab.host.bootDefault()).toBe(toplevel);
    const before = lab.calls().length;
    await lab.daemon.cli('retry');
    await lab.daemon.until('the second try', ({ backoff }) => backoff?.attempt === 2);
    expect(lab.calls().slice(before)).toEqual(['boot']);
    const mended = await lab.commit('mended');
    await lab.inSync(mended);
    expect(await lab.host.bootDefault()).toBe(await lab.host.current());
  });
});
