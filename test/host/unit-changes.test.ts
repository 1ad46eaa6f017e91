import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unitChanges } from '../../src/host/unit-changes.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

const units = {
  'etc/systemd/system/sshd.service': '[Service]\n',
  'etc/systemd/system/getty@.service': '[Service]\n',
  'etc/systemd/system/nginx.service': '[Service]\n',
};

let host: FakeHost;
let running: string;
beforeEach(() => {
  host = createFakeHost();
  running = host.toplevel('one', units);
  mkdirSync(join(host.root, 'run/systemd/system'), { recursive: true });
});
afterEach(() => host.remove());

const changes = () => unitChanges(host, running);

test('cannot be told without systemd, without a running system, and of a system without units', async () => {
  expect(await unitChanges(host, null)).toBeNull();
  expect(await unitChanges(host, host.toplevel('none'))).toBeNull();
  expect(await unitChanges(host, join(host.storeDir, 'collected'))).toBeNull();
  const other = createFakeHost();
  expect(await unitChanges(other, running)).toBeNull();
  other.remove();
});

test('there are none on a host that is as its system made it', async () => {
  expect(await changes()).toEqual([]);
});

describe('a unit of the system', () => {
  test('is masked by a link to /dev/null, at run time or for good', async () => {
    host.link('run/systemd/system/sshd.service', '/dev/null');
    host.link('etc/systemd/system.control/nginx.service', '/dev/null');
    expect(await changes()).toEqual([
      { unit: 'nginx.service', is: 'masked', where: '/etc/systemd/system.control' },
      { unit: 'sshd.service', is: 'masked', where: '/run/systemd/system' },
    ]);
  });

  test('is overridden by a drop-in, of an instance too', async () => {
    host.write('run/systemd/system/sshd.service.d/override.conf', '[Service]\nNice=1\n');
    host.write('run/systemd/system.control/getty@tty1.service.d/50-Nice.conf', '[Service]\nNice=1\n');
    expect(await changes()).toEqual([
      { unit: 'getty@tty1.service', is: 'overridden', where: '/run/systemd/system.control' },
      { unit: 'sshd.service', is: 'overridden', where: '/run/systemd/system' },
    ]);
  });

  test('is replaced by a file that systemd prefers to its own, and only by such', async () => {
    host.write('run/systemd/transient/sshd.service', '[Service]\n');
    host.write('run/systemd/system/nginx.service', '[Service]\n');
    expect(await changes()).toEqual([
      { unit: 'sshd.service', is: 'replaced', where: '/run/systemd/transient' },
    ]);
  });
});

test('what is not the system’s, is generated, or is empty is no change', async () => {
  host.write('run/systemd/transient/run-u1.service', '[Service]\n');
  host.write('run/systemd/transient/session-1.scope.d/50-Slice.conf', '[Scope]\n');
  host.write('run/systemd/generator/sshd.service', '[Service]\n');
  host.link('run/systemd/system/foreign.service', '/dev/null');
  host.write('run/systemd/system/sshd.service.d/override.conf~', '');
  mkdirSync(join(host.root, 'run/systemd/system/nginx.service.d'));
  expect(await changes()).toEqual([]);
});

describe('the links of /etc', () => {
  const links = (etc: string, system: string) => {
    host.link('etc/static', etc);
    host.link('etc/systemd/system', system);
  };
  const linked = async () => {
    // A real toplevel's etc is a link into the store; this one's stands for it.
    const system = host.toplevel('linked');
    host.toplevel('etc-one', { 'systemd/system/sshd.service': '' });
    symlinkSync(join(host.storeDir, 'etc-one'), join(system, 'etc'));
    return unitChanges(host, system);
  };

  test('that are the running system’s own are no change', async () => {
    links(join(host.storeDir, 'etc-one'), '/etc/static/systemd/system');
    expect(await linked()).toEqual([]);
  });

  test('that lead to another system, or away from it, are told', async () => {
    links(join(host.storeDir, 'etc-other'), '/etc/static/systemd/system');
    expect(await linked()).toEqual([{ unit: '/etc/static', is: 'unlinked', where: '/etc/static' }]);
  });

  test('of the units alone are told too', async () => {
    links(join(host.storeDir, 'etc-one'), '/srv/units');
    expect(await linked()).toMatchObject([{ is: 'unlinked', where: '/etc/systemd/system' }]);
  });
});

test('thousands of units cost one listing of their directory', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`etc/systemd/system/u${index}.service`, '']),
  );
  running = host.toplevel('many', many);
  host.link('run/systemd/system/u4999.service', '/dev/null');
  expect(await changes()).toHaveLength(1);
});
