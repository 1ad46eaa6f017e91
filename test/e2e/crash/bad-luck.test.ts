import { readlinkSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isSwitchLocked } from '../../../src/host/switch-lock.ts';
import { strangers } from './crash-lab.ts';
import { createHeldLab, type HeldLab } from './held-lab.ts';

let lab: HeldLab;

beforeAll(async () => {
  lab = await createHeldLab();
});
afterAll(() => lab.remove());

beforeEach(() => lab.base());
afterEach(() => expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]));

const setProfile = async (toplevel: string) => {
  const { NODE_OPTIONS: _, ...env } = lab.env;
  await execa('nix-env', ['-p', lab.host.profile, '--set', toplevel], { env, extendEnv: false });
};

describe('somebody else', () => {
  test('who switches while the new system is on probation is left alone', async () => {
    const before = lab.facts().expected;
    const other = await lab.foreign();
    const commit = await lab.onProbation();
    await lab.byHand(other, 'test');
    const status = await lab.ended(commit);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    expect(await lab.host.current()).toBe(other);
    expect(await lab.host.bootDefault()).toBe(before?.bootDefault);
    expect(lab.facts().quarantine).toContainEqual(expect.objectContaining({ commit }));
  });

  test('who moves profile and boot default meanwhile keeps them when the new system is undone', async () => {
    const before = await lab.host.current();
    const other = await lab.foreign();
    const commit = await lab.onProbation();
    await setProfile(other);
    await lab.byHand(other, 'boot');
    await lab.undo();
    const status = await lab.ended(commit);
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    expect(await lab.host.current()).toBe(before);
    expect(await lab.host.bootDefault()).toBe(other);
    expect(readlinkSync(join(lab.host.profile, '..', readlinkSync(lab.host.profile)))).toBe(other);
  });

  test('who comes while the switch runs is turned away by its lock', async () => {
    const other = await lab.foreign();
    const commit = await lab.release(lab.note('busy'), 'activateSeconds = 2;');
    await expect
      .poll(async () => (await lab.daemon.status()).deployment?.step, { interval: 20, timeout: 20_000 })
      .toBe('switch');
    // Who tried the lock to see whether it is held could itself be the one who holds it when the switch begins.
    await expect.poll(() => isSwitchLocked(lab.host.root), { interval: 20, timeout: 10_000 }).toBe(true);
    expect(await lab.byHand(other, 'dry-activate')).toBe(11);
    await lab.expectCommitted(commit);
  });

  test('who removes the dead-man of a system that then proves itself changes nothing', async () => {
    const commit = await lab.onProbation();
    const waiting = () => strangers(lab);
    expect(waiting()).not.toEqual([]);
    await rm(join(lab.host.root, 'run/abide-deadman'), { recursive: true });
    await lab.go();
    await lab.expectCommitted(commit);
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
    expect(await lab.host.current()).toBe(lab.facts().expected?.current);
  });

  test.each(['good', 'bad'] as const)(
    'who removes every gc root in the middle of a %s one changes nothing',
    async (kind) => {
      const before = await lab.host.current();
      const commit = await lab.onProbation();
      await rm(join(lab.dir, 'nix/state/gcroots/abide'), { recursive: true });
      if (kind === 'good') {
        await lab.go();
        return lab.expectCommitted(commit);
      }
      await lab.undo();
      const status = await lab.ended(commit);
      expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
      expect(await lab.host.current()).toBe(before);
      return undefined;
    },
  );
});

describe('a state directory that is gone', () => {
  test('while abide has the new system on probation is written anew', async () => {
    const commit = await lab.onProbation();
    await rm(join(lab.dir, 'state'), { recursive: true, maxRetries: 20 });
    await lab.go();
    await lab.expectCommitted(commit);
  });
});

describe('a wall clock that jumps by hours', () => {
  test.each([-10, 10])('while the new system is on probation (%i h) changes nothing', async (hours) => {
    const commit = await lab.onProbation();
    await writeFile(join(lab.dir, 'crash/clock'), String(hours * 3_600_000));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await lab.daemon.status()).state).toBe('probation');
    await lab.go();
    await lab.expectCommitted(commit);
    await rm(join(lab.dir, 'crash/clock'));
  });

  test.each([-10, 10])(
    'right after the switch was started (%i h) does not lose sight of it',
    async (hours) => {
      await lab.order('before start sh state/deployments/ID/test.sh #1', { clock: hours * 3_600_000 });
      const commit = await lab.release(lab.note('jumps'), 'activateSeconds = 1;');
      await lab.expectCommitted(commit);
      await rm(join(lab.dir, 'crash/clock'), { force: true });
    },
  );
});
