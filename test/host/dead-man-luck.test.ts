import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

/** Changes the script that is armed. */
function edit(from: string, to: string): void {
  const file = join(lab.host.root, 'run/abide-deadman/d1/dead-man.sh');
  const script = readFileSync(file, 'utf8');
  expect(script).toContain(from);
  writeFileSync(file, script.replaceAll(from, to));
}

test('one whose lock is held by somebody who arms waits for it as long as it takes', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  const lock = join(lab.host.root, 'run/abide-deadman/d1/lock');
  const holder = execa('flock', [lock, 'sleep', '7'], { reject: false });
  await lab.until(() => existsSync(lock));
  await lab.deadMan.start(lab.way);
  await holder;
  await lab.until(() => lab.current() === lab.way.previous, 20);
});

test('one whose lock is held by somebody who arms has not begun to act, and is called off by a later try', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  const lock = join(lab.host.root, 'run/abide-deadman/d1/lock');
  edit('take_lock 20', 'take_lock 0.2');
  const holder = execa('flock', ['--no-fork', lock, 'tail', '-f', lock], { reject: false });
  await lab.until(async () => (await execa('flock', ['-n', lock, 'true'], { reject: false })).exitCode === 1);
  await expect(lab.deadMan.disarm('d1')).rejects.toMatchObject({
    code: 'process_failed',
    message: expect.stringContaining('its lock is held by whoever sets its time'),
  });
  expect(lab.note('fired')).toBeNull();
  holder.kill();
  await holder;
  await lab.deadMan.disarm('d1');
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'disarmed' });
});

test('one that was called off and is armed once more waits anew, with what it captured, and goes back', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  edit('umask 022', 'umask 022 # as it was');
  await lab.deadMan.disarm('d1');
  await lab.deadMan.arm(lab.way, 'again', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'armed' });
  expect(lab.note('dead-man.sh')).toContain('as it was');
  await lab.activate();
  await lab.until(() => lab.note('outcome')?.startsWith('went-back') ?? false);
  expect(lab.current()).toBe(lab.way.previous);
});

test('one that finds /run full tells all the same that it went back', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  // Whatever is written there first fails, until the room that was kept is given up.
  edit('put() {', 'put() {\n  test ! -e "$dir/reserve" || return 1');
  await lab.deadMan.start(lab.way);
  await lab.until(async () => (await lab.deadMan.state('d1')).state === 'went-back');
});

test('one that was killed after the link had moved back, and is started again by its manager, does not take that for the end', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  const dir = join(lab.host.root, 'run/abide-deadman/d1');
  writeFileSync(join(dir, 'fired'), 'timer\n');
  await execa('sh', [join(dir, 'dead-man.sh'), 'act', 'timer']);
  expect(lab.note('outcome')).toBe('went-back 0');
});

test('one that stood by and is armed once more for its deployment waits anew, and goes back', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 0);
  await lab.until(() => lab.note('outcome')?.startsWith('stood-by') ?? false);
  await lab.deadMan.arm(lab.way, 'switch-2', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'armed', byItself: false });
  await lab.activate();
  await lab.until(() => lab.note('outcome')?.startsWith('went-back') ?? false);
  expect(lab.current()).toBe(lab.way.previous);
});
