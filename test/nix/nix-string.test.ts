import { expect, test } from 'vitest';
import { nixString } from '../../src/nix/nix-string.ts';
import { run } from '../../src/process.ts';

test('every text comes back from Nix as it was', async () => {
  const texts = [
    'web.example.org',
    'a"b',
    'a\\b',
    '${throw "x"}',
    '$${x}',
    '$',
    '\\${x}',
    "''",
    'two\nlines\r\n',
    'ü\t',
  ];
  const args = ['--eval', '--json', '--strict', '-E', `[ ${texts.map(nixString).join(' ')} ]`];
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', NIX_REMOTE: 'dummy://' };
  const finished = await run({ file: 'nix-instantiate', args, env, timeoutMs: 10_000 });
  expect(finished.stderr).toBe('');
  expect(JSON.parse(finished.stdout.toString())).toEqual(texts);
});
