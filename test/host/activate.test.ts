import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createActivator, resolveActivator, type SwitchOrder } from '../../src/host/activate.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(async () => {
  await activator().end('d1', 'nothing');
  host.remove();
});

const path = process.env['PATH'] ?? '';
const activator = (more: object = {}) =>
  createActivator({
    root: host.root,
    stateDir: host.stateDir,
    run,
    activator: 'direct',
    path,
    now: Date.now,
    graceMs: 300,
    ...more,
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
const file = (name: string) => join(host.stateDir, 'deployments/d1', name);
const until = async (holds: () => boolean) => {
  for (let waited = 0; waited < 10_000 && !holds(); waited += 20) await sleep(20);
  expect(holds()).toBe(true);
};

test('a switch that goes well gives 0, its output, and has moved the link', async () => {
  const toplevel = system('echo activating "$1" >&2', 'activate');
  expect(await activator().run(order(toplevel))).toEqual({
    exitCode: 0,
    signal: null,
    timedOut: false,
    log: ['activating test'],
  });
  expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(toplevel);
});

test.each([1, 2, 4, 11, 100])('exit code %i is told as it is', async (code) => {
  expect(await activator().run(order(system(`exit ${code}`)))).toMatchObject({
    exitCode: code,
    signal: null,
  });
});

test('death by a signal is told by its name', async () => {
  expect(await activator().run(order(system('kill -KILL $$')))).toMatchObject({
    exitCode: null,
    signal: 'SIGKILL',
  });
});

test('the switch sees a complete environment and nothing of ours', async () => {
  process.env['ABIDE_TEST_SECRET'] = 'hidden';
  const toplevel = system(`/usr/bin/env > ${host.dir}/env`);
  await activator({ localeArchive: '/run/locale' }).run(order(toplevel, { noCheck: true }));
  delete process.env['ABIDE_TEST_SECRET'];
  const names = readFileSync(join(host.dir, 'env'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => !/^(?:PWD|OLDPWD|_|SHLVL)=/.test(line));
  expect(names.toSorted()).toEqual([
    `ABIDE_ROOT=${host.root}`,
    'LOCALE_ARCHIVE=/run/locale',
    'NIXOS_NO_CHECK=1',
    `PATH=${path}`,
  ]);
});

test('checks are not skipped unless asked for', async () => {
  const result = await activator().run(order(system('echo "check: ${NIXOS_NO_CHECK-unset}"')));
  expect(result.log).toEqual(['check: unset']);
});

test('paths with spaces and quotes are no obstacle', async () => {
  const toplevel = host.toplevel("it's a $(system)", switchProgram('activate'));
  const stateDir = join(host.dir, "the state's dir");
  expect(await activator({ stateDir }).run(order(toplevel))).toMatchObject({ exitCode: 0 });
  expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(toplevel);
});

test('control characters of the output do not get into the log', async () => {
  const toplevel = system(String.raw`printf '\033[31mred\033[0m\007\n'`);
  expect((await activator().run(order(toplevel))).log).toEqual(['red']);
});

test('progress is told line by line while the switch runs', async () => {
  const seen: string[] = [];
  const toplevel = system('echo one', 'sleep 0.6', 'echo two', 'printf three');
  const running = activator().run(order(toplevel, { onProgress: ({ text }) => seen.push(text) }));
  await until(() => seen.length === 1);
  expect(seen).toEqual(['one']);
  await running;
  expect(seen.slice(0, 2)).toEqual(['one', 'two']);
});

test('a background process that keeps the output open does not hold up the result', async () => {
  const toplevel = system('sleep 30 &', 'exit 0');
  expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: 0 });
  await execa('pkill', ['-g', readFileSync(file('started-test'), 'utf8').split('\n')[0] ?? '']);
});

test('a system without switch-to-configuration is refused, finally, before anything is started', async () => {
  await expect(activator().run(order(host.toplevel('none')))).rejects.toMatchObject({
    code: 'no_switch_program',
    retry: 'never',
  });
  expect(existsSync(file('started-test'))).toBe(false);
});

test('a system that is gone from the store is told apart, and tried again', async () => {
  await expect(activator().run(order(join(host.storeDir, 'gone')))).rejects.toMatchObject({
    code: 'derivation_missing',
    retry: 'backoff',
    message: expect.stringContaining('not in the store any more'),
  });
});

test('a tool that is missing is told before anything is started', async () => {
  await expect(activator({ path: '/nowhere' }).run(order(system('activate')))).rejects.toMatchObject({
    code: 'tool_missing',
  });
});

test('a name that would leave the directory is refused', async () => {
  await expect(activator().run(order(system(''), { deployment: '../x' }))).rejects.toMatchObject({
    code: 'unexpected',
  });
});

describe('the same run', () => {
  const counting = (...lines: string[]) => system(`echo run >> ${host.dir}/runs`, ...lines);
  const runs = () => readFileSync(join(host.dir, 'runs'), 'utf8').trim().split('\n').length;

  test('asked for again gives its result without running again', async () => {
    const toplevel = counting('echo said', 'exit 4');
    const first = await activator().run(order(toplevel));
    expect(await activator().run(order(toplevel))).toEqual(first);
    expect(runs()).toBe(1);
  });

  test('asked for by several at once runs once, and all get its result', async () => {
    const toplevel = counting('sleep 0.3', 'exit 3');
    const results = await Promise.all([1, 2, 3, 4].map(() => activator().run(order(toplevel))));
    expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 3, 3, 3]);
    expect(runs()).toBe(1);
  });

  test('under another number is another run, with files of its own', async () => {
    const toplevel = counting('exit 4');
    await activator().run(order(toplevel));
    await activator().run(order(toplevel, { attempt: 2 }));
    expect(runs()).toBe(2);
    expect(readdirSync(file('.')).toSorted()).toEqual([
      'exit-test',
      'exit-test-2',
      'logged-test',
      'logged-test-2',
      'started-test',
      'started-test-2',
      'test-2.log',
      'test-2.sh',
      'test.log',
      'test.sh',
    ]);
  });

  test('is told by its state, and the next attempt is the first that is not over', async () => {
    const one = activator();
    expect(await one.state({ deployment: 'd1', action: 'test' })).toBe('none');
    const running = one.run(order(system('sleep 0.5')));
    await until(() => existsSync(file('started-test')));
    expect(await one.state({ deployment: 'd1', action: 'test' })).toBe('running');
    expect(await one.nextAttempt('d1', 'test')).toBe(1);
    await running;
    expect(await one.state({ deployment: 'd1', action: 'test' })).toBe('ended');
    expect(await one.nextAttempt('d1', 'test')).toBe(2);
  });
});

describe('when the daemon is killed', () => {
  const daemon = async (toplevel: string) => {
    const script = fileURLToPath(new URL('./activate-once.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, host.root, host.stateDir, toplevel], {
      detached: true,
      stdio: 'ignore',
    });
    await until(() => existsSync(file('started-test')));
    return child;
  };
  const killGroup = async (pid: number | undefined) => {
    process.kill(-(pid ?? 0), 'SIGKILL');
    await sleep(50);
  };

  test('the switch goes on, and the next daemon adopts it and gets its result', async () => {
    const toplevel = system(
      'echo begin',
      `while ! test -e ${host.dir}/go; do sleep 0.05; done`,
      'activate',
      'exit 4',
    );
    await killGroup((await daemon(toplevel)).pid);
    const adopted = activator().run(order(toplevel));
    writeFileSync(join(host.dir, 'go'), '');
    expect(await adopted).toMatchObject({ exitCode: 4, log: ['begin'] });
    expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(toplevel);
  });

  test('and the switch ends meanwhile, its result is there at once', async () => {
    const toplevel = system('sleep 0.3', 'exit 2');
    await killGroup((await daemon(toplevel)).pid);
    await until(() => existsSync(file('exit-test')));
    rmSync(join(toplevel, 'bin'), { recursive: true });
    expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: 2 });
  });

  test('together with the switch, the end is lost and said so', async () => {
    const toplevel = system('sleep 60');
    const child = await daemon(toplevel);
    await killGroup(child.pid);
    await killGroup(Number(readFileSync(file('started-test'), 'utf8').split('\n')[0]));
    expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: null, signal: 'lost' });
    expect(await activator().state({ deployment: 'd1', action: 'test' })).toBe('lost');
  });

  test('the time limit counts from the start of the switch, not from the adoption', async () => {
    const toplevel = system('sleep 60');
    await killGroup((await daemon(toplevel)).pid);
    const [pid, boot, uptime, ...rest] = readFileSync(file('started-test'), 'utf8').split('\n');
    const hourAgo = String(Number(uptime) - 3600);
    writeFileSync(file('started-test'), [pid, boot, hourAgo, ...rest].join('\n'));
    const limit = 30 * 60_000;
    expect(await activator().run(order(toplevel, { timeoutMs: limit }))).toMatchObject({ timedOut: true });
  });
});

test('time in which the host slept counts towards no limit, before and after an adoption', async () => {
  const toplevel = system('sleep 1.2', 'exit 3');
  let slept = 500;
  const sleeper = () => activator({ asleep: () => slept });
  const waiting = sleeper().run(order(toplevel, { timeoutMs: 600 }));
  await until(() => existsSync(file('started-test')));
  slept += 3_600_000;
  expect(await waiting).toMatchObject({ exitCode: 3, timedOut: false });
  expect(readFileSync(file('started-test'), 'utf8').split('\n')[4]).toBe('500');
});

test('a run of an earlier boot is lost, whatever has its pid today', async () => {
  const toplevel = system('exit 0');
  await activator().run(order(toplevel));
  rmSync(file('exit-test'));
  const [, , ...rest] = readFileSync(file('started-test'), 'utf8').split('\n');
  writeFileSync(file('started-test'), [process.pid, 'another-boot', ...rest].join('\n'));
  expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: null, signal: 'lost' });
});

test('a run whose pid belongs to another process today is lost', async () => {
  const toplevel = system('exit 0');
  await activator().run(order(toplevel));
  rmSync(file('exit-test'));
  const [, ...rest] = readFileSync(file('started-test'), 'utf8').split('\n');
  writeFileSync(file('started-test'), [process.pid, ...rest].join('\n'));
  expect(await activator().run(order(toplevel))).toMatchObject({ signal: 'lost' });
});

describe('past the time limit', () => {
  test('the switch is not ended, and can be waited for again', async () => {
    const toplevel = system('echo begin', 'sleep 1', 'activate', 'exit 0');
    const result = await activator().run(order(toplevel, { timeoutMs: 300 }));
    expect(result).toEqual({ exitCode: null, signal: null, timedOut: true, log: ['begin'] });
    expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: 0, timedOut: false });
  });

  test('it can be ended, and its end is told', async () => {
    const toplevel = system('trap "echo told to end; exit 7" TERM', 'sleep 60 & wait');
    await activator().run(order(toplevel, { timeoutMs: 300 }));
    await activator().end('d1', 'rollback');
    expect(await activator().run(order(toplevel))).toMatchObject({ exitCode: 7, log: ['told to end'] });
  });

  test('one that does not listen is killed with all that it started', async () => {
    const toplevel = system('trap "" TERM', `sleep 61 & echo $! > ${host.dir}/pid`, 'wait', 'sleep 61');
    await activator().run(order(toplevel, { timeoutMs: 300 }));
    await activator().end('d1', 'rollback');
    expect(await activator().state({ deployment: 'd1', action: 'test' })).toBe('lost');
    const stat = `/proc/${readFileSync(join(host.dir, 'pid'), 'utf8').trim()}/stat`;
    await until(() => !existsSync(stat) || readFileSync(stat, 'utf8').includes(') Z '));
  });

  test('ending spares what it is told to spare', async () => {
    const toplevel = system('sleep 1', 'exit 0');
    const name = { deployment: 'd1', label: 'rollback', attempt: 2 };
    await activator().run(order(toplevel, { ...name, timeoutMs: 200 }));
    await activator().end('d1', 'rollback');
    expect(await activator().state(name)).toBe('running');
    expect(await activator().run(order(toplevel, name))).toMatchObject({ exitCode: 0 });
  });
});

test('a disk that is full when the switch ends does not lose its exit code, nor ends a switch that prints', async () => {
  const stateDir = join(host.dir, 'small');
  await execa('mkdir', [stateDir]);
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', stateDir]);
  try {
    const toplevel = system(
      `dd if=/dev/zero of=${stateDir}/fill bs=4k 2>/dev/null`,
      'for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero bs=4k count=8 2>/dev/null | tr "\\0" x || exit 99; done',
      'activate',
      'exit 4',
    );
    expect(await activator({ stateDir }).run(order(toplevel))).toMatchObject({ exitCode: 4 });
    expect(readlinkSync(join(host.root, 'run/current-system'))).toBe(toplevel);
  } finally {
    await execa('umount', ['-l', stateDir]);
  }
});

test('auto means systemd only where the root is / and systemd runs', () => {
  const systemd = existsSync('/run/systemd/system') ? 'systemd' : 'direct';
  expect(resolveActivator('auto', '/')).toBe(systemd);
  expect(resolveActivator('auto', host.root)).toBe('direct');
  expect(resolveActivator('systemd', host.root)).toBe('systemd');
  expect(resolveActivator('direct', '/')).toBe('direct');
});
