import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JournalDocument } from '../../src/state/journal-schema.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
const bootctl = fileURLToPath(new URL('../fixtures/imitation-bootctl.sh', import.meta.url));
const vendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
/** A switch between these two is staged for a reboot. */
const [dbus, broker] = ['dbus', 'broker'].map(
  (value) => `inhibitors = { dbus-implementation = "${value}"; };`,
);

/** A firmware and a loader that know how to start an entry once; a host whose switches are staged now and then. */
beforeAll(async () => {
  lab = await createLab({
    env: (dir, env) => ({ ...env, PATH: `${join(dir, 'bin')}:${env['PATH']}` }),
    config: {
      health: { settle: '0s', stableFor: '0s', deadline: '6s', inbound: { ports: [] } },
    },
  });
  await mkdir(join(lab.dir, 'bin'));
  await provide('bootctl');
  await mkdir(efi(), { recursive: true });
  await writeFile(
    join(efi(), `LoaderFeatures-${vendor}`),
    Buffer.from([6, 0, 0, 0, 0x0f, 0, 0, 0, 0, 0, 0, 0]),
  );
  await lab.daemon.start();
  await lab.deploy('one', dbus);
});

afterAll(() => lab.remove());

/** An imitation of bootctl that works. */
const provide = async (name: string) => {
  await copyFile(bootctl, join(lab.dir, 'bin', name));
  await chmod(join(lab.dir, 'bin', name), 0o755);
};
const efi = () => join(lab.host.root, 'sys/firmware/efi/efivars');
/** What the loader is told beside its own files. */
const told = () =>
  ['LoaderEntryDefault', 'LoaderEntryOneShot'].filter((name) => existsSync(join(efi(), `${name}-${vendor}`)));
const factsNow = async () => {
  const { facts } = JSON.parse(
    await readFile(join(lab.dir, 'state/journal.json'), 'utf8'),
  ) as JournalDocument;
  return facts;
};
const deployed = async (note: string, more: string | undefined) => {
  const commit = await lab.release(note, more);
  const { lastDeployment } = await lab.daemon.until(
    note,
    (now) => now.deployment === null && now.lastDeployment?.commit === commit,
  );
  return lastDeployment;
};

test('a staged system whose loader fails leaves nothing with the loader, and the next switch is committed', async () => {
  const old = await lab.host.current();
  const bad = await deployed('bad', `${broker} bootloaderExit = 1;`);
  expect(bad?.outcome).toBe('uncommitted');
  expect(told()).toEqual([]);
  expect(await lab.host.bootDefault()).toBe(old);
  const good = await deployed('good', dbus);
  expect(good?.outcome).toBe('committed');
  expect(await lab.host.bootDefault()).toBe(good?.toplevel);
  expect(await factsNow()).toMatchObject({ bootOnce: null, loaderTold: null });
});

test('what is left with the loader by a daemon that could not take it back is taken back by the next commit', async () => {
  const old = await lab.host.current();
  await provide('real');
  await writeFile(
    join(lab.dir, 'bin/bootctl'),
    '#!/bin/sh\n[ -n "$2" ] || { echo broken >&2; exit 1; }\nexec "$(dirname "$0")/real" "$@"\n',
  );
  expect((await deployed('worse', `${broker} bootloaderExit = 1;`))?.outcome).toBe('uncommitted');
  expect(told()).toEqual(['LoaderEntryDefault']);
  expect((await factsNow()).loaderTold).toMatchObject({ fallback: old });
  await provide('bootctl');
  const good = await deployed('good again', dbus);
  expect(good?.outcome).toBe('committed');
  expect(told()).toEqual([]);
  expect(await lab.host.bootDefault()).toBe(good?.toplevel);
});

test('what the loader falls back to stays bootable, whatever generations somebody deletes', async () => {
  const old = await lab.host.current();
  const staged = await deployed('staged', broker);
  expect([staged?.outcome, told()]).toEqual(['staged', ['LoaderEntryDefault', 'LoaderEntryOneShot']]);
  const env = { ...lab.env, ABIDE_ROOT: lab.host.root, NIXOS_NO_CHECK: '1' };
  const options = { env, extendEnv: false };
  await execa('nix-env', ['-p', lab.host.profile, '--delete-generations', 'old'], options);
  await execa(join(staged?.toplevel ?? '', 'bin/switch-to-configuration'), ['boot'], options);
  expect(await lab.host.bootDefault()).toBe(old);
});

test('a newer switch takes the place of a staged system: no boot starts that any more', async () => {
  expect(told()).toEqual(['LoaderEntryDefault', 'LoaderEntryOneShot']);
  const newer = await deployed('newer', dbus);
  expect([newer?.outcome, told()]).toEqual(['committed', []]);
  await lab.powerCycle();
  expect(await lab.host.current()).toBe(newer?.toplevel);
});

test('a system that is rolled back by hand before it was ever started is not started by the next boot', async () => {
  const old = await lab.host.current();
  const staged = await deployed('bad idea', broker);
  expect((await lab.daemon.cli('rollback', '--reason', 'a bad idea')).exitCode).toBe(0);
  await lab.daemon.until(
    'the way back',
    ({ deployment, lastDeployment }) =>
      deployment === null && lastDeployment?.goesBackFrom === staged?.commit,
  );
  expect(told()).toEqual([]);
  expect(await lab.host.bootDefault()).toBe(old);
  await lab.powerCycle();
  const { quarantine } = await lab.daemon.until('rest', ({ summary }) => summary === 'Suspended');
  expect(await lab.host.current()).toBe(old);
  expect(quarantine.filter(({ commit }) => commit === staged?.commit)).toHaveLength(1);
});
