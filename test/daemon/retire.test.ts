import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepFallback, repairPins, whileRetiring } from '../../src/daemon/pins.ts';
import { retire, type RetireParts } from '../../src/daemon/retire.ts';
import { noFacts } from '../../src/domain/facts.ts';
import type { Observed } from '../../src/domain/observed.ts';
import { Problem } from '../../src/domain/problem.ts';
import { createProfile, fallbackProfileName, provenProfileName } from '../../src/nix/profile.ts';
import { createRoots } from '../../src/nix/roots.ts';
import { run } from '../../src/process.ts';
import { createImitationHost, type ImitationHost } from '../harness/imitation-host.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';
import { exampleDeployment } from '../domain/example-view.ts';
import { host as observed } from '../machines/harness.ts';

let dir: string;
let store: NixStore;
let host: ImitationHost;
let systems: string[];
/** What the imitated loader lists: the systems of all generations when it ran last. */
let listed: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-retire-'));
  store = await createNixStore(join(dir, 'n'));
  host = await createImitationHost(join(dir, 'root'));
  systems = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await writeFile(join(dir, name), name);
    const { stdout } = await execa('nix-store', ['--add', join(dir, name)], options());
    systems.push(stdout);
    await parts().profile.set(stdout);
  }
  listed = [...systems];
});
afterEach(async () => {
  await store.remove();
  await rm(dir, { recursive: true });
});

const options = () => ({ env: store.env, extendEnv: false });
const collect = () => execa('nix-store', ['--gc'], options());
const generations = async () => (await parts().profile.generations()).map(({ number }) => number);

/** At every moment something may collect garbage; here it does when the loader begins. */
async function loads(): Promise<void> {
  await collect();
  expect(listed.filter((system) => !existsSync(system))).toEqual([]);
  listed = (await parts().profile.generations()).map(({ toplevel }) => toplevel);
}

function parts(more: Partial<RetireParts> = {}): RetireParts {
  return {
    profile: createProfile({ run, environment: store.env, root: host.root }),
    provenProfile: createProfile({ run, environment: store.env, root: host.root, name: provenProfileName }),
    fallbackProfile: createProfile({
      run,
      environment: store.env,
      root: host.root,
      name: fallbackProfileName,
    }),
    roots: createRoots({ environment: store.env }),
    bootLoader: { install: loads },
    bootEntries: 2,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    ...more,
  };
}

const deployment = () => ({
  ...exampleDeployment,
  toplevel: systems[4]!,
  previous: {
    toplevel: systems[3]!,
    commit: null,
    profile: systems[3]!,
    bootDefault: null,
    specialisation: null,
  },
});
const seen = (more: Partial<Observed> = {}): Observed => ({
  ...observed(null),
  current: systems[4]!,
  booted: systems[1]!,
  profile: { generation: 5, toplevel: systems[4]! },
  bootDefault: systems[4]!,
  ...more,
});

test('old generations go, and nothing that the loader lists is ever without a root', async () => {
  await retire(parts(), deployment(), seen());
  expect(await generations()).toEqual([2, 4, 5]);
  expect(listed).toEqual([systems[1], systems[3], systems[4]]);
  await collect();
  expect(systems.map((system) => existsSync(system))).toEqual([false, true, false, true, true]);
  expect(await parts().roots.list()).toEqual({});
});

test('what the loader falls back to is an own generation until the loader has run without it', async () => {
  const { roots, fallbackProfile } = parts();
  await keepFallback(parts(), systems[0]!);
  await keepFallback(parts(), systems[0]!);
  expect(await fallbackProfile.read()).toEqual({ generation: 1, toplevel: systems[0] });
  await whileRetiring(parts(), loads);
  expect(await fallbackProfile.read()).not.toBeNull();
  await repairPins(parts(), () => noFacts);
  expect(await roots.list()).toEqual({ 'retiring-boot-fallback': systems[0] });
  await whileRetiring(parts(), loads);
  expect([await fallbackProfile.read(), await fallbackProfile.generations()]).toEqual([null, []]);
  expect(await roots.list()).toEqual({});
});

test('what is proven needs no second generation', async () => {
  await parts().provenProfile.set(systems[0]!);
  await keepFallback(parts(), systems[0]!);
  expect(await parts().fallbackProfile.read()).toBeNull();
  expect(await parts().roots.list()).toEqual({ 'boot-fallback': systems[0] });
});

test('what is pinned stays, and other profiles are not touched', async () => {
  const other = join(host.root, 'nix/var/nix/profiles/system-profiles/other');
  for (const system of systems) {
    await execa('mkdir', ['-p', join(other, '..')]);
    await execa('nix-env', ['-p', other, '--set', system], options());
  }
  await parts().roots.pin('boot-proven', systems[0]!);
  await retire(parts(), deployment(), seen({ booted: null }));
  expect(await generations()).toEqual([1, 4, 5]);
  expect(readdirSync(join(other, '..')).filter((name) => name.startsWith('other-'))).toHaveLength(5);
});

test('a loader that fails loses nothing, and the next commit goes on from there', async () => {
  const failing = { install: () => Promise.reject(new Problem('boot_loader_failed', 'no')) };
  const run1 = retire(parts({ bootLoader: failing }), deployment(), seen());
  await expect(run1).rejects.toMatchObject({ code: 'boot_loader_failed' });
  await collect();
  expect(listed.filter((system) => !existsSync(system))).toEqual([]);
  // By now it is left to the loader's own limit; what was begun is finished all the same.
  await retire(parts({ bootEntries: null }), deployment(), seen());
  expect(await parts().roots.list()).toEqual({});
  expect(listed).toHaveLength(3);
  await collect();
  expect(existsSync(systems[0]!)).toBe(false);
});

test('with nothing to remove the loader does not run', async () => {
  const never = { install: () => Promise.reject(new Error('it ran')) };
  await retire(parts({ bootEntries: 5, bootLoader: never }), deployment(), seen());
  await retire(parts({ bootEntries: null, bootLoader: never }), deployment(), seen());
  expect(await generations()).toEqual([1, 2, 3, 4, 5]);
});
