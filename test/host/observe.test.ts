import { spawn } from 'node:child_process';
import { existsSync, lutimesSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHostObserver } from '../../src/host/observe.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const observe = (more: object = {}) =>
  createHostObserver({ root: host.root, storeDir: host.storeDir, now: () => 42, ...more }).observe();
const revision = 'a'.repeat(40);
const nixosVersion = (text: string) => ({ 'sw/bin/nixos-version': text });

test('of a host on which nothing ever ran, everything is null and nothing throws', async () => {
  expect(await observe()).toEqual({
    at: 42,
    hostName: null,
    machineId: null,
    bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
    current: null,
    specialisation: null,
    currentRevision: null,
    booted: null,
    bootedRevision: null,
    profile: null,
    bootDefault: null,
    rebootReasons: null,
    currentSince: null,
    profileSince: null,
    newestGeneration: null,
    foreignProfiles: [],
    units: null,
    switchRunning: false,
  });
});

test('the host at / is read without privileges and without changing anything', async () => {
  const observed = await observe({ root: '/', storeDir: '/nix/store' });
  expect(observed.hostName).toBe(hostname());
});

test('who the host is comes from its own files', async () => {
  host.write('etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  host.write('etc/hostname', 'web1\n');
  host.write('run/boot-id', 'boot-7\n');
  expect(await observe()).toMatchObject({
    machineId: '0123456789abcdef0123456789abcdef',
    hostName: 'web1',
    bootId: 'boot-7',
  });
});

test('a machine-id that is not set yet is none', async () => {
  host.write('etc/machine-id', 'uninitialized\n');
  expect((await observe()).machineId).toBeNull();
});

describe('links', () => {
  test('running and booted system are the store paths behind them, also collected ones', async () => {
    const one = host.toplevel('one');
    host.link('run/current-system', one);
    host.link('run/booted-system', join(host.storeDir, 'collected'));
    expect(await observe()).toMatchObject({ current: one, booted: join(host.storeDir, 'collected') });
  });

  test('a specialisation is reported as what it is', async () => {
    const special = join(host.storeDir, 'one/specialisation/safe');
    host.link('run/current-system', special);
    expect((await observe()).current).toBe(special);
  });

  test('a specialisation that was booted is one of its base, which is the profile and the boot default', async () => {
    const base = host.toplevel('base');
    const special = host.toplevel('special');
    mkdirSync(join(base, 'specialisation'));
    symlinkSync(special, join(base, 'specialisation/safe'));
    host.link('nix/var/nix/profiles/system-3-link', base);
    host.link('nix/var/nix/profiles/system', 'system-3-link');
    for (const link of ['run/booted-system', 'run/current-system']) host.link(link, special);
    expect(await observe()).toMatchObject({
      current: base,
      specialisation: { name: 'safe', toplevel: special },
      booted: special,
    });
  });

  test('the profile has a generation and a toplevel', async () => {
    const one = host.toplevel('one');
    host.link('nix/var/nix/profiles/system-12-link', one);
    host.link('nix/var/nix/profiles/system', 'system-12-link');
    expect((await observe()).profile).toEqual({ generation: 12, toplevel: one });
  });

  test('links tell when they were moved, and the generations beside the profile which is the newest', async () => {
    const one = host.toplevel('one');
    for (const generation of [9, 12, 10]) host.link(`nix/var/nix/profiles/system-${generation}-link`, one);
    host.link('nix/var/nix/profiles/per-user-99-link', one);
    host.link('nix/var/nix/profiles/system', 'system-10-link');
    host.link('run/current-system', one);
    lutimesSync(join(host.root, 'nix/var/nix/profiles/system'), 1000, 2000);
    lutimesSync(join(host.root, 'run/current-system'), 1000, 3000);
    expect(await observe()).toMatchObject({
      profile: { generation: 10 },
      newestGeneration: 12,
      profileSince: 2_000_000,
      currentSince: 3_000_000,
    });
  });

  test('a profile that is no profile of Nix has a toplevel all the same', async () => {
    const one = host.toplevel('one');
    host.link('nix/var/nix/profiles/system', one);
    expect((await observe()).profile).toEqual({ generation: null, toplevel: one });
  });

  test('a link by way of the profile is followed inside the root, relative or absolute', async () => {
    const one = host.toplevel('one');
    host.link('nix/var/nix/profiles/system-3-link', one);
    for (const target of [
      '../nix/var/nix/profiles/system-3-link',
      '/nix/var/nix/profiles/system-3-link',
      join(host.root, 'nix/var/nix/profiles/system-3-link'),
    ]) {
      host.link('run/current-system', target);
      expect((await observe()).current, target).toBe(one);
    }
  });

  test('a link that goes in circles or out of the store is null', async () => {
    host.link('run/current-system', 'current-system');
    host.link('run/booted-system', '/etc');
    expect(await observe()).toMatchObject({ current: null, booted: null });
  });
});

describe('the revision', () => {
  const runs = (files: Record<string, string>) => {
    host.link('run/current-system', host.toplevel('one', files));
  };

  test('is read from the program without running it', async () => {
    const marker = join(host.dir, 'executed');
    runs(
      nixosVersion(
        `#!/bin/sh\ntouch ${marker}\ncat <<EOF\n{"nixosVersion":"26.05","configurationRevision":"${revision}"}\nEOF\n`,
      ),
    );
    expect((await observe()).currentRevision).toBe(revision);
    expect(existsSync(marker)).toBe(false);
  });

  test.each([
    ['is missing', '{"nixosVersion":"26.05"}'],
    ['is dirty', `{"configurationRevision":"${revision}-dirty"}`],
    ['is short', '{"configurationRevision":"abcdef1"}'],
  ])('that %s is null', async (_name, text) => {
    runs(nixosVersion(text));
    expect((await observe()).currentRevision).toBeNull();
  });

  test('of the booted system is its own', async () => {
    runs({});
    host.link(
      'run/booted-system',
      host.toplevel('two', nixosVersion(`{"configurationRevision": "${revision}"}`)),
    );
    expect(await observe()).toMatchObject({ currentRevision: null, bootedRevision: revision });
  });
});

describe('the boot default', () => {
  const of = async () => (await observe()).bootDefault;
  const store = (name: string) => join(host.storeDir, name);
  const entry = (file: string, name: string) =>
    host.write(
      `boot/loader/entries/${file}`,
      `title NixOS\nlinux /EFI/nixos/k.efi\noptions init=${store(name)}/init loglevel=4\nmachine-id x\n`,
    );

  test('of systemd-boot is the init of the entry that loader.conf names', async () => {
    host.write('boot/loader/loader.conf', 'timeout 5\ndefault nixos-generation-2.conf\nconsole-mode keep\n');
    entry('nixos-generation-1.conf', 'one');
    entry('nixos-generation-2.conf', 'two');
    entry('nixos-generation-3.conf', 'three');
    expect(await of()).toBe(store('two'));
  });

  test('of systemd-boot may be named without ending, by a pattern, or with a boot counter', async () => {
    entry('nixos-generation-9.conf', 'nine');
    entry('nixos-generation-10+2-1.conf', 'ten');
    for (const [pattern, name] of [
      ['nixos-generation-9', 'nine'],
      ['nixos-generation-*', 'ten'],
      ['nixos-generation-?.conf', 'nine'],
      ['nixos-generation-10.conf', 'ten'],
    ] as const) {
      host.write('boot/loader/loader.conf', `default ${pattern}\n`);
      expect(await of(), pattern).toBe(store(name));
    }
  });

  test('of systemd-boot is what was chosen in the menu for good, if something was', async () => {
    host.write('boot/loader/loader.conf', 'default nixos-generation-2.conf\n');
    entry('nixos-generation-1.conf', 'one');
    entry('nixos-generation-2.conf', 'two');
    host.write(
      'sys/firmware/efi/efivars/LoaderEntryDefault-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f',
      `\u0007\0\0\0${Buffer.from('nixos-generation-1.conf\0', 'utf16le').toString('latin1')}`,
    );
    expect(await of()).toBe(store('one'));
  });

  test.each([
    ['an entry that is missing', 'default nixos-generation-7.conf\n'],
    ['the entry used last', 'default @saved\n'],
    ['a broken pattern', 'default nixos-[\n'],
    ['nothing', 'timeout 3\n'],
  ])('of systemd-boot is null when the default is %s', async (_name, text) => {
    entry('nixos-generation-1.conf', 'one');
    host.write('boot/loader/loader.conf', text);
    expect(await of()).toBeNull();
  });

  test('may stand in loader.conf as a store path', async () => {
    host.write('boot/loader/loader.conf', `default ${store('one')} NIXOS_INSTALL_BOOTLOADER=\n`);
    expect(await of()).toBe(store('one'));
  });

  const grubConfig = (value: string) =>
    [
      `set default=${value}`,
      'set timeout=5',
      'menuentry "NixOS" --class nixos --unrestricted {',
      'search --set=drive1 --fs-uuid 1234',
      `  linux ($drive1)//kernels/k-bzImage init=${store('two')}/init loglevel=4`,
      '  initrd ($drive1)//kernels/i-initrd',
      '}',
      'submenu "NixOS - All configurations" --class submenu {',
      'menuentry "NixOS - Configuration 1" {',
      `  linux ($drive1)//kernels/k-bzImage init=${store('one')}/init`,
      '}',
      '}',
    ].join('\n');

  test('of GRUB is the init of its first entry', async () => {
    host.write('boot/grub/grub.cfg', grubConfig('0'));
    expect(await of()).toBe(store('two'));
  });

  test('of GRUB is null when another entry is chosen', async () => {
    host.write('boot/grub/grub.cfg', grubConfig('"2"'));
    expect(await of()).toBeNull();
  });

  test('of extlinux is the init of the entry that DEFAULT names', async () => {
    host.write(
      'boot/extlinux/extlinux.conf',
      [
        'DEFAULT nixos-default',
        'TIMEOUT 50',
        'LABEL nixos-1-default',
        `  APPEND init=${store('one')}/init`,
        'LABEL nixos-default',
        '  LINUX ../nixos/k',
        `  APPEND init=${store('two')}/init loglevel=7`,
      ].join('\n'),
    );
    expect(await of()).toBe(store('two'));
  });

  test('is that of the loader written last, when an old one left its files', async () => {
    host.write('boot/loader/loader.conf', `default ${store('one')}\n`);
    host.write('boot/grub/grub.cfg', grubConfig('0'));
    utimesSync(join(host.root, 'boot/loader/loader.conf'), 1000, 1000);
    expect(await of()).toBe(store('two'));
  });

  test('outside of the store is null', async () => {
    host.write('boot/extlinux/extlinux.conf', 'DEFAULT a\nLABEL a\n  APPEND init=/sbin/init quiet\n');
    expect(await of()).toBeNull();
  });
});

describe('the need to reboot', () => {
  const system = (name: string, parts: Record<string, string>, files: Record<string, string> = {}) => {
    const toplevel = host.toplevel(name, files);
    for (const [part, target] of Object.entries(parts)) symlinkSync(target, join(toplevel, part));
    return toplevel;
  };
  const parts = {
    kernel: '/s/k1/bzImage',
    initrd: '/s/i1/initrd',
    'kernel-modules': '/s/m1',
    firmware: '/s/f1',
    systemd: '/s/s1',
  };
  const reasons = async (booted: string, current: string) => {
    host.link('run/booted-system', booted);
    host.link('run/current-system', current);
    return (await observe()).rebootReasons;
  };

  test('is none between systems that share what only a boot changes', async () => {
    expect(await reasons(system('one', parts), system('two', parts))).toEqual([]);
  });

  test.each(['kernel', 'initrd', 'kernel-modules', 'firmware', 'systemd'] as const)(
    'is a changed %s',
    async (part) => {
      const changed = system('two', { ...parts, [part]: '/s/new' });
      expect(await reasons(system('one', parts), changed)).toEqual([part]);
    },
  );

  test('is a changed kernel command line', async () => {
    const one = system('one', parts, { 'kernel-params': 'quiet' });
    expect(await reasons(one, system('two', parts, { 'kernel-params': 'debug' }))).toEqual(['kernel-params']);
  });

  test('is a changed trigger that both know, by its name or as other', async () => {
    const one = system('one', parts, { 'reboot-triggers': '{"a":"1","firmware":"x","only":"1"}' });
    const two = system('two', parts, { 'reboot-triggers': '{"a":"2","firmware":"y"}' });
    expect(await reasons(one, two)).toEqual(['firmware', 'other']);
  });

  test('does not arise in containers, which have neither kernel nor initrd, but by what they have', async () => {
    expect(await reasons(system('one', {}), system('two', {}))).toBeNull();
    expect(await reasons(system('one', {}), system('three', { systemd: '/s/s2' }))).toEqual(['systemd']);
  });

  test('is none on a host that runs what it booted, and one that has a kernel where there was none', async () => {
    const one = system('one', parts);
    expect(await reasons(one, one)).toEqual([]);
    expect(await reasons(system('none', { ...parts, kernel: '/gone' }), one)).toEqual(['kernel']);
  });

  test('is unknown when the booted system was collected', async () => {
    const one = system('one', parts);
    const two = system('two', { ...parts, kernel: '/s/new' });
    rmSync(one, { recursive: true });
    expect(await reasons(one, two)).toBeNull();
  });
});

describe("switch-to-configuration's lock", () => {
  const path = () => join(host.root, 'run/nixos/switch-to-configuration.lock');

  test('is seen while somebody holds it, and not taken by looking', async () => {
    mkdirSync(join(host.root, 'run/nixos'));
    const holder = spawn('flock', ['-n', path(), 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect((await observe()).switchRunning).toBe(true);
    const gone = new Promise((resolve) => holder.once('exit', resolve));
    holder.stdin.end();
    await gone;
    expect((await observe()).switchRunning).toBe(false);
  });

  test('is not held when only its file is there', async () => {
    host.write('run/nixos/switch-to-configuration.lock', '');
    expect((await observe()).switchRunning).toBe(false);
  });
});
