import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHostObserver } from '../../src/host/observe.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const observe = () =>
  createHostObserver({ root: host.root, storeDir: host.storeDir, now: () => 42 }).observe();

/** As `nixos-rebuild --profile-name` leaves it. */
function profile(name: string, generation: number, toplevel: string): void {
  const dir = 'nix/var/nix/profiles/system-profiles';
  host.link(`${dir}/${name}-${generation}-link`, toplevel);
  host.link(`${dir}/${name}`, `${name}-${generation}-link`);
}

test('another system profile counts while the host runs, booted or starts what it holds', async () => {
  const [one, two, three] = ['one', 'two', 'three'].map((name) => host.toplevel(name)) as [
    string,
    string,
    string,
  ];
  host.link('run/current-system', one);
  host.link('run/booted-system', two);
  profile('spare', 7, three);
  expect((await observe()).foreignProfiles).toEqual([]);
  profile('test', 3, one);
  profile('rescue', 1, two);
  expect((await observe()).foreignProfiles).toEqual(
    expect.arrayContaining([
      { name: 'test', generation: 3, toplevel: one },
      { name: 'rescue', generation: 1, toplevel: two },
    ]),
  );
});

test('a specialisation of what it holds is one of its system', async () => {
  const special = host.toplevel('special');
  const base = host.toplevel('base');
  host.link('../store/base/specialisation/safe', special);
  host.link('run/current-system', special);
  profile('test', 3, base);
  expect(await observe()).toMatchObject({
    current: base,
    specialisation: { name: 'safe', toplevel: special },
    foreignProfiles: [{ name: 'test', toplevel: base }],
  });
});

test("abide's own profile is none of them", async () => {
  const one = host.toplevel('one');
  host.link('run/current-system', one);
  profile('abide-boot-proven', 4, one);
  expect((await observe()).foreignProfiles).toEqual([]);
});

test('a profile that leads nowhere, or is no link of nix-env, does no harm', async () => {
  const one = host.toplevel('one');
  host.link('run/current-system', one);
  host.link('nix/var/nix/profiles/system-profiles/loop', 'loop');
  host.link('nix/var/nix/profiles/system-profiles/own', one);
  expect((await observe()).foreignProfiles).toEqual([{ name: 'own', generation: null, toplevel: one }]);
});
