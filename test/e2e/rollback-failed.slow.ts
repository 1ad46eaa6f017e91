import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;

/** A system whose `etc/health` says so breaks something that going back does not mend. */
const app = `#!/bin/sh
case "$(cat "$LAB/host/run/current-system/etc/health" 2>/dev/null)" in
  breaks) touch "$LAB/broken";;
  fails) exit 1;;
esac
[ ! -e "$LAB/broken" ] || { echo "the data is gone" >&2; exit 1; }
`;

beforeAll(async () => {
  lab = await createLab({
    config: (dir) => ({
      health: {
        settle: '100ms',
        stableFor: '100ms',
        deadline: '2s',
        inbound: { ports: [] },
        checks: [{ name: 'app', command: ['/bin/sh', join(dir, 'app.sh')], timeout: '2s' }],
      },
    }),
  });
  await writeFile(join(lab.dir, 'app.sh'), app.replaceAll('$LAB', lab.dir));
  await lab.daemon.start();
  await lab.deploy('good', 'health = "fine";');
});

afterAll(() => lab.remove());

const condition = ({ conditions }: HostStatus, type: string) => conditions.find((each) => each.type === type);

test('a system that is worse after the rollback is the loudest there is, over a restart, until it is well', async () => {
  const before = await lab.host.current();
  const commit = await lab.release('breaks', 'health = "breaks";');
  const failed = await lab.daemon.until(
    'a failed rollback',
    ({ lastDeployment, state }) =>
      lastDeployment?.commit === commit &&
      lastDeployment.outcome === 'rollback_failed' &&
      state === 'stalled',
  );
  expect(await lab.host.current()).toBe(before);
  expect(failed.summary).toBe('Failed');
  expect(failed.message).toContain('app: exit code 1: the data is gone; it is looked at again each minute');
  expect(condition(failed, 'Ready')).toMatchObject({ status: 'False', reason: 'RollbackFailed' });
  expect(failed.quarantine.map((entry) => entry.commit)).toEqual([commit]);
  expect(await lab.daemon.metrics()).toMatch(/^abide_rollback_failed 1$/m);
  await lab.daemon.kill();
  await lab.daemon.start();
  await rm(join(lab.dir, 'broken'));
  await lab.daemon.until(
    'well again',
    ({ lastDeployment }) => lastDeployment?.outcome === 'rolled_back',
    100_000,
  );
  expect(await lab.daemon.metrics()).toMatch(/^abide_rollback_failed 0$/m);
}, 150_000);

test('after two rollbacks in a row the next commit waits for a person', async () => {
  const release = async (note: string, health: string) => {
    await lab.infra.setHosts(`{ alpha = { note = "${note}"; health = "${health}"; }; }\n`);
    return lab.infra.commit(note);
  };
  const second = await release('second', 'fails');
  await lab.daemon.until(
    'undone',
    ({ lastDeployment, deployment }) => deployment === null && lastDeployment?.commit === second,
  );
  const third = await release('third', 'fine');
  const held = await lab.daemon.until(
    'held',
    ({ desired, state }) => desired?.commit === third && state === 'stalled',
  );
  expect(held.summary).toBe('Stalled');
  expect(condition(held, 'Stalled')).toMatchObject({ status: 'True', reason: 'RollbacksInARow' });
  expect((await lab.daemon.cli('why', third)).stdout).toMatch(/one after the\s+other/);
  expect((await lab.daemon.cli('retry')).exitCode).toBe(0);
  await lab.daemon.until(
    'tried',
    ({ desired, summary }) => desired?.commit === third && summary === 'InSync',
  );
});
