import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tidyDeployments } from '../../src/host/tidy-deployments.ts';

test('files of deployments out of history go, those kept or perhaps still running stay', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'abide-tidy-'));
  const add = (id: string, ...names: string[]) => {
    mkdirSync(join(dir, 'deployments', id), { recursive: true });
    for (const name of names) writeFileSync(join(dir, 'deployments', id, name), '');
  };
  add('kept', 'started-test', 'exit-test', 'test.log');
  add('old', 'started-test', 'exit-test', 'started-test-2', 'exit-test-2', 'test.log');
  add('running', 'started-test', 'exit-test', 'started-test-2');
  await tidyDeployments(dir, ['kept', 'never-begun']);
  expect(readdirSync(join(dir, 'deployments')).toSorted()).toEqual(['kept', 'running']);
  rmSync(dir, { recursive: true });
});

test('where nothing was ever activated there is nothing to do', async () => {
  await expect(tidyDeployments('/nonexistent', [])).resolves.toBeUndefined();
});
