import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivator } from '../../src/host/activate.ts';
import { createBootLoader } from '../../src/host/boot-loader.ts';
import { checkRoom } from '../../src/host/check-room.ts';
import { loaderVendor } from '../../src/host/loader-variable.ts';
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
    root: host.root,
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
    message: expect.stringMatching(`${other} boots by default, not .*; see what else decides what boots`),
  });
});

/** The entry of a system, and the firmware's variable that makes it the default, whatever the loader's files say. */
const choose = (toplevel: string) => {
  host.write('boot/loader/entries/nixos-0a1b.conf', `title NixOS\noptions init=${toplevel}/init quiet\n`);
  const dir = join(host.root, 'sys/firmware/efi/efivars');
  mkdirSync(dir, { recursive: true });
  const value = Buffer.from('\0\0nixos-0a1b.conf\0', 'utf16le');
  writeFileSync(join(dir, `LoaderEntryDefault-${loaderVendor}`), value);
};
/** Entries are named, as systemd-boot has them: only then does the firmware's variable go before the file. */
const namesAnEntry = `mkdir -p "$ABIDE_ROOT/boot/loader"; echo "default nixos-ffff.conf" > "$ABIDE_ROOT/boot/loader/loader.conf"`;

test('what somebody chose for good is named, with the command that takes it back', async () => {
  const chosen = host.toplevel('chosen');
  choose(chosen);
  await expect(install(system(namesAnEntry))).rejects.toMatchObject({
    message: expect.stringMatching(
      `${chosen} boots by default, not .*LoaderEntryDefault says nixos-0a1b.conf; .*bootctl set-default "", then abide retry`,
    ),
  });
  await expect(bootLoader().mustBoot(system())).rejects.toThrow('bootctl set-default ""');
});

test('where the loader holds a system, that is what must boot, and no doubt is good enough', async () => {
  const [held, toplevel] = [host.toplevel('held'), system(namesAnEntry)];
  choose(held);
  await bootLoader().install({ deployment: 'd1', toplevel, held });
  const gone = join(host.root, 'boot/loader/entries/nixos-0a1b.conf');
  const without = system(`rm -f ${gone}`, namesAnEntry);
  await expect(bootLoader().install({ deployment: 'd2', toplevel: without, held })).rejects.toMatchObject({
    message: expect.stringContaining(`no system that is known boots by default, not ${held}`),
  });
});

test('what is done afterwards is done after the run and before the reading back', async () => {
  const other = join(host.storeDir, 'other');
  const toplevel = system(writeLoader(other));
  const afterwards = async () => {
    expect(readFileSync(join(host.root, 'boot/loader/loader.conf'), 'utf8')).toContain(other);
    writeFileSync(join(host.root, 'boot/loader/loader.conf'), `default ${toplevel} x\n`);
  };
  await bootLoader().install({ deployment: 'd1', toplevel, afterwards });
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
