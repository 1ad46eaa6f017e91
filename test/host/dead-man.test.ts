import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const ran = () => {
  const file = join(lab.host.dir, 'ran');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const noting = '"$(dirname "$(dirname "$(dirname "$(dirname "$0")")")")/ran"';
const telling = `echo "$1 check=$NIXOS_NO_CHECK" >> ${noting}`;

test('goes back when its time has come, by the previous system and with its checks skipped', async () => {
  lab = createDeadManLab({ previous: [telling, 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  expect(await lab.activate()).toMatchObject({ exitCode: 0 });
  expect(lab.current()).toBe(lab.way.toplevel);
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);
  expect(ran()).toEqual(['test check=1']);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', byItself: true, failures: 0 });
  await lab.until(() => lab.processes().length === 0);
});

test('the end of the switch sets the time anew, before which nothing happens', async () => {
  lab = createDeadManLab({ next: ['sleep 1.5', 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 3);
  await lab.activate(60);
  await sleep(2500);
  expect(lab.current()).toBe(lab.way.toplevel);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'armed' });
  await lab.deadMan.disarm('d1');
  await lab.until(() => lab.processes().length === 0);
});

test('one that is called off never acts, and its process ends', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 1);
  await lab.activate(1);
  await lab.deadMan.disarm('d1');
  await lab.until(() => lab.processes().length === 0);
  await sleep(1500);
  expect(lab.current()).toBe(lab.way.toplevel);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'disarmed' });
});

test('a switch that still runs is ended first, with everything it started', async () => {
  lab = createDeadManLab({ next: ['activate', 'trap "" TERM', 'sleep 300 & sleep 300'] });
  await lab.deadMan.arm(lab.way, 'switch', 1);
  const switching = lab.activate();
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);
  expect((await switching).exitCode).toBeNull();
  await lab.until(() => lab.processes().length === 0);
});

test('a switch that was ended half way leaves the link, and the previous system is activated all the same', async () => {
  lab = createDeadManLab({ next: ['sleep 300'], previous: [telling, 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 1);
  const switching = lab.activate();
  await lab.until(() => lab.note('outcome') !== null);
  await switching;
  expect(ran()).toEqual(['test check=1']);
});

test.each([
  ['nothing was switched', async () => {}],
  [
    'the switch changed nothing',
    async () => {
      await lab.activate(1);
    },
  ],
])('stands by where %s', async (_, before) => {
  lab = createDeadManLab({ next: ['exit 1'], previous: [telling, 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 1);
  await before();
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.note('outcome')).toBe(`stood-by ${lab.way.previous}`);
  expect(ran()).toEqual([]);
});

test('stands by where a person has repaired the host meanwhile', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  const repaired = lab.host.toplevel('repaired');
  lab.host.link('run/current-system', repaired);
  await lab.until(() => lab.note('outcome') !== null);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'stood-by', found: repaired });
  expect(lab.current()).toBe(repaired);
});

test('a specialisation of the new system is the new system', async () => {
  lab = createDeadManLab();
  const safe = lab.host.toplevel('safe');
  mkdirSync(join(lab.way.toplevel, 'specialisation'));
  symlinkSync(safe, join(lab.way.toplevel, 'specialisation/safe'));
  await lab.deadMan.arm(lab.way, 'switch', 1);
  lab.host.link('run/current-system', safe);
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);
});

test('a host whose link is gone is brought back', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 1);
  rmSync(join(lab.host.root, 'run/current-system'));
  await lab.until(() => lab.current() === lab.way.previous);
});

test('neither the state directory nor its own is needed', async () => {
  lab = createDeadManLab({ next: ['activate', 'sleep 300'] });
  await lab.deadMan.arm(lab.way, 'switch', 2);
  // Nobody waits for it: without its files the run has no end that a daemon could see.
  lab.activate().catch(() => undefined);
  await lab.until(() => lab.current() === lab.way.toplevel);
  rmSync(lab.host.stateDir, { recursive: true });
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);

  lab.host.link('run/current-system', lab.way.toplevel);
  await lab.deadMan.arm({ ...lab.way, deployment: 'd2' }, 'switch', 2);
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await lab.until(() => lab.current() === lab.way.previous);
});

test('one whose directory somebody removed is called off all the same', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await lab.deadMan.disarm('d1');
  expect(lab.processes()).toEqual([]);
  expect(lab.current()).toBe(lab.way.toplevel);
});

test('one whose directory somebody removed while it acts cannot be called off', async () => {
  lab = createDeadManLab({ previous: ['sleep 8', 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  await lab.deadMan.start(lab.way);
  await lab.until(() => lab.note('log') !== null);
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await expect(lab.deadMan.disarm('d1')).rejects.toMatchObject({ code: 'way_back_taken' });
  // Whoever waits for its end must not hear that it was called off.
  expect(lab.note('disarmed')).toBeNull();
});

test('a lock that is held is waited for', async () => {
  lab = createDeadManLab({ previous: [telling, `test "$(wc -l < ${noting})" -gt 2 || exit 11`, 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', failures: 0 });
});

test('one that fails is tried again until it works, and says so meanwhile', async () => {
  lab = createDeadManLab({
    previous: [telling, 'echo broken >&2', `test "$(wc -l < ${noting})" -gt 2 || exit 1`, 'activate'],
  });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  await lab.until(() => lab.note('failed') !== null);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'acting', lastExit: '1', log: ['broken'] });
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.current()).toBe(lab.way.previous);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', failures: 2 });
});

test('one that hangs is ended and tried again', async () => {
  lab = createDeadManLab({
    previous: [telling, `test "$(wc -l < ${noting})" -gt 1 || sleep 300`, 'activate'],
  });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  await lab.until(() => lab.note('outcome') !== null, 20);
  expect(lab.current()).toBe(lab.way.previous);
});

test('an activation that breaks off after the link has moved is tried a few more times, and then taken as it is', async () => {
  lab = createDeadManLab({ previous: [telling, 'activate', 'exit 1'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  await lab.until(() => lab.note('outcome') !== null);
  expect(lab.note('outcome')).toBe('went-back 1');
  expect(ran()).toHaveLength(3);
});

test('profile and boot default are put back where the deployment had begun to move them, and only there', async () => {
  lab = createDeadManLab({ previous: [telling, 'test "$1" = boot || activate'] });
  const profiles = 'nix/var/nix/profiles';
  lab.host.link(`${profiles}/system-1-link`, lab.way.previous);
  lab.host.link(`${profiles}/system-2-link`, lab.way.toplevel);
  lab.host.link(`${profiles}/system`, 'system-1-link');
  const way = { ...lab.way, profile: lab.way.previous };
  await lab.deadMan.arm(way, 'switch', 60);
  lab.host.link(`${profiles}/system`, 'system-2-link');
  await lab.activate(1);
  await lab.until(() => lab.note('outcome') !== null);
  expect(readlinkSync(join(lab.host.root, profiles, 'system'))).toBe('system-1-link');
  expect(ran()).toEqual(['test check=1', 'boot check=1']);

  lab.host.link('run/current-system', lab.way.previous);
  await lab.deadMan.arm({ ...way, deployment: 'd2' }, 'switch', 60);
  lab.host.link('run/current-system', lab.way.toplevel);
  await lab.deadMan.start({ ...way, deployment: 'd2' });
  await lab.until(async () => (await lab.deadMan.state('d2')).state === 'went-back');
  expect(ran()).toHaveLength(3);
});

test('two that are started at once go back once', async () => {
  lab = createDeadManLab({ previous: [telling, 'sleep 1', 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  await Promise.all([lab.deadMan.start(lab.way), lab.deadMan.start(lab.way)]);
  await lab.until(() => lab.note('outcome') !== null);
  await lab.until(() => lab.processes().length === 0);
  expect(ran()).toHaveLength(1);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', byItself: false });
});

test('one that acts cannot be called off, and a new deployment waits for it', async () => {
  lab = createDeadManLab({ previous: ['sleep 1', 'activate'] });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  await lab.deadMan.start(lab.way);
  await expect(lab.deadMan.disarm('d1')).rejects.toMatchObject({ code: 'way_back_taken' });
  const other = { ...lab.way, deployment: 'd2' };
  await expect(lab.deadMan.arm(other, 'switch', 60)).rejects.toMatchObject({ code: 'way_back_taken' });
  await lab.until(() => lab.note('outcome') !== null);
  await lab.deadMan.arm(other, 'switch', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'none' });
});

test('a new deployment calls off what another had left armed', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 1);
  await lab.deadMan.arm({ ...lab.way, deployment: 'd2' }, 'switch', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'disarmed' });
});

test('it goes on when the daemon that armed it is killed during the switch', async () => {
  lab = createDeadManLab({ next: ['activate', 'sleep 300'] });
  const program = fileURLToPath(new URL('arm-once.ts', import.meta.url));
  const { way, host } = lab;
  const args = ['--import', 'tsx', program, host.root, host.stateDir, way.toplevel, way.previous];
  const daemon = spawn(process.execPath, args, { stdio: 'ignore' });
  await lab.until(() => lab.current() === way.toplevel);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'armed' });
  daemon.kill('SIGKILL');
  await lab.until(() => lab.current() === way.previous);
  await lab.until(() => lab.processes().length === 0);
});

test('one whose process is gone is seen as gone, and acts once it is started', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  process.kill(-Number(lab.note('watch')?.split('\n')[0]), 'SIGKILL');
  await lab.until(async () => (await lab.deadMan.state('d1')).state === 'gone');
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await lab.deadMan.start(lab.way);
  await lab.until(() => lab.current() === lab.way.previous);
});

test('a profile that no generation holds is left alone', async () => {
  lab = createDeadManLab();
  lab.host.link('nix/var/nix/profiles/system', lab.way.toplevel);
  await lab.deadMan.arm({ ...lab.way, profile: lab.way.previous }, 'switch', 60);
  await lab.activate(1);
  await lab.until(() => lab.note('outcome') !== null);
  expect(readlinkSync(join(lab.host.root, 'nix/var/nix/profiles/system'))).toBe(lab.way.toplevel);
});
