import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SwitchVerdict } from '../../src/domain/switch-verdict.ts';
import { judgeSwitch } from '../../src/domain/switch-verdict.ts';
import { createActivator } from '../../src/host/activate.ts';
import { createBootLoader } from '../../src/host/boot-loader.ts';
import { createDeadMan } from '../../src/host/dead-man.ts';
import { createHostObserver } from '../../src/host/observe.ts';
import { createRollBack } from '../../src/host/roll-back.ts';
import { run } from '../../src/process.ts';
import { createImitationHost, createInfraRepository, type ImitationHost } from '../harness/imitation-host.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

const names = ['alpha', 'alpha2', 'newkernel', 'bad-activate', 'bad-units', 'bad-boot', 'needs-reboot'];
let store: NixStore;
let host: ImitationHost;
let commit = '';
const toplevels: Record<string, string> = {};

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ah-'));
  store = await createNixStore(join(dir, 's'));
  const repository = await createInfraRepository(join(dir, 'repo'));
  commit = await repository.git('rev-parse', 'HEAD');
  await mkdir(join(dir, 'root'));
  host = await createImitationHost(join(dir, 'root'));
  for (const name of names) {
    const attribute = `${repository.source(commit)}#nixosConfigurations.${name}.config.system.build.toplevel`;
    const { stdout } = await execa('nix', ['build', '--no-link', '--print-out-paths', attribute], {
      env: store.env,
      extendEnv: false,
      cwd: '/',
    }).catch(() =>
      execa('nix', ['build', '--no-link', '--json', attribute], { env: store.env, extendEnv: false }),
    );
    toplevels[name] = stdout.startsWith('[') ? JSON.parse(stdout)[0].outputs.out : stdout;
  }
}, 120_000);
afterAll(async () => {
  await store.remove();
  await execa('rm', ['-rf', join(store.storeDir, '../..')]);
});

const observer = () => createHostObserver({ root: host.root, storeDir: store.storeDir, now: Date.now });
const place = () => ({
  root: host.root,
  run,
  activator: 'direct' as const,
  path: process.env['PATH'] ?? '',
});
const activator = () => createActivator({ ...place(), stateDir: join(host.root, 'state'), now: Date.now });
let deployments = 0;

async function activate(name: string): Promise<SwitchVerdict['verdict']> {
  const toplevel = toplevels[name] ?? '';
  const before = (await observer().observe()).current;
  const result = await activator().run({
    deployment: `d${(deployments += 1)}`,
    toplevel,
    action: 'test',
    noCheck: false,
    timeoutMs: 20_000,
  });
  const after = (await observer().observe()).current;
  return judgeSwitch({ result, toplevel, before, after, retried: false }).verdict;
}

const runs = async () => (await observer().observe()).current;

test('an imitation of NixOS is activated, observed, made the boot default, and left for the one before', async () => {
  expect(await activate('alpha')).toBe('healthy');
  await createBootLoader({ root: host.root, activator: activator(), observer: observer() }).install({
    deployment: 'd1',
    toplevel: toplevels['alpha'] ?? '',
  });
  await host.reboot();
  expect(await observer().observe()).toMatchObject({
    current: toplevels['alpha'],
    booted: toplevels['alpha'],
    bootDefault: toplevels['alpha'],
    currentRevision: commit,
    rebootReasons: [],
    hostName: host.hostName,
    machineId: host.machineId,
  });

  expect(await activate('newkernel')).toBe('healthy');
  const { rebootReasons } = await observer().observe();
  expect(rebootReasons).toEqual(expect.arrayContaining(['kernel', 'kernel-modules', 'initrd']));

  const deadMan = createDeadMan(place());
  const rollBack = createRollBack({ deadMan, observer: observer() });
  const way = {
    deployment: `d${deployments}`,
    toplevel: toplevels['newkernel'] ?? '',
    previous: toplevels['alpha'] ?? '',
    profile: null,
  };
  expect(await rollBack(way)).toMatchObject({
    observed: { current: way.previous },
    byItself: false,
    note: null,
  });
  expect(await runs()).toBe(toplevels['alpha']);
});

test('what goes wrong in an activation is judged by link and exit code', async () => {
  expect(await activate('alpha')).toBe('healthy');
  expect(await activate('needs-reboot')).toBe('staged');
  expect(await runs()).toBe(toplevels['alpha']);
  expect(await activate('bad-units')).toBe('again');
  expect(await activate('bad-activate')).toBe('roll-back');
  expect(await runs()).toBe(toplevels['bad-activate']);
});

test('a boot loader that fails moves nothing', async () => {
  const { bootDefault } = await observer().observe();
  const loader = createBootLoader({ root: host.root, activator: activator(), observer: observer() });
  const what = { deployment: 'd-boot', toplevel: toplevels['bad-boot'] ?? '' };
  await expect(loader.install(what)).rejects.toMatchObject({ code: 'boot_loader_failed' });
  expect((await observer().observe()).bootDefault).toBe(bootDefault);
});

test('a held lock is busy', async () => {
  const lock = join(host.root, 'run/nixos/switch-to-configuration.lock');
  const holder = execa('flock', ['--no-fork', lock, 'sleep', '60'], { reject: false });
  for (let waited = 0; waited < 100 && !(await observer().observe()).switchRunning; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await activate('alpha2')).toBe('busy');
  holder.kill('SIGKILL');
  await holder;
});
