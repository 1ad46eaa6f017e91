import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab | undefined;
const mounts: string[] = [];

afterEach(async () => {
  await lab?.daemon.stop();
  for (const mount of mounts.splice(0)) await execa('umount', ['-l', mount]);
  await lab?.remove();
});

/** False where this machine lets nobody mount. */
async function limit(dir: string, size: string): Promise<boolean> {
  await mkdir(dir, { recursive: true });
  const { exitCode } = await execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], {
    reject: false,
  });
  if (exitCode === 0) mounts.push(dir);
  return exitCode === 0;
}
const enlarge = (dir: string) => execa('mount', ['-o', 'remount,size=1g', dir]);

async function expectLack(own: Lab, commit: string, message: RegExp): Promise<void> {
  const { daemon } = own;
  const status = await daemon.until('a lack of room', ({ failure }) => failure?.commit === commit);
  expect(status).toMatchObject({
    failure: { class: 'environment', code: 'no_room', message: expect.stringMatching(message) },
    backoff: { class: 'environment', attempt: 0, attempts: null },
    quarantine: [],
  });
  expect(status.conditions.find(({ type }) => type === 'Ready')).toMatchObject({
    status: 'False',
    reason: 'InsufficientSpace',
  });
}

test('a store without room is said before anything is built, and uses up no attempts', async ({ skip }) => {
  const own = await createLab();
  lab = own;
  const store = join(own.dir, 'nix/store');
  if (!(await limit(store, '200m'))) skip('no tmpfs can be mounted here');
  await own.daemon.start();
  const commit = await own.release('big', 'buildFails = 1;');
  await expectLack(own, commit, /nix\/store has \d+\.\d MiB free, and 256\.0 MiB is needed for a build/);
  await enlarge(store);
  await own.deploy('fits now');
});

test('a boot partition without room is said before anything changes on the host', async ({ skip }) => {
  const own = await createLab();
  lab = own;
  await own.daemon.start();
  await own.deploy('before');
  const runs = await own.host.current();
  const boot = join(own.host.root, 'boot');
  if (!(await limit(boot, '512k'))) skip('no tmpfs can be mounted here');
  const commit = await own.release('after');
  await expectLack(own, commit, /boot has 0\.5 MiB free, and 1\.0 MiB is needed for the kernel/);
  expect(await own.host.current()).toBe(runs);
  await enlarge(boot);
  expect((await own.daemon.cli('retry')).exitCode).toBe(0);
  await own.daemon.until(
    'room',
    ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit,
  );
});
