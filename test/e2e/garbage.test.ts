import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

/** The host's profiles are those of the store, as on a real host: what is collected is what Nix would collect there. */
beforeAll(async () => {
  lab = await createLab({
    env: (dir, env) => ({ ...env, NIX_STATE_DIR: join(dir, 'host/nix/var/nix') }),
    config: (dir) => ({
      health: {
        settle: '0s',
        stableFor: '0s',
        deadline: '1m',
        inbound: { ports: [] },
        checks: [{ name: 'web', command: ['test', '-e', join(dir, 'web-is-up')] }],
      },
    }),
  });
  await mkdir(join(lab.dir, 'host/nix/var/nix'), { recursive: true });
  await execa('nix-store', ['--init'], { env: { ...lab.env }, extendEnv: false });
  await writeFile(join(lab.dir, 'web-is-up'), '');
  await lab.daemon.start();
});

afterAll(() => lab.remove());

const collect = () => execa('nix-collect-garbage', ['-d'], { env: { ...lab.env }, extendEnv: false });
const roots = () => join(lab.env['NIX_STATE_DIR'] ?? '', 'gcroots/abide');
const pin = (name: string) => {
  try {
    return readlinkSync(join(roots(), name));
  } catch {
    return null;
  }
};

/** What a boot loader's program lists: every generation of the system profile and of those beside it. */
const bootable = () => {
  const profiles = dirname(lab.host.profile);
  const generations = [profiles, join(profiles, 'system-profiles')].flatMap((dir) =>
    existsSync(dir)
      ? readdirSync(dir)
          .filter((name) => /-\d+-link$/.test(name))
          .map((name) => readlinkSync(join(dir, name)))
      : [],
  );
  return generations.filter((toplevel) => existsSync(join(toplevel, 'bin/switch-to-configuration')));
};

test('what is boot-proven outlives the collection of garbage and stays bootable', async () => {
  await lab.deploy('one');
  const one = (await lab.host.current())!;
  await lab.powerCycle();
  await lab.daemon.until(
    'proof',
    ({ observed, state }) => observed?.booted.proven === true && state === 'settled',
  );
  await expect.poll(() => pin('boot-proven')).toBe(one);
  await lab.deploy('two');
  const two = (await lab.host.current())!;
  await lab.deploy('three');
  const three = (await lab.host.current())!;
  await collect();
  expect([existsSync(one), existsSync(two), existsSync(three)]).toEqual([true, true, true]);
  expect(bootable()).toEqual(expect.arrayContaining([one, three]));
  expect([pin('boot-proven'), pin('previous'), pin('committed')]).toEqual([one, two, three]);
});

test('pins that somebody deletes are made good', async () => {
  const [proven, committed] = [pin('boot-proven'), pin('committed')];
  await rm(roots(), { recursive: true });
  await rm(join(dirname(lab.host.profile), 'system-profiles'), { recursive: true });
  await expect
    .poll(() => [pin('boot-proven'), pin('committed')], { timeout: 10_000 })
    .toEqual([proven, committed]);
  await expect.poll(bootable, { timeout: 10_000 }).toContain(proven);
});

test('the candidate and what ran before it outlive a collection during probation, also without their pins', async () => {
  const before = (await lab.host.current())!;
  const commit = await lab.release('four', 'activateSeconds = 1;');
  await lab.daemon.until('a switch', ({ deployment }) => deployment?.step === 'switch');
  await rm(join(lab.dir, 'web-is-up'));
  const { deployment } = await lab.daemon.until('probation', ({ state }) => state === 'probation');
  const { toplevel } = deployment!;
  await rm(roots(), { recursive: true });
  await expect
    .poll(() => [pin('previous'), pin('candidate')], { timeout: 10_000 })
    .toEqual([before, toplevel]);
  await collect();
  expect([existsSync(before), existsSync(toplevel)]).toEqual([true, true]);
  await writeFile(join(lab.dir, 'web-is-up'), '');
  await lab.daemon.until('four', ({ summary, floor }) => summary === 'InSync' && floor === commit);
});

test('what is not proven any more loses its own generation only at the next run of the boot loader', async () => {
  const old = pin('boot-proven');
  await lab.powerCycle();
  const now = (await lab.host.current())!;
  await lab.daemon.until(
    'proof',
    ({ observed, state }) => observed?.booted.proven === true && state === 'settled',
  );
  await expect.poll(() => pin('boot-proven')).toBe(now);
  await expect.poll(bootable).toEqual(expect.arrayContaining([old, now]));
  await lab.deploy('five');
  const own = () =>
    readdirSync(join(dirname(lab.host.profile), 'system-profiles')).filter((name) => /-\d+-link$/.test(name));
  expect(own()).toHaveLength(1);
  expect(readdirSync(roots()).filter((name) => name.startsWith('retiring'))).toEqual([]);
});
