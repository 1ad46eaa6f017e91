import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    config: {
      retention: { deployments: 3, bootEntries: 2 },
      health: { settle: '0s', stableFor: '0s', units: { enabled: false } },
    },
  });
  await lab.daemon.start();
});

afterAll(() => lab.remove());

const generations = () =>
  readdirSync(dirname(lab.host.profile))
    .flatMap((name) => /^system-(\d+)-link$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((one, other) => one - other);

test('history and boot entries are kept as configured, and what was booted stays', async () => {
  await lab.deploy('booted');
  await lab.host.reboot();
  const booted = await lab.host.current();
  for (const note of ['two', 'three', 'four', 'five']) await lab.deploy(note);
  await expect.poll(generations).toEqual([1, 4, 5]);
  const history = JSON.parse((await lab.daemon.cli('history', '--json')).stdout) as {
    deployments: unknown[];
  };
  expect(history.deployments).toHaveLength(3);
  await execa('nix-store', ['--gc'], { env: lab.env, extendEnv: false });
  expect(booted).not.toBeNull();
  await execa('test', ['-e', booted ?? '']);
  const pins = readdirSync(join(lab.env['NIX_STATE_DIR'] ?? '', 'gcroots/abide'));
  expect(pins.filter((name) => name.startsWith('retiring-'))).toEqual([]);
  expect((await lab.daemon.status()).drift.map(({ kind }) => kind)).not.toContain('profile');
});
