import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bootMargin, type RoomNeed } from '../domain/room.ts';

/**
 * What the boot loader of a toplevel will need: its kernel and initrd as far as no earlier entry brought them, and a margin.
 * null where there is no boot directory or nothing to be booted, as in containers.
 */
export async function bootNeed(root: string, toplevel: string): Promise<RoomNeed | null> {
  const path = await bootDirectory(root);
  if (path === null) return null;
  const files = await Promise.all(['kernel', 'initrd'].map((name) => realFile(join(toplevel, name))));
  if (files.every((file) => file === null)) return null;
  const sizes = await Promise.all(files.map((file) => missingBytes(path, file)));
  const bytes = sizes.reduce((sum, size) => sum + size, bootMargin);
  return { path, bytes, inodes: 16, purpose: 'the kernel, the initrd and the boot entry of the new system' };
}

/** Where the loader in use keeps its configuration; kernels are beside it. */
async function bootDirectory(root: string): Promise<string | null> {
  const places = ['boot', 'efi', 'boot/efi'].map((name) => join(root, name));
  for (const place of places) if (await exists(join(place, 'loader/loader.conf'))) return place;
  const [boot = root] = places;
  return (await exists(boot)) ? boot : null;
}

/** Loaders name their copy of a kernel after its store path; systemd-boot, GRUB and extlinux each in a directory of its own. */
async function missingBytes(boot: string, file: string | null): Promise<number> {
  if (file === null) return 0;
  const name = `${basename(dirname(file))}-${basename(file)}`;
  const copies = [`EFI/nixos/${name}.efi`, `kernels/${name}`, `nixos/${name}`];
  const there = await Promise.all(copies.map((copy) => exists(join(boot, copy))));
  return there.includes(true) ? 0 : sizeOf(file);
}

async function realFile(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
