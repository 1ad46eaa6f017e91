import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivator } from '../../src/host/activate.ts';
import { createBootLoader } from '../../src/host/boot-loader.ts';
import { checkRoom } from '../../src/host/check-room.ts';
import { createHostObserver } from '../../src/host/observe.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const bootLoader = () =>
  createBootLoader({
    activator: createActivator({
      root: host.root,
      stateDir: host.stateDir,
      run,
      activator: 'direct',
      path: process.env['PATH'] ?? '',
      now: Date.now,
    }),
    observer: createHostObserver({ root: host.root, storeDir: host.storeDir, now: Date.now }),
    tries: 3,
    pauseMs: 20,
  });
const install = (toplevel: string) => bootLoader().install({ deployment: 'd1', toplevel });
const system = (...lines: readonly string[]) => host.toplevel('system', switchProgram(...lines));
const writeLoader = (toplevel = '$(dirname "$(dirname "$0")")') =>
  `mkdir -p "$ABIDE_ROOT/boot/loader"; echo "default ${toplevel} x" > "$ABIDE_ROOT/boot/loader/loader.conf"`;

test("runs the system's own boot action with its checks skipped, and reads the default back", async () => {
  const toplevel = system(`echo "$1 $NIXOS_NO_CHECK" >> ${host.dir}/said`, writeLoader());
  await install(toplevel);
  await install(toplevel);
  expect(readFileSync(join(host.dir, 'said'), 'utf8')).toBe('boot 1\nboot 1\n');
});

test('where the boot default cannot be read, the exit code has to do', async () => {
  await install(system('exit 0'));
});

test('a failure is told with its last line and its log', async () => {
  const toplevel = system('echo trying', 'echo "No space left on /boot" >&2', 'exit 1');
  await expect(install(toplevel)).rejects.toMatchObject({
    code: 'boot_loader_failed',
    message: expect.stringContaining('No space left on /boot'),
    log: ['trying', 'No space left on /boot'],
  });
});

test('a success after which another system still boots is a failure', async () => {
  const other = join(host.storeDir, 'other');
  await expect(install(system(writeLoader(other)))).rejects.toMatchObject({
    code: 'boot_loader_failed',
    message: expect.stringContaining(`${other} boots by default`),
  });
});

test('a lock that is held is waited for, and then is no failure of the boot loader', async () => {
  const toplevel = system(`test -e ${host.dir}/free || exit 11`, writeLoader());
  await expect(install(toplevel)).rejects.toMatchObject({
    code: 'activation_busy',
    retry: { afterMs: 30_000 },
  });
  writeFileSync(join(host.dir, 'free'), '');
  await install(toplevel);
});

test('the room at a path is told in bytes and inodes, and is unknown where there is no such path', async () => {
  const room = await checkRoom(host.dir);
  expect(room?.bytes).toBeGreaterThan(0);
  expect(await checkRoom(join(host.dir, 'missing'))).toBeNull();
});
