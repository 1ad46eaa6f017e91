import { expect, test } from 'vitest';
import { nixVersion } from '../../src/nix/nix-version.ts';
import { run, type Run } from '../../src/process.ts';
import { problemOf } from './driver-lab.ts';

const saying =
  (line: string): Run =>
  async () => ({ exitCode: 0, signal: null, timedOut: false, stdout: Buffer.from(`${line}\n`), stderr: '' });

test('the version of the Nix that is here is told', async () => {
  expect(await nixVersion(run, { PATH: process.env['PATH'] ?? '' })).toMatch(/^\d+\.\d+/);
});

test.each([
  ['nix (Nix) 2.35.2', '2.35.2'],
  ['nix (Lix, like Nix) 2.94.0', '2.94.0 (Lix, like Nix)'],
  ['nix (Determinate Nix 3.22.2) 2.35.2', '2.35.2 (Determinate Nix 3.22.2)'],
  ['something else', 'something else'],
  ['', 'unknown'],
])('%s is told as %s', async (line, version) => {
  expect(await nixVersion(saying(line), {})).toBe(version);
});

test('a machine without Nix is told as such', async () => {
  expect(await problemOf(nixVersion(run, { PATH: '/nonexistent' }))).toMatchObject({ code: 'tool_missing' });
});
