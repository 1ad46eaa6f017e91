import { describe, expect, test } from 'vitest';
import { mustBeAlone, mustRun } from '../../src/daemon/must-be-alone.ts';
import type { Deployment } from '../../src/domain/deployment.ts';
import { Problem } from '../../src/domain/problem.ts';
import { exampleDeployment } from '../domain/example-view.ts';
import { host } from '../machines/harness.ts';

const { toplevel } = exampleDeployment;
const deployment: Deployment = { ...exampleDeployment, operation: 'switch', staged: null, exitCode: 0 };
const parts = (current: string | null, trouble?: Error) => ({
  observer: { observe: () => Promise.resolve({ ...host('old'), current }) },
  deadMan: { clear: () => (trouble ? Promise.reject(trouble) : Promise.resolve()) },
});

describe('what begins', () => {
  const acts = new Problem('way_back_taken', 'it acts');

  test('waits for the dead-man of another deployment that goes back', async () => {
    const began = mustBeAlone(parts(toplevel, acts), deployment);
    await expect(began).rejects.toMatchObject({ code: 'activation_busy' });
    await expect(mustBeAlone(parts(toplevel, acts), { ...deployment, trigger: 'boot' })).resolves.toBe(
      undefined,
    );
    const other = new Problem('process_failed', 'no');
    await expect(mustBeAlone(parts(toplevel, other), deployment)).rejects.toBe(other);
  });

  test('runs still where it is only looked at in its place', async () => {
    await mustBeAlone(parts(toplevel), { ...deployment, inPlace: true });
    await mustBeAlone(parts('/nix/store/other'), deployment);
    const began = mustBeAlone(parts('/nix/store/other'), { ...deployment, inPlace: true });
    await expect(began).rejects.toMatchObject({ code: 'activation_busy' });
  });
});

test('what does not run any more is not committed, unless only a boot starts it', async () => {
  await mustRun(parts(toplevel), deployment);
  for (const current of ['/nix/store/other', null]) {
    const committed = mustRun(parts(current), deployment);
    await expect(committed).rejects.toMatchObject({ code: 'activation_failed', retry: 'never' });
  }
  await mustRun(parts('/nix/store/other'), { ...deployment, staged: 'the kernel changes' });
});
