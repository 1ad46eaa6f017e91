import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { createHostObserver } from '../../src/host/observe.ts';
import { createRollBack } from '../../src/host/roll-back.ts';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';
import { fakeSystemd, unitsOf } from './fake-systemd.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const profiles = 'nix/var/nix/profiles';
const profile = () => readlinkSync(join(lab.host.root, profiles, 'system'));
const ran = () => {
  const file = join(lab.way.previous, 'bin/ran');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const telling = 'echo "$1" >> "$(dirname "$0")/ran"';
const wentBack = () => lab.until(() => lab.note('outcome') !== null);
const way = () => ({ ...lab.way, profile: lab.way.previous });

/** A host whose new system runs, and that its profile names already; `loader` are the lines that the old one's loader is. */
async function moved(
  loader: readonly string[],
  more: Parameters<typeof createDeadManLab>[1] = {},
): Promise<void> {
  const previous = [telling, 'if test "$1" = test; then activate; exit; fi', ...loader];
  lab = createDeadManLab({ previous }, more);
  lab.host.link(`${profiles}/system-1-link`, lab.way.previous);
  lab.host.link(`${profiles}/system-2-link`, lab.way.toplevel);
  lab.host.link(`${profiles}/system`, 'system-1-link');
  await lab.deadMan.arm(way(), 'switch', 60);
  lab.host.link(`${profiles}/system`, 'system-2-link');
  await lab.activate(60);
}

test('a boot loader that fails is run again until it works, and is told meanwhile', async () => {
  await moved(['test -e "$(dirname "$0")/room" || { echo "no space left"; exit 3; }']);
  const { root, storeDir } = lab.host;
  const observer = createHostObserver({ root, storeDir, now: Date.now });
  const rollBack = createRollBack({ deadMan: lab.deadMan, observer, pollMs: 50 });
  await expect(rollBack(way())).rejects.toMatchObject({
    code: 'rollback_failed',
    message: `${lab.way.previous} runs again, but profile and boot default could not be put back to ${lab.way.previous} (exit code 3)`,
    log: ['no space left'],
  });
  expect(profile()).toBe('system-1-link');
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'acting' });
  writeFileSync(join(lab.way.previous, 'bin/room'), '');
  expect(await rollBack(way())).toMatchObject({ observed: { current: lab.way.previous } });
  expect(lab.note('outcome')).toBe('went-back 0');
  expect(ran().filter((action) => action === 'test')).toHaveLength(1);
  expect(ran().at(-1)).toBe('boot');
});

test('a lock that is held is waited for before the boot loader too', async () => {
  await moved(['test "$(grep -c boot "$(dirname "$0")/ran")" -gt 2 || exit 11']);
  await lab.deadMan.start(way());
  await wentBack();
  expect(ran()).toEqual(['test', 'boot', 'boot', 'boot']);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', failures: 0 });
});

test('what ran before is started before a boot loader that may fail', async () => {
  await moved(['exit 1'], { activator: 'systemd', path: fakeSystemd });
  await lab.deadMan.disarm('d1');
  writeFileSync(join(unitsOf(lab.host), 'active'), 'sshd.service loaded active running OpenSSH\n');
  lab.host.link(`${profiles}/system`, 'system-1-link');
  const second = { ...way(), deployment: 'd2' };
  await lab.deadMan.arm(second, 'switch', 60);
  lab.host.link(`${profiles}/system`, 'system-2-link');
  await lab.deadMan.start(second);
  await lab.until(async () => (await lab.deadMan.state('d2')).failures > 0);
  expect(readFileSync(join(unitsOf(lab.host), 'started'), 'utf8')).toContain('sshd.service');
});

test('who chooses another profile while the boot loader fails is left alone', async () => {
  await moved(['exit 1']);
  await lab.deadMan.start(way());
  await lab.until(async () => (await lab.deadMan.state('d1')).failures > 0);
  lab.host.link(`${profiles}/system-3-link`, lab.host.toplevel('repaired'));
  lab.host.link(`${profiles}/system`, 'system-3-link');
  await wentBack();
  expect(profile()).toBe('system-3-link');
});

test('one that was killed between profile and boot loader still runs the boot loader', async () => {
  await moved(['test -e "$(dirname "$0")/room" || tail -f "$0"']);
  const script = join(lab.host.root, 'run/abide-deadman/d1/dead-man.sh');
  const killed = execa('sh', [script, 'act', 'timer'], { reject: false });
  await lab.until(() => ran().includes('boot'));
  killed.kill('SIGKILL');
  await killed;
  expect(profile()).toBe('system-1-link');
  writeFileSync(join(lab.way.previous, 'bin/room'), '');
  const before = ran().length;
  await execa('sh', [script, 'act', 'timer']);
  expect(ran().slice(before)).toEqual(['test', 'boot']);
  expect(lab.note('outcome')).toBe('went-back 0');
});
