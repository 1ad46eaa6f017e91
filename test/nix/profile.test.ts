import { mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProfile, type Profile } from '../../src/nix/profile.ts';
import { run } from '../../src/process.ts';
import { createImitationHost, type ImitationHost } from '../harness/imitation-host.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';
import { problemOf } from './driver-lab.ts';

let dir: string;
let store: NixStore;
let host: ImitationHost;
let profile: Profile;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-profile-'));
  store = await createNixStore(join(dir, 'n'));
  host = await createImitationHost(join(dir, 'root'));
  profile = createProfile({ run, environment: store.env, root: host.root });
});
afterEach(async () => {
  await store.remove();
  await rm(dir, { recursive: true });
});

const addPath = async (name: string) => {
  await writeFile(join(dir, name), name);
  const args = ['--add', join(dir, name)];
  const finished = await run({ file: 'nix-store', args, env: store.env, timeoutMs: 20_000 });
  return finished.stdout.toString().trim();
};

test('a host without a profile has none to read', async () => {
  expect(await profile.read()).toBeNull();
});

test('setting makes a new highest generation, also when going back', async () => {
  const [a, b] = [await addPath('a'), await addPath('b')];
  for (const toplevel of [a, b, a]) await profile.set(toplevel);
  expect(await profile.read()).toEqual({ generation: 3, toplevel: a });
  expect(await readlink(host.profile)).toBe('system-3-link');
});

test('setting what is current already changes nothing', async () => {
  const a = await addPath('a');
  await profile.set(a);
  await profile.set(a);
  expect(await profile.read()).toEqual({ generation: 1, toplevel: a });
});

test('the current generation of the profile survives garbage collection', async () => {
  const a = await addPath('a');
  await profile.set(a);
  await run({ file: 'nix-collect-garbage', args: ['-d'], env: store.env, timeoutMs: 20_000 });
  const args = ['--check-validity', a];
  expect(await run({ file: 'nix-store', args, env: store.env, timeoutMs: 20_000 })).toMatchObject({
    exitCode: 0,
  });
});

test('a path that is not in the store is refused and the profile stays', async () => {
  const a = await addPath('a');
  await profile.set(a);
  const problem = await problemOf(profile.set(join(store.storeDir, `${'0'.repeat(32)}-missing`)));
  expect(problem).toMatchObject({ code: 'profile_failed', message: expect.stringMatching(/^error: /) });
  expect(await profile.read()).toEqual({ generation: 1, toplevel: a });
});

test('a profile link that is not of nix-env is read without a generation', async () => {
  await mkdir(dirname(host.profile), { recursive: true });
  await symlink('/nix/store/somewhere', host.profile);
  expect(await profile.read()).toEqual({ generation: null, toplevel: '/nix/store/somewhere' });
});
