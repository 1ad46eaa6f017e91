import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
const bootctl = fileURLToPath(new URL('../fixtures/imitation-bootctl.sh', import.meta.url));
const vendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';

/** A firmware and a loader that know how to start an entry once; main is only ever booted. */
beforeAll(async () => {
  lab = await createLab({
    env: (dir, env) => ({ ...env, PATH: `${join(dir, 'bin')}:${env['PATH']}` }),
    config: (dir) => ({
      source: {
        remotes: [
          {
            name: 'infra',
            url: join(dir, 'infra'),
            poll: '1s',
            branches: { main: { name: 'main', operation: 'boot' } },
          },
        ],
      },
      health: {
        settle: '0s',
        stableFor: '1s',
        deadline: '6s',
        inbound: { ports: [] },
        checks: [{ name: 'web', command: ['test', '-e', join(dir, 'web-is-up')] }],
      },
    }),
  });
  await isUp(true);
  await mkdir(join(lab.dir, 'bin'));
  await copyFile(bootctl, join(lab.dir, 'bin/bootctl'));
  await chmod(join(lab.dir, 'bin/bootctl'), 0o755);
  await lab.daemon.start();
});

afterAll(() => lab.remove());

const isUp = (up: boolean) => {
  const file = join(lab.dir, 'web-is-up');
  return up ? writeFile(file, '') : rm(file, { force: true });
};
const stage = async (note: string) => {
  const commit = await lab.release(note);
  const status = await lab.daemon.until(
    note,
    ({ lastDeployment, deployment }) => deployment === null && lastDeployment?.commit === commit,
  );
  expect(status.lastDeployment?.outcome).toBe('staged');
  return { commit, status, toplevel: status.lastDeployment?.toplevel ?? '' };
};
const proof = () =>
  lab.daemon.until(
    'proof',
    ({ observed, state, deployment }) =>
      observed?.booted.proven === true && state === 'settled' && deployment === null,
  );

test('where the loader has no way back of its own, that is said', async () => {
  const { status, toplevel } = await stage('one');
  expect(status.lastDeployment?.message).toContain('there is no unattended way back');
  expect(await lab.host.bootDefault()).toBe(toplevel);
  await lab.powerCycle();
  await proof();
});

test('a staged system is started once, and stays when it has proved itself', async () => {
  const efi = join(lab.host.root, 'sys/firmware/efi/efivars');
  await mkdir(efi, { recursive: true });
  await writeFile(
    join(efi, `LoaderFeatures-${vendor}`),
    Buffer.from([6, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0]),
  );
  // The first installation writes entries by which the loader can be told of a system.
  await stage('entries');
  await lab.powerCycle();
  await proof();

  const old = await lab.host.current();
  const { status, toplevel } = await stage('two');
  expect(await lab.host.bootDefault()).toBe(old);
  expect(status.message).toContain('every later boot starts the system before');
  expect((await lab.daemon.until('rest', ({ state }) => state === 'settled')).drift).toEqual([]);
  await lab.powerCycle();
  expect(await lab.host.current()).toBe(toplevel);
  const { lastDeployment, summary } = await proof();
  expect([lastDeployment?.trigger, lastDeployment?.outcome, summary]).toEqual([
    'boot',
    'committed',
    'InSync',
  ]);
  expect(await lab.host.bootDefault()).toBe(toplevel);
});

test('a commit after which nothing may go back by itself is not gone back from by the loader either', async () => {
  await lab.infra.setHosts('{ alpha = { note = "migrates"; }; }\n');
  const commit = await lab.infra.commit('migrates\n\nAbide-Rollback: no');
  const { lastDeployment } = await lab.daemon.until(
    'migrates',
    (now) => now.deployment === null && now.lastDeployment?.commit === commit,
  );
  expect(lastDeployment).toMatchObject({ outcome: 'staged', noRollback: commit });
  expect(lastDeployment?.message).toContain('there is no unattended way back: nothing goes back by itself');
  expect(await lab.host.bootDefault()).toBe(lastDeployment?.toplevel);
  await lab.powerCycle();
  await proof();
});

test('a system that does not come up is gone back from by the loader, for good', async () => {
  const old = await lab.host.current();
  const { commit } = await stage('dead');
  // It is started, and the watchdog resets the host before abide runs.
  await lab.daemon.kill();
  await lab.host.boot();
  await lab.powerCycle();
  const status = await lab.daemon.until(
    'quarantine',
    ({ quarantine, deployment }) => deployment === null && quarantine.length > 0,
  );
  expect(status).toMatchObject({
    quarantine: [{ commit, reason: 'BootFailed' }],
    lastDeployment: { outcome: 'rolled_back', trigger: 'boot' },
  });
  expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([old, old]);
  expect(
    (await lab.daemon.until('rest', ({ state }) => state === 'stalled')).observed?.profile.toplevel,
  ).toBe(old);
  expect(await lab.daemon.metrics()).toContain('abide_rollbacks_total{reason="boot"} 1');
});

test('a system that comes up sick is gone back from, and the default is the old one all the while', async () => {
  const old = await lab.host.current();
  const { commit } = await stage('sick');
  await isUp(false);
  await lab.powerCycle();
  expect(await lab.host.bootDefault()).toBe(old);
  const { quarantine } = await lab.daemon.until(
    'quarantine',
    (now) => now.deployment === null && now.quarantine.length > 1,
  );
  expect(quarantine).toContainEqual(expect.objectContaining({ commit, reason: 'HealthCheckFailed' }));
  expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([old, old]);
});
