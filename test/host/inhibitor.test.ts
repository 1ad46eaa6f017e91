import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findInhibitor, inhibitorParts } from '../../src/host/inhibitor.ts';
import { processesWith } from '../e2e/alpha-lab.ts';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';
import { fakeSystemd, unitsOf } from './fake-systemd.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const create = (systems: Parameters<typeof createDeadManLab>[0], more: { activator?: 'direct' } = {}) => {
  lab = createDeadManLab(systems, { activator: 'systemd', path: fakeSystemd, ...more });
};
const units = (name: string) => join(unitsOf(lab.host), name);
const asked = () => (existsSync(units('inhibited')) ? readFileSync(units('inhibited'), 'utf8').trim() : '');
const holders = () => processesWith('--who=abide');
/** What the fake holds is its own process, which carries the words it was asked with. */
const isHeld = 'test -s $UNITS/holder && kill -0 "$(cat $UNITS/holder)"';
const switching = (more = '') => [
  `UNITS=$(dirname "$ABIDE_ROOT")/units`,
  `${isHeld} && echo held`,
  more,
  'activate',
];

describe('while a system is switched', () => {
  test('sleep, shutdown and the lid wait, and no longer', async () => {
    create({ next: switching() });
    expect(await lab.activate(60)).toMatchObject({ exitCode: 0, log: ['held'] });
    expect(asked()).toMatch(
      /^--what=sleep:shutdown:handle-lid-switch --mode=block --who=abide --why=the system is switched \(test\) /,
    );
    await expect.poll(holders).toEqual([]);
  });

  test('nothing is left of it when the wrapper is killed', async () => {
    create({ next: switching('sleep 60') });
    const running = lab.activate(60);
    await lab.until(() => existsSync(units('holder')));
    const started = join(lab.host.stateDir, 'deployments/d1/started-test');
    process.kill(Number(readFileSync(started, 'utf8').split('\n')[0]), 'SIGKILL');
    await expect.poll(holders, { timeout: 10_000 }).toEqual([]);
    await lab.activator.end('d1', 'nothing');
    await running;
  });

  test('the switch goes on and the log says so where it is refused', async () => {
    create({ next: switching('echo switched') });
    writeFileSync(units('refuse-inhibit'), '');
    const { exitCode, log } = await lab.activate(60);
    expect([exitCode, log.at(-1)]).toEqual([0, 'switched']);
    expect(
      log.filter((line) => line.includes('systemd-inhibit does not answer or was refused')),
    ).toHaveLength(1);
  });

  test('the switch goes on after a moment where nobody answers, and what hangs is ended with it', async () => {
    create({ next: switching('echo switched') });
    writeFileSync(units('hang-inhibit'), '');
    const begun = performance.now();
    expect(await lab.activate(60)).toMatchObject({ exitCode: 0 });
    expect(performance.now() - begun).toBeLessThan(30_000);
    await expect.poll(() => processesWith('sleep\u000077').length, { timeout: 10_000 }).toBe(0);
  });

  test('the switch goes on also with what this machine has, or has not', async () => {
    create({ next: switching('echo switched') });
    rmSync(join(lab.host.dir, 'bin/systemd-inhibit'));
    const { exitCode, log } = await lab.activate(60);
    expect([exitCode, log.at(-1)]).toEqual([0, 'switched']);
  });

  test('where there is no systemd-inhibit nothing is asked', () => {
    create({});
    expect(findInhibitor('systemd', lab.host.dir)).toBeNull();
    const text = inhibitorParts({ inhibitor: null, path: lab.host.dir });
    expect(execFileSync('/bin/sh', ['-c', `${text}\nhold_awake why; let_sleep; echo fine`]).toString()).toBe(
      'fine\n',
    );
  });

  test('without systemd nothing is asked', async () => {
    create({ next: switching('echo switched') }, { activator: 'direct' });
    expect(await lab.activate(60)).toMatchObject({ exitCode: 0, log: ['switched'] });
    expect(asked()).toBe('');
  });
});

test('a rollback holds it too, and lets go once it is done', async () => {
  create({ next: ['activate'], previous: switching() });
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  await lab.deadMan.start(lab.way);
  await lab.until(() => lab.note('outcome') !== null, 20);
  expect(lab.note('outcome')).toBe('went-back 0');
  expect(lab.note('log')).toContain('held');
  expect(asked()).toContain('--why=the system before is brought back');
  await expect.poll(holders).toEqual([]);
});

test('a rollback goes on where it is refused', async () => {
  create({});
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  writeFileSync(units('refuse-inhibit'), '');
  await lab.deadMan.start(lab.way);
  await lab.until(() => lab.note('outcome') === 'went-back 0', 20);
});
