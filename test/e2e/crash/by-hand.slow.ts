import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostStatus } from '../../../src/domain/status.ts';
import { createCrashLab, disagreements, strangers, type CrashLab } from './crash-lab.ts';

const minutes = 60_000;

let lab: CrashLab;
let count = 0;
let points: readonly string[] = [];

/** Two systems, the second of which is to be left. */
interface Pair {
  readonly first: string;
  readonly second: string;
  readonly system: string | null;
}

async function pair(): Promise<Pair> {
  if (lab.daemon.hasEnded()) await lab.daemon.start();
  await lab.daemon.cli('resume');
  const first = await lab.deploy(`first ${(count += 1)}`);
  const system = await lab.host.current();
  return { first, second: await lab.deploy(`second ${count}`), system };
}

const isBack =
  ({ second }: Pair) =>
  ({ deployment, summary }: HostStatus): boolean =>
    deployment === null &&
    summary === 'Suspended' &&
    lab.facts().goingBack === null &&
    wayOf(second) !== undefined;

/** The deployment that went back from a commit, as it ended. */
const wayOf = (second: string) =>
  lab
    .facts()
    .deployments.find(({ goesBackFrom, outcome }) => goesBackFrom === second && outcome !== 'interrupted');

async function expectBack(of: Pair): Promise<void> {
  const status = await lab.daemon.until('the way back', isBack(of));
  expect(wayOf(of.second)).toMatchObject({ commit: of.first, outcome: 'committed', toplevel: of.system });
  expect([await lab.host.current(), await lab.host.bootDefault()]).toEqual([of.system, of.system]);
  expect(lab.facts().floor?.commit).toBe(of.second);
  expect(lab.facts().quarantine).toContainEqual(expect.objectContaining({ commit: of.second }));
  expect(await disagreements(lab, status)).toEqual([]);
  await expect.poll(() => strangers(lab), { timeout: 10_000 }).toEqual([]);
}

const goBack = () => lab.daemon.cli('rollback', '--reason', 'it is slow');

beforeAll(async () => {
  lab = await createCrashLab();
  await lab.daemon.start();
});
afterAll(() => lab.remove());

test('abide rollback is whole when nothing comes between', async () => {
  const of = await pair();
  const before = (await lab.points(of.first)).length;
  expect(await goBack()).toMatchObject({ exitCode: 0 });
  await expectBack(of);
  const passed = (await lab.points(of.first)).slice(before);
  points = passed.filter((point) => point.startsWith('after journal '));
  expect(points.length).toBeGreaterThan(8);
});

test.each(['abide', 'power'] as const)(
  'abide rollback comes to its end when %s is gone as soon as a step is journalled',
  async (disaster) => {
    for (const point of points) {
      const of = await pair();
      await lab.order(point);
      await goBack();
      expect(await died(), point).toBe(true);
      if (disaster === 'power') await lab.reboot();
      await lab.daemon.start();
      await expectBack(of).catch((error: unknown) => {
        throw new Error(`${disaster} ${point}: ${String(error)}`, { cause: error });
      });
    }
  },
  10 * minutes,
);

async function died(): Promise<boolean> {
  await expect.poll(() => lab.daemon.hasEnded(), { timeout: 30_000, interval: 20 }).toBe(true);
  return lab.daemon.hasEnded();
}
