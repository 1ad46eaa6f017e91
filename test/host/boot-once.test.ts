import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBootOnce } from '../../src/host/boot-once.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

const vendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
const variables = 'sys/firmware/efi/efivars';

let host: FakeHost;
beforeEach(async () => {
  host = createFakeHost();
  await mkdir(join(host.dir, 'bin'));
  await copyFile(
    fileURLToPath(new URL('../fixtures/imitation-bootctl.sh', import.meta.url)),
    join(host.dir, 'bin/bootctl'),
  );
  await chmod(join(host.dir, 'bin/bootctl'), 0o755);
});
afterEach(() => host.remove());

const bootOnce = (path = `${join(host.dir, 'bin')}:/usr/bin:/bin`) =>
  createBootOnce({ root: host.root, storeDir: host.storeDir, run, path });
const entry = (name: string, toplevel: string) =>
  host.write(`boot/loader/entries/${name}`, `title NixOS\noptions init=${toplevel}/init quiet\n`);
const features = async (...bytes: readonly number[]) => {
  await mkdir(join(host.root, variables), { recursive: true });
  await writeFile(join(host.root, variables, `LoaderFeatures-${vendor}`), Buffer.from(bytes));
};
const all = [6, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0];
const variable = (name: string) =>
  readFileSync(join(host.root, variables, `${name}-${vendor}`), 'utf16le').slice(2);

test('every reason against it is a sentence, and none is an error', async () => {
  const old = host.toplevel('old');
  expect(await bootOnce().refuses(null)).toContain('cannot be read');
  expect(await bootOnce().refuses(old)).toContain('just once');
  await features(6, 0, 0, 0, 0x07, 0, 0, 0, 0, 0, 0, 0);
  expect(await bootOnce().refuses(old)).toContain('just once');
  await features(6, 0);
  expect(await bootOnce().refuses(old)).toContain('just once');
  await features(...all);
  expect(await bootOnce('/nowhere').refuses(old)).toContain('bootctl');
  expect(await bootOnce().refuses(old)).toContain('no boot entry');
  entry('nixos-0a1b.conf', old);
  expect(await bootOnce().refuses(old)).toBeNull();
});

test('entries are found by what they start, and named without what counts their boots', async () => {
  const [old, next] = [host.toplevel('old'), host.toplevel('next')];
  await features(...all);
  entry('nixos-0a1b.conf', old);
  entry('nixos-ffff+2-1.conf', next);
  entry('nixos-ffff.conf', `${next}-other`);
  await bootOnce().hold(old);
  await bootOnce().once(next);
  expect(variable('LoaderEntryDefault')).toBe('nixos-0a1b.conf\0');
  expect(variable('LoaderEntryOneShot')).toBe('nixos-ffff.conf\0');
});

test('what the loader was told is taken back: what it starts once alone, or its default too', async () => {
  const [old, next] = [host.toplevel('old'), host.toplevel('next')];
  await features(...all);
  entry('nixos-0a1b.conf', old);
  entry('nixos-ffff.conf', next);
  const tell = async () => {
    await bootOnce().hold(old);
    await bootOnce().once(next);
  };
  await tell();
  await bootOnce().forget([next, old]);
  expect(() => variable('LoaderEntryOneShot')).toThrow('ENOENT');
  expect(variable('LoaderEntryDefault')).toBe('nixos-0a1b.conf\0');
  await tell();
  await bootOnce().release([next, old]);
  expect(() => variable('LoaderEntryOneShot')).toThrow('ENOENT');
  expect(() => variable('LoaderEntryDefault')).toThrow('ENOENT');
});

test('what somebody else told the loader stays, and where nothing is said nothing is asked of bootctl', async () => {
  const [old, next, other] = [host.toplevel('old'), host.toplevel('next'), host.toplevel('other')];
  await features(...all);
  entry('nixos-0a1b.conf', old);
  entry('nixos-eeee.conf', other);
  await bootOnce('/nowhere').release([next, old]);
  await bootOnce().hold(other);
  await bootOnce().once(other);
  await bootOnce('/nowhere').release([]);
  await bootOnce('/nowhere').release([next, old]);
  expect(variable('LoaderEntryDefault')).toBe('nixos-eeee.conf\0');
  expect(variable('LoaderEntryOneShot')).toBe('nixos-eeee.conf\0');
});

test('an entry that is gone is taken back too: its name may come again', async () => {
  const [old, next] = [host.toplevel('old'), host.toplevel('next')];
  await features(...all);
  entry('nixos-0a1b.conf', old);
  await bootOnce().hold(old);
  await rm(join(host.root, 'boot/loader/entries/nixos-0a1b.conf'));
  await bootOnce().release([next, old]);
  expect(() => variable('LoaderEntryDefault')).toThrow('ENOENT');
});

test('a bootctl that fails, and a system without an entry, are problems of the boot loader', async () => {
  const old = host.toplevel('old');
  await features(...all);
  await expect(bootOnce().once(old)).rejects.toMatchObject({ code: 'boot_loader_failed' });
  entry('nixos-0a1b.conf', old);
  await writeFile(join(host.dir, 'bin/bootctl'), '#!/bin/sh\necho no such variable >&2\nexit 1\n');
  await expect(bootOnce().once(old)).rejects.toMatchObject({
    code: 'boot_loader_failed',
    message: expect.stringContaining('no such variable'),
  });
});
