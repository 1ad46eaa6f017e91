import { expect, test } from 'vitest';
import { handOver } from '../../src/daemon/hand-over.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { noFacts } from '../../src/domain/facts.ts';
import { Problem } from '../../src/domain/problem.ts';
import type { DeadManState } from '../../src/host/dead-man-state.ts';
import { exampleDeployment } from '../domain/example-view.ts';

/** What a daemon does that hands over while its dead-man is in this state; `refuse`: nothing can be armed. */
async function handingOver(
  state: DeadManState['state'],
  more: Partial<Deployment> = {},
  refuse = false,
): Promise<readonly string[]> {
  const done: string[] = [];
  const tell = (level: string) => (_: object, text: string) => done.push(`${level}: ${text}`);
  const arm = () => {
    if (refuse) return Promise.reject(new Problem('process_failed', 'systemd does not answer'));
    done.push('arm');
    return Promise.resolve();
  };
  const parts = {
    keeper: { flush: () => done.push('flush') },
    deadMan: { state: () => Promise.resolve({ state }), arm },
    deadManSeconds: () => ({ switching: 2400, probation: 400 }),
    facts: () => noFacts,
    renew: () => done.push('renew'),
    log: { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') },
  };
  await handOver(parts as never, { ...exampleDeployment, ...more }).catch((error: unknown) => {
    done.push(`thrown: ${String(error)}`);
  });
  return done;
}

test('with the dead-man armed the new abide takes over', async () => {
  expect(await handingOver('armed')).toEqual([
    'flush',
    'info: the new abide takes over; the way back is armed',
    'renew',
  ]);
});

test.each(['none', 'gone', 'disarmed'] as const)(
  'a dead-man that is %s is armed anew first',
  async (state) => {
    expect(await handingOver(state)).toEqual([
      'flush',
      expect.stringMatching(/^warn: .*armed anew/),
      'arm',
      expect.stringMatching(/^info: the new abide takes over/),
      'renew',
    ]);
  },
);

test('one that cannot be armed anew keeps the old abide there', async () => {
  const done = await handingOver('gone', {}, true);
  expect(done).not.toContain('renew');
  expect(done.at(-1)).toMatch(/^thrown: .*systemd does not answer/);
  expect(done).toContainEqual(
    expect.stringMatching(/^error: the new abide does not take over before something can undo it/),
  );
});

test.each<[Partial<Deployment>, string]>([
  [{ noRollback: 'rollback.enabled' }, 'rollback.enabled: false'],
  [{ noWayBack: '/nix/store/old has no switch-to-configuration' }, '/nix/store/old has no switch'],
])('where nothing is armed on purpose or by consent, the log says what that means: %j', async (more, why) => {
  const done = await handingOver('none', more);
  expect(done[1]).toMatch(/^warn: the new abide takes over, and nothing undoes one that does not work/);
  expect(done[1]).toContain(why);
  expect(done.at(-1)).toBe('renew');
});
