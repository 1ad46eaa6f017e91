import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fateOf } from '../../src/domain/own-unit.ts';
import { readOwnUnit } from '../../src/host/own-unit.ts';

let dir: string;
let root: string;
let storeDir: string;
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'abide-own-unit-')));
  root = join(dir, 'host');
  storeDir = join(dir, 'store');
  await mkdir(root);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const put = async (path: string, text: string) => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
};
const link = async (target: string, path: string) => {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
};
const service = (command: string) => `[Service]\nExecStart=${command}\n`;
const system = (name: string) => join(storeDir, name);
const units = (name: string) => join(system(name), 'etc/systemd/system');

/** A toplevel as NixOS makes it: what is in it leads to other store paths. */
const make = async (name: string, { command = '', config = '', isWanted = true } = {}) => {
  if (command !== '') {
    await put(join(storeDir, `unit-${name}`, 'abide.service'), service(command));
    await link(join(storeDir, `unit-${name}`, 'abide.service'), join(units(name), 'abide.service'));
    if (isWanted) await link('../abide.service', join(units(name), 'multi-user.target.wants/abide.service'));
  }
  if (config !== '') {
    await put(join(storeDir, `config-${name}.json`), config);
    await link(join(storeDir, `config-${name}.json`), join(system(name), 'etc/abide/config.yaml'));
  }
  return system(name);
};
const read = (toplevel: string) => readOwnUnit({ root, storeDir }, toplevel);
const present = async (toplevel: string) => {
  const unit = await read(toplevel);
  if (unit.is === 'absent') throw new Error(unit.why);
  return unit;
};
const run = '/nix/store/abide/bin/abide run --config /etc/abide/config.yaml';

test('the program, and the configuration as it will be', async () => {
  const toplevel = await make('a', { command: run, config: '{}' });
  expect(await read(toplevel)).toMatchObject({
    is: 'present',
    program: ['/nix/store/abide/bin/abide'],
    config: {
      named: '/etc/abide/config.yaml',
      path: join(toplevel, 'etc/abide/config.yaml'),
      isCarried: true,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  });
});

test.each([
  ['no --config', 'abide run', '/etc/abide/config.yaml'],
  ['with an equals sign', 'abide run --config=/etc/other.yaml', '/etc/other.yaml'],
  ['after other words', 'node main.mjs --no-color run --config /etc/o.yaml', '/etc/o.yaml'],
])('%s', async (_, words, named) => {
  const unit = await present(await make('a', { command: `/bin/${words}` }));
  expect(unit.config).toMatchObject({ named, isCarried: true, digest: null });
});

test('paths that follow the running system are those of the new one, also below another root', async () => {
  const command = `/run/current-system/sw/bin/abide run --config ${root}/etc/abide/config.yaml`;
  const toplevel = await make('a', { command, config: '{}' });
  const unit = await present(toplevel);
  expect(unit.program).toEqual([join(toplevel, 'sw/bin/abide')]);
  expect(unit.config).toMatchObject({ path: join(toplevel, 'etc/abide/config.yaml'), isCarried: true });
});

test('a file that is kept by hand is what it is; one that the running system put there goes with it', async () => {
  const named = join(root, 'etc/abide/config.yaml');
  const command = `/bin/abide run --config ${named}`;
  await put(named, 'mine');
  const byHand = await present(await make('a', { command }));
  expect(byHand.config).toMatchObject({ path: named, isCarried: false });
  expect(byHand.config?.digest).not.toBeNull();
  await rm(named);
  await link(join(await make('old', { command, config: '{}' }), 'etc/abide/config.yaml'), named);
  expect((await present(system('a'))).config).toMatchObject({ isCarried: true, digest: null });
});

test.each([
  ['no unit', {}, 'has no abide.service'],
  ['a unit that nothing wants', { command: run, isWanted: false }, 'has nothing that starts abide.service'],
])('%s', async (_, what, why) => {
  expect(await read(await make('a', what))).toEqual({ is: 'absent', why });
});

test('a masked unit', async () => {
  await link('/dev/null', join(units('a'), 'abide.service'));
  expect(await read(system('a'))).toEqual({ is: 'absent', why: 'masks abide.service' });
});

test('a unit that starts something else is there and says nothing of a program', async () => {
  expect(await present(await make('a', { command: '/bin/wrapper' }))).toMatchObject({
    program: null,
    config: null,
  });
});

test('what changed between two systems is seen: unit, drop-in, program, configuration', async () => {
  const base = await read(await make('a', { command: run, config: '{}' }));
  const none = await read(await make('none'));
  expect(fateOf(base, await read(await make('same', { command: run, config: '{}' })), false)).toBe(
    'unchanged',
  );
  const others = [
    await make('config', { command: run, config: '{"x":1}' }),
    await make('unit', { command: run.replace('store/abide', 'store/abide-2'), config: '{}' }),
    await make('drop-in', { command: run, config: '{}' }),
  ];
  await put(join(units('drop-in'), 'abide.service.d/more.conf'), '[Service]\nNice=5\n');
  for (const other of others) expect(fateOf(base, await read(other), false)).toBe('changed');
  expect(fateOf(base, none, false)).toBe('removed');
  expect(fateOf(base, await read(others[0]!), true)).toBe('broken');
  expect(fateOf(none, base, true)).toBe('unchanged');
});

test('a program reached by the same words is another one when it leads elsewhere', async () => {
  const command = '/run/current-system/sw/bin/abide run';
  for (const name of ['a', 'b']) {
    await make(name, { command });
    await put(join(storeDir, `abide-${name}`), '');
    await link(join(storeDir, `abide-${name}`), join(system(name), 'sw/bin/abide'));
  }
  expect(fateOf(await read(system('a')), await read(system('b')), false)).toBe('changed');
});
