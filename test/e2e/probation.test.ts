import { readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;
let dir: string;

/** What the check called `app` finds in the running system's `etc/health`, word by word. */
const app = `#!/bin/sh
set -- $(cat "$LAB/host/run/current-system/etc/health" 2>/dev/null)
echo "$*" >> "$LAB/looks"
case "$1" in
  fails) echo "app says $2" >&2; exit 1;;
  hangs) trap '' TERM; echo $$ > "$LAB/hanging"; while :; do sleep 1; done;;
  third) [ "$(grep -c '^third' "$LAB/looks")" -ge 3 ] || { echo "not up yet" >&2; exit 1; };;
  flaps) [ "$(( $(grep -c '^flaps' "$LAB/looks") % 2 ))" = 0 ] || { echo "down again" >&2; exit 1; };;
esac
`;

beforeAll(async () => {
  lab = await createLab({
    config: (own) => ({
      health: {
        settle: '200ms',
        stableFor: '300ms',
        deadline: '6s',
        inbound: { ports: [] },
        checks: [
          { name: 'app', command: ['/bin/sh', join(own, 'app.sh')], timeout: '2s' },
          {
            name: 'always-bad',
            command: ['/bin/sh', '-c', `[ -e ${own}/licensed ] || { echo no licence; exit 3; }`],
          },
        ],
      },
    }),
  });
  dir = lab.dir;
  await writeFile(join(dir, 'app.sh'), app.replaceAll('$LAB', dir));
  await writeFile(join(dir, 'licensed'), '');
  await lab.daemon.start();
  await lab.deploy('before');
  await rm(join(dir, 'licensed'));
});

afterAll(() => lab.remove());

beforeEach(() => rm(join(dir, 'looks'), { force: true }));

const looks = () =>
  existsSync(join(dir, 'looks')) ? readFileSync(join(dir, 'looks'), 'utf8').split('\n') : [];
const ended = (commit: string) => (status: HostStatus) =>
  status.lastDeployment?.commit === commit && status.state !== 'rollingBack';
const check = (status: HostStatus, name: string) => status.health.find((each) => each.name === name);
const journal = async () =>
  (JSON.parse(await readFile(join(dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;

async function undone(note: string, health: string) {
  const before = await lab.host.current();
  const begun = Date.now();
  const commit = await lab.release(note, `health = "${health}";`);
  const status = await lab.daemon.until(note, ended(commit));
  expect(await lab.host.current()).toBe(before);
  expect(status).toMatchObject({ lastDeployment: { outcome: 'rolled_back', reason: 'HealthCheckFailed' } });
  expect(status.quarantine.map((entry) => entry.commit)).toContain(commit);
  return { commit, status, seconds: (Date.now() - begun) / 1000 };
}

describe('a system on probation', () => {
  test('that stays healthy is committed, and what failed before does not count', async () => {
    const commit = await lab.deploy('healthy', 'health = "fine";');
    const status = await lab.daemon.status();
    expect(check(status, 'app')).toMatchObject({ status: 'passing', baseline: 'passing' });
    expect(check(status, 'always-bad')).toMatchObject({
      status: 'failing',
      baseline: 'failing',
      message: 'exit code 3: no licence',
    });
    const healthy = status.conditions.find(({ type }) => type === 'Healthy');
    expect(healthy).toMatchObject({ status: 'True', observedCommit: commit });
    expect(healthy?.message).toContain('always-bad: exit code 3: no licence');
    const shown = await lab.daemon.cli('show', status.lastDeployment!.id);
    expect(shown.stdout).toContain('always-bad failing (before: failing): exit code 3: no licence');
    const metrics = await lab.daemon.metrics();
    expect(metrics).toContain('abide_health_check_up{check="app"} 1');
    expect(metrics).toContain('abide_health_check_up{check="always-bad"} 0');
    // Before, at the settled system, and once more when it had held.
    expect(looks().filter((line) => line === 'fine').length).toBeGreaterThanOrEqual(2);
  });

  test('that fails a check is undone at the deadline with what the check said, and the next commit is tried', async () => {
    const { status, seconds } = await undone('sick', 'fails softly');
    expect(status.lastDeployment?.message).toBe(
      'health checks did not pass by the deadline, 6 s after the activation: app: exit code 1: app says softly',
    );
    expect(seconds).toBeLessThan(20);
    expect(status.conditions.find(({ type }) => type === 'Healthy')).toMatchObject({
      status: 'False',
      reason: 'HealthCheckFailed',
    });
    expect(await lab.daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="health"\} [1-9]/);
    const events = await lab.daemon.cli('events');
    expect(events.stdout).toContain('fails health checks: app: exit code 1: app says softly');
    await lab.deploy('cured', 'health = "fine";');
  });

  test('whose check never returns is undone in time, and the check leaves nothing behind', async () => {
    const { status } = await undone('hanging', 'hangs');
    expect(check(status, 'app')?.message).toMatch(
      /^(no answer within|was ended at its time limit|the look before)/,
    );
    const pid = Number(await readFile(join(dir, 'hanging'), 'utf8'));
    await expect.poll(() => processesWith('app.sh').includes(pid), { timeout: 10_000 }).toBe(false);
  });

  test('whose check needs three tries is committed', async () => {
    await lab.deploy('third', 'health = "third";');
    expect(looks().filter((line) => line === 'third').length).toBeGreaterThanOrEqual(3);
  });

  test('that flaps never holds long enough', async () => {
    await lab.deploy('fine again', 'health = "fine";');
    const { status } = await undone('flapping', 'flaps');
    expect(status.lastDeployment?.message).toContain('by the deadline');
  });

  test('that fails gives way to a newer commit before the deadline', async () => {
    // After two rollbacks in a row the newer one would wait for a person.
    await lab.deploy('steady', 'health = "fine";');
    const bad = await lab.release('bad', 'health = "fails here";');
    await lab.daemon.until(
      'failing',
      (status) => check(status, 'app')?.status === 'failing' && status.deployment !== null,
    );
    const good = await lab.release('good', 'health = "fine";');
    const status = await lab.daemon.until(
      'good',
      ({ summary, desired }) => summary === 'InSync' && desired?.commit === good,
    );
    const undoneBad = (await journal()).deployments.find(({ commit }) => commit === bad);
    expect(undoneBad?.message).toContain('a newer commit is desired');
    expect(status.lastDeployment).toMatchObject({ commit: good, outcome: 'committed' });
  });

  test('goes on with the time that is left when the daemon is killed', async () => {
    const commit = await lab.release('killed', 'health = "fails again";');
    await lab.daemon.until(
      'probation',
      ({ state, health }) => state === 'probation' && health.some(({ status }) => status === 'failing'),
    );
    const { probation } = await journal();
    await lab.daemon.kill();
    await lab.daemon.start();
    const status = await lab.daemon.until('undone', ended(commit));
    expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back', commit });
    const took = Number(process.hrtime.bigint() / 1_000_000n) - (probation?.clock?.activatedAt ?? 0);
    expect(took).toBeGreaterThan(6000);
    expect(took).toBeLessThan(9000);
    await lab.deploy('after the kill', 'health = "fine";');
  });
});
