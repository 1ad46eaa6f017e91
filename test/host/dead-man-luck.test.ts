import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test } from 'vitest';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

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

test('one that finds /run full tells all the same that it went back', async () => {
  lab = createDeadManLab();
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  const dir = join(lab.host.root, 'run/abide-deadman/d1');
  // Whatever is written there first fails, until the room that was kept is given up.
  const script = readFileSync(join(dir, 'dead-man.sh'), 'utf8');
  const full = script.replace('put() {', 'put() {\n  test ! -e "$dir/reserve" || return 1');
  expect(full).not.toBe(script);
  writeFileSync(join(dir, 'dead-man.sh'), full);
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
