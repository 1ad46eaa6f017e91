import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeadManLab, type DeadManLab } from './dead-man-lab.ts';
import { fakeSystemd, unitsOf } from './fake-systemd.ts';

let lab: DeadManLab;
afterEach(() => lab.remove());

const start = (next: readonly string[] = ['activate']) => {
  lab = createDeadManLab({ next }, { activator: 'systemd', path: fakeSystemd });
};
beforeEach(() => start());

const said = (name: string) => {
  const file = join(unitsOf(lab.host), name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};
const tell = (name: string, ...lines: readonly string[]) =>
  writeFileSync(join(unitsOf(lab.host), name), `${lines.join('\n')}\n`);
const wentBack = () => lab.until(() => lab.note('outcome') !== null);

test('a transient timer is armed, and its service is the script itself', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 2400.4);
  const dir = join(lab.host.root, 'run/abide-deadman/d1');
  const script = readFileSync(join(dir, 'dead-man.sh')).toString('base64');
  const [line = '', ...more] = said('argv');
  const [shell] = line.split(' ').slice(-5);
  expect(more).toEqual([]);
  expect(line.replace(/--on-boot=\d+s /, '')).toBe(
    [
      '--unit=abide-deadman-d1-switch',
      '--description=abide goes back from deployment d1',
      '--collect --no-ask-password --quiet --service-type=exec --property=OOMScoreAdjust=-1000',
      '--property=Restart=on-abnormal --property=RestartSec=5',
      '--on-active=2401s --timer-property=AccuracySec=1s',
      `--property=StandardInput=data --property=StandardInputData=${script}`,
      `${shell} -s act timer ${dir}`,
    ].join(' '),
  );
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'armed' });
});

test('its time is also said by the clock of the boot, which a manager that loads anew does not count from anew', async () => {
  const before = Number(process.hrtime.bigint() / 10n ** 9n);
  await lab.deadMan.arm(lab.way, 'switch', 100);
  const after = Number(process.hrtime.bigint() / 10n ** 9n);
  const sinceBoot = Number(/ --on-boot=(\d+)s /.exec(said('argv')[0] ?? '')?.[1]);
  // Never earlier than what was asked for.
  expect(sinceBoot).toBeGreaterThanOrEqual(before + 101);
  expect(sinceBoot).toBeLessThanOrEqual(after + 101);
});

test.each([
  ['is not there', null],
  ['says something else', 'Timer List Version: v1\n1\nnow at 12s secs\n'],
  ['says no number', 'Timer List Version: v1\n1\nnow at 12345678901x nsecs\n'],
  ['is cut off', 'Timer List Version: v1\n'],
])("it waits by the manager's own count alone where the clock of the boot %s", async (_, clock) => {
  await lab.deadMan.arm(lab.way, 'switch', 60);
  const file = join(lab.host.root, 'run/abide-deadman/d1/dead-man.sh');
  const other = join(lab.host.dir, 'timer_list');
  if (clock !== null) writeFileSync(other, clock);
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('/proc/timer_list', other));
  await lab.deadMan.arm(lab.way, 'probation', 50);
  expect(said('argv')[1]).toMatch(/ --on-active=50s --timer-property/);
});

test('the end of the switch makes a timer of its own before the first one is stopped', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(1);
  await wentBack();
  expect(lab.current()).toBe(lab.way.previous);
  expect(said('argv').filter((line) => line.includes('--on-active'))).toEqual([
    expect.stringContaining('--unit=abide-deadman-d1-switch '),
    expect.stringMatching(/--unit=abide-deadman-d1-probation .*--on-active=1s/),
  ]);
  expect(said('stopped')[1]).toContain('abide-deadman-d1-switch.timer');
  expect(said('stopped')[1]).not.toContain('abide-deadman-d1-probation.timer');
});

test('one whose directory somebody removed is called off by the names of its timers', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 60);
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await lab.deadMan.disarm('d1');
  expect(said('stopped').at(-1)).toContain('abide-deadman-d1-switch.timer');
  expect(lab.processes()).toEqual([]);
  tell('running', 'abide-deadman-d1-now.service');
  await expect(lab.deadMan.disarm('d1')).rejects.toMatchObject({ code: 'way_back_taken' });
});

test('one whose directory somebody removed goes back all the same at its time, and tells so', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 4);
  lab.host.link('run/current-system', lab.way.toplevel);
  rmSync(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
  await wentBack();
  expect(lab.current()).toBe(lab.way.previous);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'went-back', byItself: true });
  // The next deployment tidies up after it.
  await lab.deadMan.arm({ ...lab.way, deployment: 'd2' }, 'switch', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'none' });
});

test('what is over is not removed while a timer of it may still act', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.deadMan.disarm('d1');
  tell('running', 'abide-deadman-d1-switch.timer');
  const next = { ...lab.way, deployment: 'd2' };
  await expect(lab.deadMan.arm(next, 'switch', 60)).rejects.toMatchObject({ code: 'process_failed' });
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'disarmed' });
  tell('running', 'abide-deadman-d1-switch.service');
  await lab.deadMan.arm(next, 'switch', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'disarmed' });
  tell('running', '');
  await lab.deadMan.arm({ ...lab.way, deployment: 'd3' }, 'switch', 60);
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'none' });
});

test('one with more units than a word of a command may hold is read from its file', async () => {
  const mount = (n: number) => `var-lib-${'x'.repeat(100)}-${n}.mount loaded active mounted x`;
  tell('active', ...Array.from({ length: 1000 }, (_, n) => mount(n)));
  await lab.deadMan.arm(lab.way, 'switch', 60);
  expect(said('argv')[0]).toMatch(/ \S+ \S+\/d1\/dead-man.sh act timer$/);
});

test('one that is called off has no timer any more and never acts', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 1);
  await lab.activate(1);
  await lab.deadMan.disarm('d1');
  await sleep(1500);
  expect(lab.current()).toBe(lab.way.toplevel);
  await lab.until(() => lab.processes().length === 0);
});

test('the unit of a switch that still runs is ended', async () => {
  await lab.remove();
  start(['activate', 'trap "" TERM', 'sleep 300']);
  await lab.deadMan.arm(lab.way, 'switch', 1);
  const switching = lab.activate();
  await wentBack();
  expect(lab.current()).toBe(lab.way.previous);
  expect((await switching).exitCode).toBeNull();
});

test('what was active when it was armed and is not now is started, and nothing else', async () => {
  tell(
    'active',
    'sshd.service loaded active running OpenSSH',
    '  nginx.service loaded active running web',
    String.raw`dev-disk\x2dby.socket loaded active listening x`,
    'abide-switch-d0-test.service loaded active running old',
    'run-u12.service loaded active running transient',
  );
  await lab.deadMan.arm(lab.way, 'switch', 60);
  tell('running', 'nginx.service');
  await lab.activate(1);
  await wentBack();
  expect(said('started')).toEqual([String.raw`sshd.service dev-disk\x2dby.socket`]);
});

test('abide starts it in a unit of its own, once', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 60);
  await lab.activate(60);
  await Promise.all([lab.deadMan.start(lab.way), lab.deadMan.start(lab.way)]);
  await wentBack();
  expect(lab.current()).toBe(lab.way.previous);
  expect(said('argv').at(-1)).toMatch(/^--unit=abide-deadman-d1-now .* -s act abide \S+$/);
});

test('a manager that refuses is a problem before anything changed', async () => {
  tell('refuse', '');
  await expect(lab.deadMan.arm(lab.way, 'switch', 60)).rejects.toMatchObject({
    code: 'process_failed',
    message: expect.stringContaining('Failed to connect to bus: refused'),
  });
  expect(await lab.deadMan.state('d1')).toMatchObject({ state: 'gone' });
});

test('a timer that cannot be set anew leaves the first one', async () => {
  await lab.deadMan.arm(lab.way, 'switch', 2);
  tell('refuse', '');
  await expect(lab.deadMan.arm(lab.way, 'probation', 60)).rejects.toMatchObject({ code: 'process_failed' });
  rmSync(join(unitsOf(lab.host), 'refuse'));
  lab.host.link('run/current-system', lab.way.toplevel);
  await lab.until(() => lab.current() === lab.way.previous);
});
