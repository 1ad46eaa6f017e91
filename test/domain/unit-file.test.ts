import { expect, test } from 'vitest';
import { commandOf } from '../../src/domain/unit-file.ts';

const unit = (...lines: string[]) => ['[Unit]', 'ExecStart=/no/such', '[Service]', ...lines].join('\n');

test.each([
  ['ExecStart=/a/abide run --config /etc/x', ['/a/abide', 'run', '--config', '/etc/x']],
  ['ExecStart = "/a/with space" \'b c\' d', ['/a/with space', 'b c', 'd']],
  [
    String.raw`ExecStart=/a "say \"hi\"" b\x20c d\\e 100%% $$HOME`,
    ['/a', 'say "hi"', 'b c', 'd\\e', '100%', '$HOME'],
  ],
  ['ExecStart=-+/a b', ['/a', 'b']],
  ['ExecStart=@/a name b', ['/a', 'b']],
  ['# ExecStart=/commented\n; ExecStart=/too\nExecStart=/a \\\n  b', ['/a', 'b']],
  ['ExecStart=/old\nExecStart=\nExecStart=/new', ['/new']],
])('%s', (line, argv) => {
  expect(commandOf([unit(line)])).toEqual(argv);
});

test('a drop-in that begins anew replaces the command, and one that adds to it leaves no single one', () => {
  const base = unit('ExecStart=/a run');
  expect(commandOf([base, '[Service]\nRestart=always'])).toEqual(['/a', 'run']);
  expect(commandOf([base, '[Service]\nExecStart=\nExecStart=/b run'])).toEqual(['/b', 'run']);
  expect(commandOf([base, '[Service]\nExecStart=/b run'])).toBeNull();
});

test('a unit that starts nothing has no command', () => {
  expect(commandOf([])).toBeNull();
  expect(commandOf([unit('Restart=always')])).toBeNull();
  expect(commandOf([unit('ExecStart=/a', 'ExecStart=')])).toBeNull();
});
