import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootMargin } from '../../src/domain/room.ts';
import { bootNeed } from '../../src/host/boot-need.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

let host: FakeHost;
let toplevel: string;
beforeEach(() => {
  host = createFakeHost();
  const kernel = host.toplevel('abc-linux', { bzImage: 'k'.repeat(500) });
  const initrd = host.toplevel('def-initrd', { initrd: 'i'.repeat(300) });
  toplevel = host.toplevel('system');
  symlinkSync(join(kernel, 'bzImage'), join(toplevel, 'kernel'));
  symlinkSync(join(initrd, 'initrd'), join(toplevel, 'initrd'));
});
afterEach(() => host.remove());

const need = () => bootNeed(host.root, toplevel);

test('a host without a boot directory, and a system without a kernel, need none', async () => {
  expect(await need()).toBeNull();
  mkdirSync(join(host.root, 'boot'));
  expect(await bootNeed(host.root, host.toplevel('container'))).toBeNull();
});

test('kernel and initrd are needed with a margin, where the loader in use is', async () => {
  mkdirSync(join(host.root, 'boot'));
  expect(await need()).toMatchObject({ path: join(host.root, 'boot'), bytes: 800 + bootMargin });
  host.write('boot/efi/loader/loader.conf', '');
  expect(await need()).toMatchObject({ path: join(host.root, 'boot/efi') });
});

test.each([
  ['systemd-boot', 'EFI/nixos/abc-linux-bzImage.efi'],
  ['GRUB', 'kernels/abc-linux-bzImage'],
  ['extlinux', 'nixos/abc-linux-bzImage'],
])('what %s has copied already is not needed again', async (_, copy) => {
  host.write(join('boot', copy), basename(copy));
  expect(await need()).toMatchObject({ bytes: 300 + bootMargin });
});
