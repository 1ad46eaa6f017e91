import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProfile } from '../../src/nix/profile.ts';
import { createRoots } from '../../src/nix/roots.ts';
import { run } from '../../src/process.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

let dir: string;
let store: NixStore;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-roots-'));
  store = await createNixStore(join(dir, 'n'));
});
afterEach(async () => {
  await store.remove();
  await rm(dir, { recursive: true });
});

const collectGarbage = () =>
  run({ file: 'nix-collect-garbage', args: ['-d'], env: store.env, timeoutMs: 20_000 });
const addPath = async (name: string) => {
  await writeFile(join(dir, name), name);
  const args = ['--add', join(dir, name)];
  const finished = await run({ file: 'nix-store', args, env: store.env, timeoutMs: 20_000 });
  return finished.stdout.toString().trim();
};

test('a pinned path survives garbage collection until it is unpinned', async () => {
  const roots = createRoots({ environment: store.env });
  const [kept, loose] = [await addPath('kept'), await addPath('loose')];
  await roots.pin('previous', kept);
  await collectGarbage();
  expect(await readdir(store.storeDir)).toContain(kept.split('/').at(-1));
  expect(await readdir(store.storeDir)).not.toContain(loose.split('/').at(-1));
  await roots.unpin('previous');
  await collectGarbage();
  expect(await readdir(store.storeDir)).not.toContain(kept.split('/').at(-1));
});

test('the way back survives garbage collection, though its profile has moved on', async () => {
  const roots = createRoots({ environment: store.env });
  const [runs, profile, next] = [await addPath('runs'), await addPath('profile'), await addPath('next')];
  const system = createProfile({ run, environment: store.env, root: join(dir, 'root') });
  await system.set(profile);
  await roots.pin('previous', runs);
  await roots.pin('previous-profile', profile);
  await roots.pin('candidate', next);
  await system.set(next);
  await collectGarbage();
  const kept = await readdir(store.storeDir);
  expect(kept).toEqual(expect.arrayContaining([runs, profile, next].map((path) => basename(path))));
  await system.set(profile);
  expect((await system.read())?.toplevel).toBe(profile);
});

test('a pin is a direct link, and pinning again replaces it', async () => {
  const roots = createRoots({ environment: store.env });
  await roots.pin('previous', '/nix/store/a');
  await roots.pin('previous', '/nix/store/b');
  expect(await readlink(join(store.stateDir, 'gcroots/abide/previous'))).toBe('/nix/store/b');
  expect(await roots.list()).toEqual({ previous: '/nix/store/b' });
  expect(await readdir(join(store.stateDir, 'gcroots/abide'))).toEqual(['previous']);
});

test('nothing pinned is an empty list, and unpinning nothing is no error', async () => {
  const roots = createRoots({ environment: store.env });
  expect(await roots.list()).toEqual({});
  await roots.unpin('previous');
});
