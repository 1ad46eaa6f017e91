import { expect, test } from 'vitest';
import { createSystemdRunLab } from './systemd-run-lab.ts';

const minutes = 60_000;

// Each waits for time limits of a minute or more, so they wait beside one another.
test.concurrent.for([
  ['the dead-man', '--unit=abide-deadman-', 'the dead-man could not arm'],
  ['the switch', '--unit=abide-switch-[^ ]*-test', 'systemd-run could not start'],
] as const)(
  'a systemd-run that hangs at %s is given up, nothing is activated, and the next try is made without a person',
  { timeout: 6 * minutes },
  async ([what, units, says]) => {
    const lab = await createSystemdRunLab();
    try {
      const before = await lab.host.current();
      await lab.spoil('hang', units);
      const commit = await lab.release(`hangs at ${what}`);
      const { lastDeployment, state } = await lab.ended(commit);
      expect([state, lastDeployment?.outcome]).toEqual(['backoff', 'failed']);
      expect(lastDeployment?.message).toContain(says);
      expect(await lab.host.current()).toBe(before);
      await lab.expectNothingLeft();
      await lab.mend();
      await lab.daemon.until(
        'in sync',
        ({ summary, floor }) => summary === 'InSync' && floor === commit,
        2 * minutes,
      );
    } finally {
      await lab.remove();
    }
  },
);

test.concurrent(
  'a systemd-run that hangs at the rollback leaves the timer, and the next try is made without a person',
  { timeout: 6 * minutes },
  async () => {
    const lab = await createSystemdRunLab();
    try {
      const before = await lab.host.current();
      await lab.spoil('hang', '--unit=abide-deadman-[^ ]*-now');
      const commit = await lab.release('bad', 'activateExit = 1;');
      await expect
        .poll(() => lab.daemon.log(), { timeout: 1.5 * minutes })
        .toContain('failed and is tried again: the dead-man could not start');
      const { deployment } = await lab.daemon.status();
      expect(lab.isArmed(deployment?.id ?? 'none', 'probation')).toBe(true);
      await lab.mend();
      const { lastDeployment } = await lab.ended(commit);
      expect(lastDeployment?.outcome).toBe('rolled_back');
      expect(await lab.host.current()).toBe(before);
    } finally {
      await lab.remove();
    }
  },
);
