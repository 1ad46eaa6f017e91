import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInfraRepository } from '../harness/imitation-host.ts';
import { createDriverLab, problemOf, type DriverLab } from './driver-lab.ts';

let lab: DriverLab;
beforeAll(async () => {
  lab = await createDriverLab();
});
afterAll(() => lab.remove());

test('a tree that another repository gave for the same commit is not taken for the commit', async () => {
  const mine = await createInfraRepository(join(lab.dir, 'mine'));
  await mine.write('.gitattributes', 'hidden export-ignore\n');
  await mine.write('hidden', '');
  await mine.setHosts('{ alpha = { note = if builtins.pathExists ./hidden then "whole" else "in part"; }; }');
  const commit = await mine.commit('hidden');
  await mine.git('clone', '--quiet', mine.dir, join(lab.dir, 'theirs'));
  await mine.write('.git/info/attributes', '* -export-ignore\n');

  const theirs = `builtins.fetchGit { url = "file://${join(lab.dir, 'theirs')}"; rev = "${commit}"; }`;
  const before = await lab.release(`{ alpha = { note = builtins.readFile (${theirs} + "/hosts.nix"); }; }`);
  await lab.evaluate({ commit: before });
  const source = `git+file://${mine.dir}?ref=refs/heads/main&rev=${commit}`;
  const { derivation } = await lab.evaluate({ commit, source });
  expect(await lab.nix('grep', '-ao', '"note","[a-z ]*"', derivation)).toBe('"note","whole"');
});

test('no option makes an evaluation impure', async () => {
  const options = { 'pure-eval': 'false', 'accept-flake-config': 'true', 'use-registries': 'true' };
  const driver = lab.driver({ build: { options } });
  const commit = await lab.release(
    '{ alpha = { note = if builtins ? currentTime then "impure" else builtins.readFile /etc/passwd; }; }',
  );
  expect(await problemOf(lab.evaluate({ commit, driver }))).toMatchObject({
    code: 'evaluation_failed',
    message: expect.stringContaining('forbidden in pure'),
  });
});
