import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unfinishedSwitch } from '../../src/host/unfinished-switch.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

const lock = 'run/nixos/switch-to-configuration.lock';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const left = () => unfinishedSwitch(host.root);

/** As a switch leaves it when it is killed on the way. */
function cutOff(): void {
  host.write(lock, '');
  host.write('run/nixos/start-list', 'nginx.service\nget\\x2dty@tty1.service\nnginx.service\n');
  host.write('run/nixos/restart-list', 'sshd.service\n');
  host.write('run/nixos/activation-reload-list', 'dbus.service\n');
}

test('there is nothing on a host that never switched, and nothing after a switch that ended', async () => {
  expect(await left()).toEqual([]);
  host.write(lock, '');
  expect(await left()).toEqual([]);
});

test('a switch that was cut off left units to be started, restarted and reloaded', async () => {
  cutOff();
  expect(await left()).toEqual([
    { unit: 'nginx.service', is: 'unstarted', where: '/run/nixos/start-list' },
    { unit: 'get\\x2dty@tty1.service', is: 'unstarted', where: '/run/nixos/start-list' },
    { unit: 'sshd.service', is: 'unrestarted', where: '/run/nixos/restart-list' },
    { unit: 'dbus.service', is: 'unreloaded', where: '/run/nixos/activation-reload-list' },
  ]);
});

test('the lists of a switch that runs say nothing, whoever runs it', async () => {
  cutOff();
  const holder = spawn('flock', ['-n', join(host.root, lock), 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  expect(await left()).toEqual([]);
  const gone = new Promise((resolve) => holder.once('exit', resolve));
  holder.stdin.end();
  await gone;
  expect(await left()).toHaveLength(4);
});

test('where switches take no lock, nobody can say that none runs', async () => {
  cutOff();
  rmSync(join(host.root, lock));
  expect(await left()).toEqual([]);
});

test('what is no name of a unit is left out', async () => {
  host.write(lock, '');
  host.write('run/nixos/start-list', '\n\u001b[2J\nrm -rf\n../x\na.service\n');
  expect(await left()).toEqual([{ unit: 'a.service', is: 'unstarted', where: '/run/nixos/start-list' }]);
});
