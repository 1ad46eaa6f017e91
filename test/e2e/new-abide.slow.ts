import { cp, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import type { HostStatus } from '../../src/domain/status.ts';
import { program } from '../harness/daemon.ts';
import { createLab, type Lab } from './alpha-lab.ts';
import { carrying, unitText } from './own-system.ts';
import { supervise, type Supervisor } from './supervisor.ts';

let lab: Lab;
let systemd: Supervisor;
/** Another build of the program, in a place of its own. */
let other: string;
beforeAll(async () => {
  lab = await createLab({
    config: { health: { settle: '0s', stableFor: '0s', deadline: '25s', inbound: { ports: [] } } },
  });
  other = join(lab.dir, 'abide-2', 'main.mjs');
  await cp(dirname(program), dirname(other), { recursive: true });
  await lab.daemon.start();
  await lab.deploy('carries abide', carrying(lab));
  await lab.daemon.stop();
  systemd = supervise(lab);
  await lab.daemon.until('supervised', ({ summary }) => summary === 'InSync');
});
afterAll(async () => {
  await systemd.stop();
  await lab.remove();
});

const node = process.execPath;
const ended = (commit: string) => (status: HostStatus) =>
  status.lastDeployment?.commit === commit && status.state !== 'rollingBack';
const check = (status: HostStatus) => status.lastDeployment?.checks.find(({ name }) => name === 'abide');
const journal = async () =>
  (JSON.parse(await readFile(join(lab.dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;
const script = async (name: string, text: string) => {
  await writeFile(join(lab.dir, name), text);
  return unitText(lab, `/bin/sh ${join(lab.dir, name)}`);
};
/** Undone: the old system runs again with its own abide, and the commit is quarantined. */
const undone = async (note: string, more: string, timeoutMs = 60_000) => {
  const before = await lab.host.current();
  const begun = systemd.starts.at(-1);
  const commit = await lab.release(note, more);
  await expect
    .poll(async () => (await journal()).quarantine.map((entry) => entry.commit), { timeout: timeoutMs })
    .toContain(commit);
  const status = await lab.daemon.until(note, ended(commit));
  expect(status.lastDeployment).toMatchObject({ outcome: 'rolled_back' });
  expect(await lab.host.current()).toBe(before);
  await expect.poll(() => systemd.starts.at(-1), { timeout: 20_000 }).toBe(begun);
  return status;
};

describe('a commit that changes abide itself', () => {
  test('by its configuration is committed by the abide that was started with it', async () => {
    const starts = systemd.starts.length;
    const commit = await lab.deploy('another interval', carrying(lab, { drift: { interval: '2s' } }));
    const status = await lab.daemon.status();
    expect(status.lastDeployment).toMatchObject({ commit, outcome: 'committed', abide: 'changed' });
    expect(check(status)).toMatchObject({ status: 'passing', baseline: null });
    expect(systemd.starts.length).toBe(starts + 1);
    expect((await lab.daemon.cli('events')).stdout).toContain(
      'this abide ends, and the new one commits or is undone',
    );
  });

  test('by its program is committed by that program', async () => {
    const commit = await lab.deploy('another program', carrying(lab, {}, unitText(lab, `${node} ${other}`)));
    expect((await lab.daemon.status()).lastDeployment).toMatchObject({ commit, outcome: 'committed' });
    expect(systemd.starts.at(-1)).toContain(other);
  });

  test('and forbids going back waits for consent; what takes over then is undone by nothing, and that is told', async () => {
    const before = await lab.host.current();
    const unguarded = 'no way back\n\nAbide-Rollback: no';
    const commit = await lab.release(unguarded, carrying(lab, { drift: { interval: '3s' } }));
    const { waiting } = await lab.daemon.until(
      'the gate',
      (status) => status.desired?.commit === commit && status.waiting?.gate === 'removal',
    );
    expect(waiting?.reason).toContain(
      `does not work, so that nobody could reach this host any more: Abide-Rollback: no in`,
    );
    expect(await lab.host.current()).toBe(before);
    expect((await lab.daemon.cli('confirm', commit.slice(0, 8))).exitCode).toBe(0);
    const status = await lab.daemon.until('committed', ended(commit), 60_000);
    expect(status.lastDeployment).toMatchObject({ outcome: 'committed', abide: 'changed' });
    const { stdout } = await lab.daemon.cli('events');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'nothing undoes one that does not work: nothing goes back by itself (Abide-Rollback: no in',
    );
  });

  test('goes on when the old abide is killed in the middle of the switch', async () => {
    const commit = await lab.release('killed', `${carrying(lab)} activateSeconds = 2;`);
    await lab.daemon.until('switch', ({ deployment }) => deployment?.step === 'switch');
    await sleep(500);
    systemd.kill();
    const status = await lab.daemon.until('committed', ended(commit), 60_000);
    expect(status.lastDeployment).toMatchObject({ outcome: 'committed', abide: 'changed' });
    expect(check(status)).toMatchObject({ status: 'passing' });
    expect(systemd.starts.at(-1)).toContain(program);
  });

  test('and whose own policy does not trust it is undone by the new abide', async () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJyb2tlbmJyb2tlbmJyb2tlbmJyb2tlbmJyb2tlbmJy';
    const strict = { trust: { mode: 'tip', signers: [{ name: 'ada', sshKey: key }] } };
    const status = await undone('strict', carrying(lab, strict));
    expect(status.lastDeployment?.message).toMatch(/abide: .*by its own policy the commit is not trusted/);
  });

  test('is undone at once when what was started is the old program', async () => {
    systemd.keepUnit(true);
    try {
      const status = await undone(
        'unit not read anew',
        carrying(lab, {}, unitText(lab, `${node} ${other}`)),
        20_000,
      );
      expect(status.lastDeployment?.message).toMatch(
        /abide: .*was started, and the abide of the new system is .*abide-2/,
      );
    } finally {
      systemd.keepUnit(false);
    }
  });

  test('into one that crashes at its start is undone without anybody', async () => {
    const crash = await script('crash.sh', `[ "$1" != run ] || exit 1\nexec ${node} ${program} "$@"\n`);
    const status = await undone('crash', carrying(lab, {}, crash), 180_000);
    expect(status.lastDeployment?.message).toContain('the abide of the new system did not take over in time');
    expect(systemd.starts.filter((start) => start.includes('crash.sh')).length).toBeGreaterThan(5);
    expect(await lab.daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="deadman"\} 1/);
    await lab.deploy('mended', carrying(lab, {}));
  }, 240_000);

  test('and then drops it by consent leaves nothing that starts again', async () => {
    await lab.deploy('consent', carrying(lab, { activate: { allowRemovingAbide: true } }));
    await lab.release('gone');
    await expect.poll(() => systemd.isGone(), { timeout: 60_000 }).toBe(true);
    expect(await lab.host.bootDefault()).toBe(await lab.host.current());
    expect((await journal()).deployments[0]).toMatchObject({ outcome: 'committed', abide: 'removed' });
  });
});
