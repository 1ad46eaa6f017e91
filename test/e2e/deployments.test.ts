import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: { activate: { timeout: '4s' }, evaluate: { timeout: '6s', attempts: 3, memory: '300MiB' } },
  });
  await lab.daemon.start();
  await lab.deploy('good');
});

afterAll(() => lab.remove());

const history = async () => {
  const { stdout } = await lab.daemon.cli('history', '--json');
  return (JSON.parse(stdout) as { deployments: Record<string, unknown>[] }).deployments;
};
const note = async () => (await execa('cat', [join(lab.host.root, 'etc/note')])).stdout;

test('a failed activation is rolled back and quarantined, and retry tries it again', async () => {
  const before = await lab.host.current();
  const commit = await lab.release('bad-activate', 'activateExit = 1;');
  const status = await lab.daemon.until(
    'quarantine',
    ({ quarantine, state }) => quarantine.length > 0 && state === 'stalled',
  );
  expect(status).toMatchObject({
    summary: 'Stalled',
    quarantine: [{ commit, reason: 'ActivationFailed' }],
    lastDeployment: { outcome: 'rolled_back', commit, exitCode: 2 },
  });
  expect(await lab.host.current()).toBe(before);
  expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).toBe(1);
  expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(12);
  expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
  await lab.daemon.until(
    'a second try',
    ({ lastDeployment, state }) =>
      lastDeployment?.trigger === 'operator' &&
      lastDeployment.outcome === 'rolled_back' &&
      state === 'stalled',
  );
  expect(await lab.daemon.metrics()).toContain('abide_rollbacks_total{reason="activation"} 2');
});

test('units that fail are switched once more and then kept', async () => {
  await lab.deploy('bad-units', 'unitsExit = 4;');
  expect((await history())[0]).toMatchObject({ outcome: 'committed', retried: true, exitCode: 4 });
});

test('a switch that refuses is an attempt, and nothing is quarantined by it', async () => {
  const commit = await lab.release('refused', 'checkExit = 1;');
  const status = await lab.daemon.until('backoff', ({ backoff }) => backoff !== null);
  expect(status).toMatchObject({
    summary: 'Failed',
    backoff: { class: 'activate', attempt: 1, attempts: 5 },
    failure: { commit, log: expect.arrayContaining([expect.stringContaining('Pre-switch checks failed')]) },
  });
  expect(status.quarantine.map((each) => each.commit)).not.toContain(commit);
  expect(await note()).toBe('bad-units');
});

test('a switch that hangs past its time limit is ended and rolled back', async () => {
  await lab.release('hangs', 'activateSeconds = 600;');
  const status = await lab.daemon.until(
    'rollback',
    ({ lastDeployment }) => lastDeployment?.outcome === 'rolled_back' && lastDeployment.subject === 'hangs',
  );
  expect(status.lastDeployment?.message).toContain('time limit');
  expect(await note()).toBe('bad-units');
  await expect.poll(() => processesWith(status.lastDeployment?.toplevel ?? 'none')).toEqual([]);
});

test('a boot loader that fails leaves the healthy system running and the profile as it was', async () => {
  const before = (await lab.daemon.status()).observed?.profile.toplevel;
  await lab.release('bad-boot', 'bootloaderExit = 1;');
  const status = await lab.daemon.until(
    'uncommitted',
    ({ lastDeployment }) => lastDeployment?.outcome === 'uncommitted',
  );
  expect(status).toMatchObject({ summary: 'Failed', backoff: { class: 'commit', attempts: null } });
  expect(await note()).toBe('bad-boot');
  expect(
    (await lab.daemon.until('a look', ({ observed }) => observed?.profile.toplevel === before)).quarantine,
  ).not.toContainEqual(expect.objectContaining({ reason: 'bad-boot' }));
});

test('an init that needs a reboot stages the system for the next boot', async () => {
  await lab.release('staged', 'initInterface = "systemd 3";');
  const status = await lab.daemon.until(
    'staged',
    ({ lastDeployment }) => lastDeployment?.outcome === 'staged',
  );
  expect(status.observed?.profile.toplevel).toBe(status.lastDeployment?.toplevel);
  expect(await note()).toBe('bad-boot');
  const later = await lab.daemon.until('a look', ({ state }) => state === 'settled');
  expect(later.drift.map(({ kind }) => kind)).not.toContain('runtime');
  await lab.host.reboot();
});

test('a busy lock is waited for', async () => {
  const lock = join(lab.host.root, 'run/nixos/switch-to-configuration.lock');
  const holder = spawn('flock', [lock, 'sleep', '60'], { detached: true, stdio: 'ignore' });
  await lab.release('after the lock', 'initInterface = "systemd 3";');
  const status = await lab.daemon.until('waiting', ({ waiting }) => waiting !== null);
  expect(status).toMatchObject({ summary: 'Waiting', waiting: { gate: 'lock' }, backoff: null });
  expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).toBe(0);
  process.kill(-(holder.pid ?? 0), 'SIGKILL');
  await lab.daemon.until(
    'deployed',
    ({ summary, desired }) => summary === 'InSync' && desired?.subject === 'after the lock',
    40_000,
  );
});

test('a flake without this host stalls at once and names the hosts there are', async () => {
  await lab.infra.setHosts('{ beta = { }; "web.example.org" = { }; }\n');
  await lab.infra.commit('no alpha');
  const status = await lab.daemon.until('stalled', ({ state }) => state === 'stalled');
  expect(status.failure).toMatchObject({
    code: 'no_such_host',
    message: expect.stringMatching(/beta.*web\.example\.org/),
  });
});

test('an evaluation that throws keeps its words, that takes too long is ended, that eats memory is stopped', async () => {
  const failing = async (name: string, expression: string) => {
    await lab.infra.setHosts(`{ alpha = ${expression}; }\n`);
    const commit = await lab.infra.commit(name);
    return (await lab.daemon.until(name, ({ failure }) => failure?.commit === commit, 40_000)).failure;
  };
  expect(await failing('throws', 'throw "not \\u001b[31mtoday"')).toMatchObject({
    code: 'evaluation_failed',
    message: expect.stringContaining('today'),
  });
  expect(
    await failing(
      'for ever',
      "let f = n: if n == 0 then 0 else f (n - 1) + 0; in builtins.foldl' (a: n: a + f 500) 0 (builtins.genList (n: n) 100000000)",
    ),
  ).toMatchObject({ code: expect.stringMatching(/evaluation_(timeout|memory)/) });
  expect(
    await failing(
      'memory',
      '{ note = builtins.toJSON (builtins.genList (n: builtins.genList (m: toString (n + m)) 1000) 100000); }',
    ),
  ).toMatchObject({ code: expect.stringMatching(/evaluation_(timeout|memory)/) });
});

test('a build that fails keeps the last lines of its log', async () => {
  const commit = await lab.release('bad-build', 'buildFails = 1;');
  const status = await lab.daemon.until('failure', ({ failure }) => failure?.commit === commit);
  expect(status.failure).toMatchObject({
    class: 'build',
    code: 'build_failed',
    log: expect.arrayContaining(['failing on purpose']),
  });
  expect(status.conditions.find(({ type }) => type === 'Built')).toMatchObject({
    status: 'False',
    reason: 'BuildFailed',
  });
  expect(await lab.daemon.metrics()).toMatch(/abide_reconcile_failures_total\{phase="build"\} [1-9]/);
});

test('the next good commit goes on as if nothing had been', async () => {
  await lab.deploy('all is well', 'initInterface = "systemd 3";');
  expect((await lab.daemon.cli('status', '--exit-code')).exitCode).toBe(0);
  expect((await lab.daemon.cli('reconcile', '--wait')).exitCode).toBe(0);
});
