import { expect, test } from 'vitest';
import { noFacts, type Facts } from '../../src/domain/facts.ts';
import { Problem } from '../../src/domain/problem.ts';
import { rebootOnce } from '../../src/daemon/reboot-once.ts';
import { createReboot } from '../../src/host/reboot.ts';
import type { Command, Finished, Run } from '../../src/process.ts';
import { exampleDeployment, exampleObserved, oldSystem } from '../domain/example-view.ts';

/** systemctl is not on this PATH, and nothing is run: the machine of the tests must not go down. */
function systemd(ends: Partial<Finished> = {}) {
  const asked: Command[] = [];
  const run: Run = (command) => {
    asked.push(command);
    const finished = { exitCode: 0, signal: null, timedOut: false, stdout: Buffer.alloc(0), stderr: '' };
    return Promise.resolve({ ...finished, ...ends } as Finished);
  };
  return { asked, run };
}

const place = { path: '/bin:/usr/bin', root: '/', activator: 'systemd' } as const;

test.each([
  ['direct', { activator: 'direct' as const }],
  ['another root', { root: '/mnt' }],
])('with %s nothing is asked for', async (_, more) => {
  const { asked, run } = systemd();
  await expect(createReboot({ ...place, run, ...more })()).rejects.toMatchObject({ code: 'rollback_failed' });
  expect(asked).toEqual([]);
});

const past = { ...exampleDeployment, previous: { ...exampleDeployment.previous, toplevel: oldSystem } };
const noted: Facts = { ...noFacts, deployment: past, lastResort: { deployment: past.id, since: '' } };

async function rebooted(facts: Facts, bootDefault: string | null, flush = () => undefined as void) {
  let times = 0;
  const parts = {
    reboot: async () => {
      times += 1;
    },
    keeper: { flush } as never,
    observer: { observe: async () => ({ ...exampleObserved, bootDefault }) } as never,
    facts: () => facts,
  };
  const outcome = await rebootOnce(parts, past).catch((error: unknown) => error);
  return { times, outcome };
}

test('the host is rebooted into the system before, once that is on disk', async () => {
  expect((await rebooted(noted, oldSystem)).times).toBe(1);
});

test('nothing is rebooted when it cannot be remembered, leads elsewhere, or something newer has begun', async () => {
  const unwritable = () => {
    throw new Problem('journal_unwritable', 'disk full');
  };
  const results = [
    await rebooted(noted, oldSystem, unwritable),
    await rebooted(noted, null),
    await rebooted(noted, past.toplevel),
    await rebooted({ ...noted, lastResort: null }, oldSystem),
    await rebooted({ ...noted, deployment: { ...past, id: 'newer' } }, oldSystem),
  ];
  expect(results.map(({ times }) => times)).toEqual([0, 0, 0, 0, 0]);
  expect(results[2]?.outcome).toMatchObject({ message: expect.stringContaining(past.toplevel) });
});
