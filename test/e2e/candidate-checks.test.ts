import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';
import { carrying, unitText } from './own-system.ts';

let lab: Lab;

/** Passes while the running system's `etc/health` has the word. */
const has = (word: string) => ({
  name: word,
  command: ['/bin/sh', '-c', `grep -q ${word} ${lab.host.root}/run/current-system/etc/health`],
  timeout: '2s',
});
const health = (deadline: string, ...words: string[]) => ({
  health: { settle: '0s', stableFor: '0s', deadline, inbound: { ports: [] }, checks: words.map(has) },
});
const check = (status: HostStatus, name: string) => status.health.find((each) => each.name === name);
const ended = (commit: string) => (status: HostStatus) =>
  status.lastDeployment?.commit === commit && status.state !== 'rollingBack';

beforeAll(async () => {
  lab = await createLab({
    config: (dir) => ({
      health: {
        ...health('8s').health,
        checks: [
          {
            name: 'old',
            command: ['/bin/sh', '-c', `grep -q old ${dir}/host/run/current-system/etc/health`],
          },
        ],
      },
    }),
  });
  await lab.daemon.start();
  await lab.deploy('before', 'health = "old";');
});
afterAll(() => lab.remove());

describe('a commit that carries a configuration of abide', () => {
  test('is held to the checks it brings along: one that could not pass before must pass now', async () => {
    const before = await lab.host.current();
    const sick = await lab.release('sick', `health = "old"; ${carrying(lab, health('2s', 'old', 'fresh'))}`);
    const status = await lab.daemon.until('sick', ended(sick));
    expect(status.lastDeployment).toMatchObject({
      outcome: 'rolled_back',
      message: expect.stringMatching(/by the deadline, 2 s after the activation: fresh: exit code 1/),
    });
    expect(check(status, 'fresh')).toMatchObject({ status: 'failing', baseline: 'unknown' });
    expect(await lab.host.current()).toBe(before);
  });

  test('may remove a service together with its check', async () => {
    const commit = await lab.deploy('moved', `health = "fresh"; ${carrying(lab, health('8s', 'fresh'))}`);
    const status = await lab.daemon.status();
    expect(status.lastDeployment).toMatchObject({ commit, outcome: 'committed' });
    expect(status.health.map(({ name }) => name)).not.toContain('old');
    expect(check(status, 'fresh')).toMatchObject({ status: 'passing', baseline: 'unknown' });
    expect(await lab.daemon.metrics()).toContain('abide_health_check_up{check="fresh"} 1');
  });

  test('goes on by the same checks and the same deadline when the daemon is killed', async () => {
    const sick = await lab.release('killed', `health = "fresh"; ${carrying(lab, health('20s', 'newer'))}`);
    await lab.daemon.until('probation', (status) => check(status, 'newer')?.status === 'failing');
    await lab.daemon.kill();
    await lab.daemon.start();
    const { lastDeployment } = await lab.daemon.until('undone', ended(sick));
    expect(lastDeployment).toMatchObject({
      outcome: 'rolled_back',
      message: expect.stringContaining('by the deadline, 20 s after the activation: newer'),
    });
  });

  test('whose checks this abide does not understand is held to those of the running configuration', async () => {
    const unknown = { health: { ...health('5s').health, checks: [{ name: 'x', telepathy: true }] } };
    const newer = join(lab.dir, 'newer.sh');
    await writeFile(newer, 'exit 0\n');
    const brings = carrying(lab, unknown, unitText(lab, `/bin/sh ${newer}`));
    const commit = await lab.deploy('unknown', `health = "old"; ${brings}`);
    const status = await lab.daemon.status();
    expect(status.lastDeployment).toMatchObject({ commit, outcome: 'committed' });
    expect(check(status, 'old')).toMatchObject({ status: 'passing' });
    expect(lab.daemon.log()).toMatch(/health checks of the new system cannot be read.*telepathy/);
  });
});
