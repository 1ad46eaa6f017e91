import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivator, type SwitchOrder } from '../../src/host/activate.ts';
import { run } from '../../src/process.ts';
import { processState } from '../../src/host/switch-files.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

let host: FakeHost;
let units = '';
beforeEach(() => {
  host = createFakeHost();
  units = join(host.dir, 'units');
  mkdirSync(units);
  program('systemd-run', fakeSystemdRun);
  program('systemctl', fakeSystemctl);
  program('systemd-inhibit', 'while :; do case "$1" in -*) shift;; *) break;; esac; done; "$@" & wait');
});
afterEach(async () => {
  await activator().end('d1', 'nothing');
  host.remove();
});

/** As documented: refuses a unit that exists, starts the rest of its arguments outside of the caller, returns at once. */
const fakeSystemdRun = `
printf '%s\\n' "$@" > "$UNITS/argv"
test ! -e "$UNITS/refuse" || { echo "Failed to connect to bus: refused" >&2; exit 1; }
exec 8> "$UNITS/lock"; flock 8
if test -e "$UNITS/late" && test -z "$is_late"; then
  is_late=yes setsid sh -c 'while test -e "$UNITS/late"; do sleep 0.02; done; exec "$@"' sh "$0" "$@" < /dev/null > /dev/null 2>&1 8>&- &
  exec sleep 600 8>&-
fi
for option; do case "$option" in --unit=*) unit="\${option#--unit=}";; -*) ;; *) break;; esac; shift; done
! alive "$unit" || { echo "Failed to start transient service unit: Unit $unit was already loaded" >&2; exit 1; }
setsid sh -c 'echo $$ > "$1"; shift; exec "$@" > "$UNITS/journal" 2>&1' sh "$UNITS/$unit" "$@" < /dev/null > /dev/null 2>&1 8>&- &
while ! test -s "$UNITS/$unit"; do sleep 0.01; done
test ! -e "$UNITS/hang" || exec sleep 600 8>&-
`;

const fakeSystemctl = `
case "$1" in
  show) test ! -e "$UNITS/busy" || { echo "Failed to connect to bus" >&2; exit 1; }
    if alive "$4"; then echo active; else echo inactive; fi;;
  stop) echo "$2" >> "$UNITS/stopped"; ! alive "$2" || kill "-$(cat "$UNITS/$2")";;
  kill) kill -"\${2#--signal=SIG}" "-$(cat "$UNITS/$3")";;
  list-jobs) printf '  17 slow.service start running\\n\\n';;
esac
`;

function program(name: string, script: string): void {
  const bin = join(host.dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const alive =
    'alive() { test -s "$UNITS/$1" && kill -0 "$(cat "$UNITS/$1")" 2>/dev/null && ! grep -q ") Z" "/proc/$(cat "$UNITS/$1")/stat"; }';
  writeFileSync(join(bin, name), `#!/bin/sh\nUNITS='${units}'; export UNITS\n${alive}\n${script}`);
  chmodSync(join(bin, name), 0o755);
}

const path = () => `${join(host.dir, 'bin')}:${process.env['PATH'] ?? ''}`;
/** With less patience for systemd-run than on a host. */
const runSoon: typeof run = (command, ...more) =>
  run({ ...command, timeoutMs: Math.min(command.timeoutMs, 1500) }, ...more);
const activator = () =>
  createActivator({
    root: host.root,
    stateDir: host.stateDir,
    run: runSoon,
    activator: 'systemd',
    path: path(),
    now: Date.now,
    graceMs: 300,
  });
const order = (toplevel: string, more: Partial<SwitchOrder> = {}): SwitchOrder => ({
  deployment: 'd1',
  toplevel,
  action: 'test',
  noCheck: false,
  timeoutMs: 20_000,
  ...more,
});
const system = (...lines: readonly string[]) => host.toplevel('system', switchProgram(...lines));
const until = async (holds: () => boolean) => {
  for (let waited = 0; waited < 5000 && !holds(); waited += 20) await sleep(20);
  expect(holds()).toBe(true);
};

test('the switch runs in a transient unit named after its deployment, outside of the daemon', async () => {
  const toplevel = system('echo said', 'activate', 'exit 4');
  expect(await activator().run(order(toplevel))).toEqual({
    exitCode: 4,
    signal: null,
    timedOut: false,
    log: ['said'],
  });
  expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(toplevel);
  expect(readFileSync(join(units, 'argv'), 'utf8').split('\n').slice(0, 8)).toEqual([
    '--unit=abide-switch-d1-test.service',
    '--description=switch-to-configuration for abide, deployment d1-test',
    '--collect',
    '--no-ask-password',
    '--quiet',
    '--service-type=exec',
    '/bin/sh',
    join(host.stateDir, 'deployments/d1/test.sh'),
  ]);
});

test("what the switch says goes to the unit's output as well as to the log", async () => {
  await activator().run(order(system('echo said')));
  await until(() => readFileSync(join(units, 'journal'), 'utf8') === 'said\n');
});

test('a unit that runs already is adopted, also before it said that it started', async () => {
  const toplevel = system('sleep 0.5', 'exit 3');
  const results = await Promise.all([activator().run(order(toplevel)), activator().run(order(toplevel))]);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
});

test('a unit that cannot be started is a problem with what systemd-run said', async () => {
  writeFileSync(join(units, 'refuse'), '');
  await expect(activator().run(order(system('activate')))).rejects.toMatchObject({
    code: 'process_failed',
    retry: 'backoff',
    message: expect.stringContaining('Failed to connect to bus: refused'),
  });
});

test('a unit that was not started in time is not started later either, with nothing armed', async () => {
  const before = system('activate');
  host.link('run/current-system', before);
  writeFileSync(join(units, 'late'), '');
  const late = host.toplevel('late', switchProgram('activate'));
  await expect(activator().run(order(late))).rejects.toMatchObject({
    code: 'process_failed',
    message: expect.stringContaining('could not start abide-switch-d1-test.service'),
  });
  expect(readFileSync(join(units, 'stopped'), 'utf8')).toBe('abide-switch-d1-test.service\n');
  // A manager that hung gets to it all the same.
  rmSync(join(units, 'late'));
  const pid = join(units, 'abide-switch-d1-test.service');
  await until(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '');
  await until(() => processState(readFileSync(pid, 'utf8').trim())?.zombie ?? true);
  expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(before);
  expect(existsSync(join(host.stateDir, 'deployments/d1/started-test'))).toBe(false);
});

test('a unit that was started, though systemd-run never said so, is followed', async () => {
  writeFileSync(join(units, 'hang'), '');
  expect(await activator().run(order(system('sleep 3', 'exit 3')))).toMatchObject({ exitCode: 3 });
  expect(existsSync(join(units, 'stopped'))).toBe(false);
});

test('a unit that is gone without an exit code was lost', async () => {
  const toplevel = system('sleep 60');
  const running = activator().run(order(toplevel));
  const started = join(host.stateDir, 'deployments/d1/started-test');
  await until(() => existsSync(started));
  process.kill(-Number(readFileSync(started, 'utf8').split('\n')[0]), 'SIGKILL');
  expect(await running).toMatchObject({ exitCode: null, signal: 'lost' });
});

test('while the system manager does not answer, the switch counts as running', async () => {
  const toplevel = system('sleep 0.4', 'exit 0');
  const running = activator().run(order(toplevel));
  writeFileSync(join(units, 'busy'), '');
  expect(await running).toMatchObject({ exitCode: 0 });
});

test("past the time limit the manager's waiting jobs are in the log, and the unit can be ended", async () => {
  const toplevel = system('echo said', 'sleep 60');
  const result = await activator().run(order(toplevel, { timeoutMs: 300 }));
  expect(result).toMatchObject({ timedOut: true, log: ['said', '17 slow.service start running'] });
  await activator().end('d1', 'rollback');
  expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
});
