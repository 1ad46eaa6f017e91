import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLab, type Lab } from '../lab.ts';
import { abideUnit, once, service } from '../system.ts';
import { say } from '../timed.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({ note: 'first' });
});

afterAll(() => lab?.remove());

/** A system whose switch ends only when the test says so. */
const waiting = (note: string) => ({
  note,
  units: {
    'waits.service': service(
      ['Type=oneshot', `ExecStart=/bin/sh -c 'until test -e /run/go-on-${note}; do sleep 1; done'`].join(
        '\n',
      ),
    ),
  },
});

/** Releases a system whose switch waits; gives the deployment and the unit that switches. */
async function inTheMiddleOfASwitch(note: string) {
  const commit = await lab.release(waiting(note));
  await lab.untilUnit('waits.service', 'activating');
  const { deployment } = await lab.until(`switch of ${note}`, (now) => now.state === 'activating');
  return { commit, id: deployment!.id, unit: `abide-switch-${deployment!.id}-test.service` };
}

async function goesOn(note: string, { commit, id }: { readonly commit: string; readonly id: string }) {
  await lab.sh(`touch /run/go-on-${note}`);
  const status = await lab.until(`${note} committed`, (now) => now.lastDeployment?.commit === commit);
  expect(status.lastDeployment).toMatchObject({ id, outcome: 'committed', exitCode: 0 });
  const { current, profile, bootDefault } = await lab.links();
  expect([profile, bootDefault]).toEqual([current, current]);
  return lab.sh(`ls /var/lib/abide/deployments/${id} | sed -n 's/^started-//p'`);
}

/** One check, one switch and one boot loader: nothing was done twice. */
const allOnce = 'boot\ncheck\ntest';

const property = (unit: string, name: string) => lab.sh(`systemctl show -p ${name} --value ${unit}`);

/** Of the timer of a switch, in seconds since the boot, right after a command during which nobody sets it anew. */
async function timesAfter(command: string, deployment: string) {
  const timer = `abide-deadman-${deployment}-switch.timer`;
  const show = `systemctl show -p ActiveEnterTimestampMonotonic -p NextElapseUSecMonotonic -p AccuracyUSec ${timer}`;
  const lines = await lab.sh(
    `flock /run/abide-deadman/${deployment}/lock sh -c '${command} && ${show}'`,
    120_000,
  );
  const of = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(lines)?.[1] ?? '';
  const due = [...of('NextElapseUSecMonotonic').matchAll(/([\d.]+)(min|s)\b/g)]
    .map(([, number, unit]) => Number(number) * (unit === 'min' ? 60 : 1))
    .reduce((sum, part) => sum + part, 0);
  return { due, made: Number(of('ActiveEnterTimestampMonotonic')) / 1e6, accuracy: of('AccuracyUSec') };
}

const mainPid = (unit: string) => property(unit, 'MainPID');
const deadManUnits = () =>
  lab.sh("systemctl list-units --all --plain --no-legend 'abide-deadman-*' | cut -d ' ' -f 1");

const holders = () => lab.sh('systemd-inhibit --list --no-legend --no-pager | { grep -w abide || true; }');

// First, because the first boot of a system that abide deployed would be one more deployment.
test('power that fails during a probation boots the old system', async () => {
  const before = await lab.links();
  const slow = { 'slow.service': once('/bin/sleep 5') };
  const commit = await lab.release({ note: 'unplugged', units: slow });
  await lab.untilUnit('slow.service', 'activating');
  await lab.sh('touch /run/hold');
  await lab.until('probation', (now) => now.state === 'probation' && now.deployment?.commit === commit);
  expect((await lab.links()).current).not.toBe(before.current);
  await lab.sh('sync');
  await lab.cutPower();
  await lab.boot();
  expect((await lab.links()).booted).toBe(before.current);
  // Nobody chose the old system: the commit gets one more try, and this one is not held.
  const status = await lab.until(
    'one more try',
    (now) => now.lastDeployment?.commit === commit && now.lastDeployment.outcome === 'committed',
  );
  const outcomes = (await lab.history())
    .filter((each) => each.commit === commit)
    .map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['committed', 'interrupted']);
  expect(status.observed?.booted.toplevel).toBe(before.current);
});

describe('a switch outlives the daemon', () => {
  test('that is killed, and the next one adopts it; the host is kept awake meanwhile, and no longer', async () => {
    const running = await inTheMiddleOfASwitch('killed');
    const [daemon, unit] = [await mainPid('abide.service'), await mainPid(running.unit)];
    expect(await lab.sh(`cat /proc/${unit}/cgroup`)).toContain(`/system.slice/${running.unit}`);
    await lab.sh(`kill -9 ${daemon}`);
    expect(await holders()).toMatch(/sleep.*the system is switched \(test\)\s+block/);
    await lab.untilSh(`test "$(systemctl show -p NRestarts --value abide.service)" = 1`);
    await lab.until(
      'the next daemon',
      (now) => now.state === 'activating' && now.deployment?.id === running.id,
    );
    expect(await mainPid('abide.service')).not.toBe(daemon);
    expect(await mainPid(running.unit)).toBe(unit);
    expect(await goesOn('killed', running)).toBe(allOnce);
    expect(await holders()).toBe('');
  });

  test('that is restarted, and the next one adopts it', async () => {
    const running = await inTheMiddleOfASwitch('restarted');
    const unit = await mainPid(running.unit);
    await lab.sh('systemctl restart abide.service', 120_000);
    await lab.until(
      'the next daemon',
      (now) => now.state === 'activating' && now.deployment?.id === running.id,
    );
    expect(await mainPid(running.unit)).toBe(unit);
    expect(await goesOn('restarted', running)).toBe(allOnce);
  });
});

test('the timer of the dead-man outlives a manager that executes itself anew, and is gone after the commit', async () => {
  const running = await inTheMiddleOfASwitch('reexecuted');
  const timer = `abide-deadman-${running.id}-switch.timer`;
  // systemd knows the service of a timer too.
  const acts = timer.replace(/timer$/, 'service');
  expect((await deadManUnits()).split('\n')).toEqual([acts, timer]);
  expect(await property(acts, 'Restart')).toBe('on-abnormal');
  expect(await property(acts, 'OOMScoreAdjust')).toBe('-1000');
  const first = await timesAfter('true', running.id);
  // What counts anew from here comes later by what passes now.
  const loaded = await timesAfter('sleep 3 && systemctl daemon-reload', running.id);
  const executed = await timesAfter('sleep 3 && systemctl daemon-reexec', running.id);
  // The one that waited for its unit was left without an answer, so abide switches once more.
  await goesOn('reexecuted', running);
  // The time limits of the switch and of the probation, a second to settle, and a minute.
  const wait = first.due - first.made;
  expect([wait > 325 && wait < 328, first]).toEqual([true, first]);
  const moved = [loaded.due - first.due, executed.due - loaded.due];
  expect([moved.every((each) => Math.abs(each) <= 1), moved]).toEqual([true, moved]);
  expect([first.accuracy, loaded.accuracy, executed.accuracy]).toEqual(['1s', '1s', '1s']);
  expect(await deadManUnits()).toBe('');
});

test('garbage collection keeps what is pinned, during a probation and after it', async () => {
  const before = await lab.links();
  const isThere = (path: string) => lab.sh(`nix-store --check-validity ${path} && test -e ${path}/activate`);
  const collect = 'nix-collect-garbage -d 2>&1 | tail -n 2';
  const unused = await lab.sh('echo unused > /var/tmp/unused && nix-store --add /var/tmp/unused');
  const commit = await lab.release(waiting('collected'));
  await lab.untilUnit('waits.service', 'activating');
  await lab.sh('touch /run/hold /run/go-on-collected');
  await lab.until('probation', (now) => now.state === 'probation');
  const { current } = await lab.links();
  await lab.sh(collect, 120_000);
  expect((await lab.try(`nix-store --check-validity ${unused}`)).code).not.toBe(0);
  await isThere(before.current);
  await isThere(current);
  await lab.sh('rm /run/hold');
  const status = await lab.until('committed', (now) => now.lastDeployment?.commit === commit);
  expect(status.lastDeployment?.outcome).toBe('committed');
  await lab.sh(collect, 120_000);
  const after = await lab.links();
  expect(after).toEqual({ ...before, current, profile: current, bootDefault: current });
  await isThere(current);
  await isThere(after.booted);
});

describe('the unit of abide', () => {
  test('is changed by a commit, and the abide that it starts is the one that commits', async () => {
    const old = await mainPid('abide.service');
    const commit = await lab.release({
      note: 'changed',
      units: { 'abide.service': abideUnit('Nice=1\n') },
      // Consent to the last commit of this file.
      config: { activate: { timeout: '240s', allowRemovingAbide: true } },
    });
    const status = await lab.until('changed committed', (now) => now.lastDeployment?.commit === commit);
    expect(status.lastDeployment).toMatchObject({ outcome: 'committed', retried: false });
    const now = await mainPid('abide.service');
    expect(now).not.toBe(old);
    expect(await lab.sh(`cut -d ' ' -f 19 /proc/${now}/stat`)).toBe('1');
    // The switch left the old one alone: it ended by itself, and systemd started what the new system says.
    expect(await property('abide.service', 'NRestarts')).not.toBe('0');
    expect(status.lastDeployment?.checks.map(({ name }) => name)).toContain('abide');
  });

  test('needs little memory when it has nothing to do', async () => {
    await lab.sh('sleep 20');
    const pid = await mainPid('abide.service');
    const kilobytes = Number(
      await lab.sh(`sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/${pid}/status`),
    );
    say(`idle, the daemon has ${(kilobytes / 1024).toFixed(1)} MiB in memory`);
    expect(kilobytes).toBeGreaterThan(0);
    expect(kilobytes).toBeLessThan(160 * 1024);
  });

  test('is taken away by a commit with consent: the switch does not end it, it commits and then ends for good', async () => {
    await lab.release({ note: 'removed', units: { 'abide.service': null } });
    await lab.untilSh('test "$(cat /etc/note)" = removed && test ! -e /etc/systemd/system/abide.service');
    await lab.untilUnit('abide.service', 'inactive');
    const { current, profile, bootDefault } = await lab.links();
    expect([profile, bootDefault]).toEqual([current, current]);
    expect(await lab.sh('cat /run/current-system/etc/note')).toBe('removed');
    expect(await deadManUnits()).toBe('');
  });
});
