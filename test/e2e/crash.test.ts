import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/domain/facts.ts';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;
let round = 0;

beforeAll(async () => {
  lab = await createLab();
  await lab.daemon.start();
  await lab.deploy('before');
});

afterAll(() => lab.remove());

const facts = (): Facts | null => {
  try {
    return (JSON.parse(readFileSync(join(lab.dir, 'state/journal.json'), 'utf8')) as { facts: Facts }).facts;
  } catch {
    return null;
  }
};

/** What an undisturbed run ends in. */
async function expectDeployed(note: string, commit: string): Promise<void> {
  const status = await lab.daemon.until(
    note,
    ({ summary, desired }) => summary === 'InSync' && desired?.commit === commit,
  );
  const { observed, quarantine, floor } = status;
  expect(readFileSync(join(lab.host.root, 'etc/note'), 'utf8')).toBe(note);
  expect(observed?.profile.toplevel).toBe(observed?.current.toplevel);
  expect(observed?.bootDefault.toplevel).toBe(observed?.current.toplevel);
  expect({ quarantine, floor }).toEqual({ quarantine: [], floor: commit });
  const ended = facts()?.deployments.filter((deployment) => deployment.commit === commit) ?? [];
  expect(ended.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1);
  expect(facts()?.deployment).toBeNull();
}

/** None is left waiting once nothing runs that it could be for. */
const expectNoDeadMan = () =>
  expect.poll(() => processesWith(join(lab.host.root, 'run/abide-deadman'))).toEqual([]);

describe('kill -9 of the daemon', () => {
  test.each(['evaluating', 'building'] as const)(
    'while %s ends as an undisturbed run does',
    async (state) => {
      round += 1;
      const commit = await lab.release(`${state} ${round}`, 'buildSeconds = 1;');
      await lab.daemon.until(state, (status) => status.state === state || status.floor === commit);
      await lab.daemon.kill();
      await lab.daemon.start();
      await expectDeployed(`${state} ${round}`, commit);
      await expectNoDeadMan();
    },
  );
});

/** What the running deployment's dead-man does when its time is over, without the wait. */
async function timeIsOver(): Promise<void> {
  const script = join(deadManOf(facts()?.deployment?.id ?? 'none'), 'dead-man.sh');
  if (existsSync(script)) await execa('sh', [script, 'act', 'timer'], { env: {}, extendEnv: false });
}

const deadManOf = (deployment: string) => join(lab.host.root, 'run/abide-deadman', deployment);

async function inSwitch(commit: string): Promise<void> {
  const begun = () => {
    const running = facts()?.deployment;
    return running?.commit === commit && existsSync(join(deadManOf(running.id), 'switch-test'));
  };
  await expect.poll(begun, { interval: 10, timeout: 20_000 }).toBe(true);
}

describe('the dead-man of a daemon that is away', () => {
  test('one that hangs instead finds itself overtaken', async () => {
    const before = await lab.host.current();
    const commit = await lab.release('hangs', 'activateSeconds = 1;');
    await inSwitch(commit);
    process.kill(lab.daemon.pid() ?? 0, 'SIGSTOP');
    await timeIsOver();
    process.kill(lab.daemon.pid() ?? 0, 'SIGCONT');
    const { lastDeployment } = await lab.daemon.until(
      'an end',
      (status) => status.deployment === null && status.lastDeployment?.commit === commit,
    );
    expect(lastDeployment).toMatchObject({
      outcome: 'rolled_back',
      message: expect.stringContaining('the dead-man acted by itself'),
    });
    expect(await lab.host.current()).toBe(before);
  });

  test('its way back is told apart from those that abide asked for', async () => {
    expect(await lab.daemon.metrics()).toMatch(/abide_rollbacks_total\{reason="deadman"\} 1/);
  });

  test.each(['before', 'after'] as const)(
    'and its state directory is gone, too: the host is brought back %s abide returns',
    async (when) => {
      const before = await lab.host.current();
      const commit = await lab.release(`stateless ${when}`, 'activateSeconds = 1;');
      await inSwitch(commit);
      await lab.daemon.kill();
      const dir = deadManOf(facts()?.deployment?.id ?? '');
      await rm(join(lab.dir, 'state'), { recursive: true });
      if (when === 'before') await execa('sh', [join(dir, 'dead-man.sh'), 'act', 'timer']);
      else await lab.daemon.start();
      await expect.poll(() => existsSync(join(dir, 'outcome')), { timeout: 20_000 }).toBe(true);
      expect(readFileSync(join(dir, 'outcome'), 'utf8')).toBe('went-back 0\n');
      if (when === 'before') {
        expect(await lab.host.current()).toBe(before);
        await lab.daemon.start();
      }
      await expectDeployed(`stateless ${when}`, commit);
    },
  );
});

test('a switch that is killed itself is judged by the links: nothing happened is an attempt', async () => {
  await lab.deploy('good again');
  const before = await lab.daemon.status();
  const commit = await lab.release('killed', 'activateSeconds = 20;');
  await lab.daemon.until('switching', ({ deployment }) => deployment?.step === 'switch');
  await expect.poll(() => activations()).not.toEqual([]);
  const groups = new Set(processesWith(join(lab.dir, 'state/deployments')).map(groupOf));
  for (const group of groups) process.kill(-group, 'SIGKILL');
  const status = await lab.daemon.until('judged', ({ lastDeployment }) => lastDeployment?.commit === commit);
  expect(status.lastDeployment).toMatchObject({ outcome: 'failed', exitCode: null });
  expect(status).toMatchObject({ backoff: { class: 'activate', attempt: 1 } });
  expect(await lab.host.current()).toBe(before.observed?.current.toplevel);
});

function groupOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

function activations(): number[] {
  return processesWith(join(lab.dir, 'nix/store')).filter((pid) => pid !== lab.daemon.pid());
}
