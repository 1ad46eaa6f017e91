import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createActivator } from '../../src/host/activate.ts';
import { createHostObserver } from '../../src/host/observe.ts';
import { createRollBack } from '../../src/host/roll-back.ts';
import { run } from '../../src/process.ts';
import { createFakeHost, switchProgram, type FakeHost } from './fake-host.ts';

let host: FakeHost;
let broken = '';
beforeEach(() => {
  host = createFakeHost();
  broken = host.toplevel('broken', switchProgram('activate', 'sleep 60'));
  host.link('run/current-system', broken);
});
afterEach(async () => {
  await activator().end('d1', 'nothing');
  host.remove();
});

const activator = () =>
  createActivator({
    root: host.root,
    stateDir: host.stateDir,
    run,
    activator: 'direct',
    path: process.env['PATH'] ?? '',
    now: Date.now,
    graceMs: 300,
  });
const rollBack = (more: object = {}) =>
  createRollBack({
    activator: activator(),
    observer: createHostObserver({ root: host.root, storeDir: host.storeDir, now: Date.now }),
    tries: 3,
    pauseMs: 20,
    ...more,
  });
const previous = (...lines: readonly string[]) => host.toplevel('previous', switchProgram(...lines));
const current = () => readlinkSync(join(host.root, 'run/current-system'));
const files = () =>
  readdirSync(join(host.stateDir, 'deployments/d1')).filter((name) => name.endsWith('.log'));

test("goes back by the previous system's own program, with its checks skipped", async () => {
  const toplevel = previous(`echo "$1 $NIXOS_NO_CHECK" > ${host.dir}/said`, 'activate');
  await rollBack()({ deployment: 'd1', previous: toplevel });
  expect(current()).toBe(toplevel);
  expect(readFileSync(join(host.dir, 'said'), 'utf8')).toBe('test 1\n');
});

test('units that fail after the rollback do not make it a failed one', async () => {
  const toplevel = previous('activate', 'exit 4');
  await rollBack()({ deployment: 'd1', previous: toplevel });
  expect(current()).toBe(toplevel);
});

test('a switch of the deployment that still runs is ended first', async () => {
  await activator().run({
    deployment: 'd1',
    toplevel: broken,
    action: 'test',
    noCheck: false,
    timeoutMs: 200,
  });
  const toplevel = previous('activate');
  await rollBack()({ deployment: 'd1', previous: toplevel });
  expect(await activator().state({ deployment: 'd1', action: 'test' })).not.toBe('running');
  expect(current()).toBe(toplevel);
});

test('a lock that is held is waited for', async () => {
  const toplevel = previous(
    `if test ! -e ${host.dir}/free; then touch ${host.dir}/free; exit 11; fi`,
    'activate',
  );
  await rollBack()({ deployment: 'd1', previous: toplevel });
  expect(current()).toBe(toplevel);
  expect(files()).toEqual(['rollback-2.log', 'rollback.log']);
});

test('a lock that stays held is a failure, after its tries', async () => {
  const toplevel = previous('echo "Could not acquire lock" >&2', 'exit 11');
  await expect(rollBack()({ deployment: 'd1', previous: toplevel })).rejects.toMatchObject({
    code: 'rollback_failed',
    message: expect.stringMatching(/exit code 11, and .*broken runs/),
    log: ['Could not acquire lock'],
  });
  expect(files()).toHaveLength(3);
});

test('a success that did not bring the previous system back is a failure', async () => {
  const toplevel = previous('exit 0');
  await expect(rollBack()({ deployment: 'd1', previous: toplevel })).rejects.toMatchObject({
    code: 'rollback_failed',
  });
});

test('a failed one can be tried again', async () => {
  const toplevel = previous(`test -e ${host.dir}/mended || exit 1`, 'activate');
  await expect(rollBack()({ deployment: 'd1', previous: toplevel })).rejects.toMatchObject({
    code: 'rollback_failed',
  });
  writeFileSync(join(host.dir, 'mended'), '');
  await rollBack()({ deployment: 'd1', previous: toplevel });
  expect(current()).toBe(toplevel);
});

test('one that a daemon before had begun is adopted and not begun again', async () => {
  const toplevel = previous(`echo run >> ${host.dir}/runs`, 'sleep 0.5', 'activate');
  const way = { deployment: 'd1', previous: toplevel };
  const first = rollBack()(way);
  while (!existsSync(join(host.dir, 'runs'))) await new Promise((resolve) => setTimeout(resolve, 20));
  await rollBack()(way);
  await first;
  expect(readFileSync(join(host.dir, 'runs'), 'utf8')).toBe('run\n');
});

test('one that takes too long says so', async () => {
  const toplevel = previous('sleep 60');
  const way = { deployment: 'd1', previous: toplevel };
  await expect(rollBack({ timeoutMs: 200 })(way)).rejects.toMatchObject({
    code: 'rollback_failed',
    message: expect.stringContaining('still running'),
  });
});
