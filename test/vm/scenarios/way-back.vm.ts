import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab, type Links } from '../lab.ts';
import { abideUnit, once, service } from '../system.ts';

let lab: Lab;
let before: Links;

beforeAll(async () => {
  lab = await createLab({ note: 'first' });
  before = await lab.links();
});

afterAll(() => lab?.remove());

/** Waits until the old system runs again, and until abide has said so. */
async function undone(commit: string) {
  await lab.untilSh(`test "$(readlink -f /run/current-system)" = ${before.current}`);
  const status = await lab.until('the verdict', (now) => now.lastDeployment?.commit === commit);
  expect(await lab.links()).toEqual(before);
  expect(status.lastDeployment?.outcome).toBe('rolled_back');
  expect(status.quarantine.map((entry) => entry.commit)).toContain(commit);
  await lab.goOn();
  return status;
}

/** Waits in the guest, because the way back may be over before the test looks again. */
const killActing = `until test -e /run/abide-deadman/*/fired; do sleep 0.2; done
systemctl kill --signal=KILL 'abide-deadman-*.service'`;

describe('the dead-man saves the host', () => {
  test('when the new system takes the network down and stops abide', async () => {
    const commit = await lab.release({
      note: 'cut off',
      units: {
        'network.service': null,
        'app.service': null,
        'harm.service': once('/bin/systemctl stop abide.service'),
      },
    });
    await lab.untilUnit('harm.service', 'active');
    await lab.untilUnit('abide.service', 'inactive');
    const cut = await lab.links();
    expect(cut.current).not.toBe(before.current);
    expect([cut.profile, cut.bootDefault]).toEqual([before.profile, before.bootDefault]);
    expect(await lab.sh('ip -4 -brief address show dev eth0')).not.toContain('10.0.2.15');
    expect((await lab.try('systemctl is-active app.service')).output).toBe('inactive');
    // What waits outlives this too, and needs nothing of what it wrote down.
    await lab.sh('rm -r /run/abide-deadman; systemctl daemon-reexec', 120_000);
    // So does what acts, and it begins anew.
    await lab.sh(killActing, 300_000);

    const status = await undone(commit);
    expect(await lab.sh("journalctl -b --no-pager -g 'abide-deadman-.*restart job'")).not.toBe('');
    expect(status.lastDeployment?.message).toContain('abide was away');
    expect(await lab.sh('ip -4 -brief address show dev eth0')).toContain('10.0.2.15');
    expect(await lab.sh('systemctl is-active app.service network.service')).toBe('active\nactive');
    expect((await lab.try('systemctl is-active harm.service')).output).toBe('inactive');
  });

  test('when the new abide, to which the old one made room, crashes at its start', async () => {
    const commit = await lab.release({
      note: 'crashes',
      units: { 'abide.service': abideUnit('ExecStartPre=/bin/false\n') },
    });
    await lab.untilSh('test "$(systemctl show -p NRestarts --value abide.service)" -ge 3');
    const crashing = await lab.links();
    expect(crashing.current).not.toBe(before.current);
    expect([crashing.profile, crashing.bootDefault]).toEqual([before.profile, before.bootDefault]);
    await undone(commit);
    expect(await lab.sh('systemctl is-active abide.service')).toBe('active');
  });
});

test('a new service that fails is undone by abide itself', async () => {
  const commit = await lab.release({
    note: 'fails',
    units: { 'broken.service': service('ExecStart=/bin/false') },
  });
  const status = await undone(commit);
  expect(status.lastDeployment).toMatchObject({ reason: 'HealthCheckFailed', exitCode: 4, retried: true });
  expect(status.lastDeployment?.message).toContain('broken.service failed (exit-code)');
});
