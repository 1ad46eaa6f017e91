import { existsSync, readlinkSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../../src/domain/status.ts';
import { createCrashLab, disagreements, strangers, type CrashLab } from './crash-lab.ts';

let lab: CrashLab;
let count = 0;

/** A system whose note says `hold` is not healthy before the file `go` is there. */
const holding = (dir: string) =>
  `! grep -q hold ${dir}/host/run/current-system/etc/note || test -e ${dir}/go || { echo not yet >&2; exit 1; }`;

beforeAll(async () => {
  lab = await createCrashLab({
    config: (dir) => ({
      health: {
        settle: '0s',
        stableFor: '0s',
        deadline: '8s',
        inbound: { ports: [] },
        checks: [{ name: 'app', command: ['/bin/sh', '-c', holding(dir)] }],
      },
    }),
  });
  await lab.daemon.start();
  await lab.deploy('first');
});
afterAll(() => lab.remove());

beforeEach(async () => {
  await rm(join(lab.dir, 'go'), { force: true });
  await lab.deploy(`base ${(count += 1)}`);
});
afterEach(() => expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]));

const go = () => writeFile(join(lab.dir, 'go'), '');

/** Releases a system and waits until it is on probation, where it stays until `go`. */
async function onProbation(): Promise<string> {
  const commit = await lab.release(`hold ${(count += 1)}`);
  await lab.daemon.until(
    'probation',
    ({ state, deployment }) => state === 'probation' && deployment?.commit === commit,
  );
  return commit;
}

const ended = (commit: string): Promise<HostStatus> =>
  lab.daemon.until(
    'the end',
    ({ deployment, lastDeployment, state }) =>
      deployment === null &&
      lastDeployment?.commit === commit &&
      ['settled', 'stalled', 'backoff'].includes(state),
  );

async function expectCommitted(commit: string): Promise<void> {
  const status = await ended(commit);
  expect(status.lastDeployment).toMatchObject({ outcome: 'committed', commit });
  expect(status).toMatchObject({ floor: commit, summary: 'InSync' });
  expect(await lab.host.current()).toBe(status.lastDeployment?.toplevel);
  expect(await disagreements(lab, status)).toEqual([]);
}

/** A system of somebody else's, built from the same repository. */
async function foreign(): Promise<string> {
  await lab.infra.setHosts(`{ alpha = { note = "by hand ${(count += 1)}"; }; }\n`);
  const args = [
    'build',
    '--no-link',
    '--json',
    `path:${lab.infra.dir}#nixosConfigurations.alpha.config.system.build.toplevel`,
  ];
  const { NODE_OPTIONS: _, ...env } = lab.env;
  const { stdout } = await execa('nix', args, { env, extendEnv: false });
  return (JSON.parse(stdout) as [{ outputs: { out: string } }])[0].outputs.out;
}

const byHand = (toplevel: string, action: string) =>
  execa(join(toplevel, 'bin/switch-to-configuration'), [action], {
    env: { PATH: lab.env['PATH'] ?? '', ABIDE_ROOT: lab.host.root },
    extendEnv: false,
    reject: false,
  });

const setProfile = async (toplevel: string) => {
  const { NODE_OPTIONS: _, ...env } = lab.env;
  await execa('nix-env', ['-p', lab.host.profile, '--set', toplevel], { env, extendEnv: false });
};

describe('somebody else', () => {
  test('who switches while the new system is on probation is left alone', async () => {
    const before = lab.facts().expected;
    const other = await foreign();
    const commit = await onProbation();
    await byHand(other, 'test');
    const status = await ended(commit);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    expect(await lab.host.current()).toBe(other);
    expect(await lab.host.bootDefault()).toBe(before?.bootDefault);
    expect(lab.facts().quarantine).toContainEqual(expect.objectContaining({ commit }));
  });

  test('who moves profile and boot default meanwhile keeps them when the new system is undone', async () => {
    const before = await lab.host.current();
    const other = await foreign();
    const commit = await onProbation();
    await setProfile(other);
    await byHand(other, 'boot');
    const status = await ended(commit);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    expect(await lab.host.current()).toBe(before);
    expect(await lab.host.bootDefault()).toBe(other);
    expect(readlinkSync(join(lab.host.profile, '..', readlinkSync(lab.host.profile)))).toBe(other);
  });

  test('who comes while the switch runs is turned away by its lock', async () => {
    const other = await foreign();
    const commit = await lab.release(`busy ${(count += 1)}`, 'activateSeconds = 2;');
    await expect
      .poll(async () => (await lab.daemon.status()).deployment?.step, { interval: 20, timeout: 20_000 })
      .toBe('switch');
    await expect
      .poll(async () => (await byHand(other, 'dry-activate')).exitCode, { interval: 100, timeout: 10_000 })
      .toBe(11);
    await expectCommitted(commit);
  });

  test('who removes the dead-man of a system that then proves itself changes nothing', async () => {
    const commit = await onProbation();
    const waiting = () => strangers(lab);
    expect(waiting()).not.toEqual([]);
    await rm(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
    await go();
    await expectCommitted(commit);
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
    expect(await lab.host.current()).toBe(lab.facts().expected?.current);
  });

  test.each(['good', 'bad'] as const)(
    'who removes every gc root in the middle of a %s one changes nothing',
    async (kind) => {
      const before = await lab.host.current();
      const commit = await onProbation();
      await rm(join(lab.dir, 'nix/state/gcroots/abide'), { recursive: true });
      if (kind === 'good') {
        await go();
        return expectCommitted(commit);
      }
      const status = await ended(commit);
      expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
      expect(await lab.host.current()).toBe(before);
      return undefined;
    },
  );
});

describe('a state directory that is gone', () => {
  test('while abide has the new system on probation is written anew', async () => {
    const commit = await onProbation();
    await rm(join(lab.dir, 'state'), { recursive: true, maxRetries: 20 });
    await go();
    await expectCommitted(commit);
  });

  test(
    'while the switch runs leaves nothing running that is not looked after',
    { timeout: 120_000 },
    async () => {
      const before = await lab.host.current();
      const commit = await lab.release(`hold ${(count += 1)}`, 'activateSeconds = 1;');
      const begun = () =>
        existsSync(
          join(lab.host.root, 'run/abide-deadman', lab.facts().deployment?.id ?? 'none', 'switch-test'),
        );
      await expect.poll(begun, { interval: 20, timeout: 20_000 }).toBe(true);
      await rm(join(lab.dir, 'state/deployments'), { recursive: true, maxRetries: 20 });
      const status = await lab.daemon.until(
        'the end',
        ({ deployment, lastDeployment }) => deployment === null && lastDeployment?.commit === commit,
        90_000,
      );
      expect(status.lastDeployment?.outcome).toBe('rolled_back');
      expect(await lab.host.current()).toBe(before);
    },
  );
});

describe('a wall clock that jumps by hours', () => {
  test.each([-10, 10])('while the new system is on probation (%i h) changes nothing', async (hours) => {
    const commit = await onProbation();
    await writeFile(join(lab.dir, 'crash/clock'), String(hours * 3_600_000));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await lab.daemon.status()).state).toBe('probation');
    await go();
    await expectCommitted(commit);
    await rm(join(lab.dir, 'crash/clock'));
  });

  test.each([-10, 10])(
    'right after the switch was started (%i h) does not lose sight of it',
    async (hours) => {
      await lab.order('before start sh state/deployments/ID/test.sh #1', { clock: hours * 3_600_000 });
      const commit = await lab.release(`jumps ${(count += 1)}`, 'activateSeconds = 1;');
      await expectCommitted(commit);
      await rm(join(lab.dir, 'crash/clock'), { force: true });
    },
  );
});
