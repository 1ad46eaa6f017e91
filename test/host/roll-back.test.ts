import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createHostObserver } from '../../src/host/observe.ts';
import { createRollBack } from '../../src/host/roll-back.ts';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const rollBack = (startEvery = 50) => {
  const { root, storeDir } = lab.host;
  const observer = createHostObserver({ root, storeDir, now: Date.now });
  return createRollBack({ deadMan: lab.deadMan, observer, pollMs: 50, startEvery })(lab.way);
};
const broken = (...previous: readonly string[]) => {
  lab = createDeadManLab({ previous });
  lab.host.link('run/current-system', lab.way.toplevel);
};

test('starts the dead-man and tells that it went back', async () => {
  broken('activate');
  await lab.deadMan.arm(lab.way, 'switch', 60);
  expect(await rollBack()).toMatchObject({
    observed: { current: lab.way.previous },
    byItself: false,
    note: null,
  });
});

test('goes back also where nothing is armed any more', async () => {
  broken('activate', 'exit 4');
  expect(await rollBack()).toMatchObject({ observed: { current: lab.way.previous } });
});

test('the outcome of one that acted by itself is taken over and not repeated', async () => {
  broken('activate');
  await lab.deadMan.arm(lab.way, 'switch', 0);
  await lab.until(() => lab.note('outcome') !== null);
  expect(await rollBack()).toMatchObject({
    byItself: true,
    note: 'the dead-man acted by itself, because nobody had answered in time',
  });
});

test('where another system runs it stands by, and that is told', async () => {
  broken('activate');
  const repaired = lab.host.toplevel('repaired');
  lab.host.link('run/current-system', repaired);
  expect(await rollBack()).toMatchObject({
    observed: { current: repaired },
    note: `the dead-man changed nothing, because ${repaired} ran already`,
  });
});

test('one that was called off, though its system was not judged in the end, goes back all the same', async () => {
  broken('activate');
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.deadMan.disarm('d1');
  expect(await rollBack()).toMatchObject({ observed: { current: lab.way.previous }, note: null });
});

test('a dead-man that does not begin, however often it is started, is a failure and no silence', async () => {
  broken('activate');
  const { root, storeDir } = lab.host;
  const observer = createHostObserver({ root, storeDir, now: Date.now });
  const state = await lab.deadMan.state('d1');
  const deadMan = { start: () => Promise.resolve(), state: () => Promise.resolve(state) };
  const going = createRollBack({ deadMan, observer, pollMs: 1, startEvery: 2 })(lab.way);
  await expect(going).rejects.toMatchObject({
    code: 'rollback_failed',
    message: expect.stringMatching(/its dead-man does not begin \(none\), and .*next runs$/),
  });
});

test('a try that failed is told, and the next call waits for the next one', async () => {
  broken('echo "no such unit" >&2', 'test -e "$(dirname "$0")/mended" || exit 1', 'activate');
  await expect(rollBack()).rejects.toMatchObject({
    code: 'rollback_failed',
    message: expect.stringMatching(/exit code 1, and .*next runs/),
    log: ['no such unit'],
  });
  writeFileSync(join(lab.way.previous, 'bin/mended'), '');
  expect(await rollBack()).toMatchObject({ observed: { current: lab.way.previous } });
});

test('a success that did not bring the previous system back is a failure', async () => {
  broken('exit 0');
  await expect(rollBack()).rejects.toMatchObject({ code: 'rollback_failed' });
});

test('one that is killed is started again', async () => {
  broken('test -e "$(dirname "$0")/again" || { touch "$(dirname "$0")/again"; sleep 300; }', 'activate');
  const going = rollBack(10);
  await lab.until(() => existsSync(join(lab.way.previous, 'bin/again')));
  for (const pid of lab.processes()) killUnlessCall(pid);
  expect(await going).toMatchObject({ observed: { current: lab.way.previous } });
});

/** The call that started it may not have returned yet, and is not what is killed; one that ended meanwhile is fine. */
function killUnlessCall(pid: number): void {
  try {
    const isCall = readFileSync(`/proc/${pid}/cmdline`, 'utf8').endsWith('\0start\0');
    if (!isCall) process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ENOENT|ESRCH)$/) });
  }
}
