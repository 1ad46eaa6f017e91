import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { strangers } from './crash-lab.ts';
import { createHeldLab, type HeldLab } from './held-lab.ts';

let lab: HeldLab;

beforeAll(async () => {
  lab = await createHeldLab();
});
afterAll(() => lab.remove());

beforeEach(() => lab.base());
afterEach(() => expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]));

describe('a state directory that is gone', () => {
  test(
    'while the switch runs leaves nothing running that is not looked after',
    { timeout: 120_000 },
    async () => {
      const before = await lab.host.current();
      const commit = await lab.release(lab.note('hold'), 'activateSeconds = 1;');
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
