import { expect, test } from 'vitest';
import { parseInternalJson } from '../../src/nix/internal-json.ts';
import { createNixLog, lastLines } from '../../src/nix/nix-log.ts';

const log = (...lines: (object | string)[]) => {
  const nixLog = createNixLog();
  for (const line of lines) {
    nixLog.read(parseInternalJson(typeof line === 'string' ? line : `@nix ${JSON.stringify(line)}`));
  }
  return nixLog;
};
const msg = (level: number, text: string, raw?: string) => ({
  action: 'msg',
  level,
  msg: text,
  raw_msg: raw,
});

test('the first error is the error itself, whether the version prints its trace before it or not', () => {
  const red = '\u001b[31;1merror:\u001b[0m';
  expect(log(msg(0, `${red} boom`, 'boom')).firstError()).toBe('error: boom');
  expect(log(msg(0, `${red}\n  … while x\n  ${red} boom`, 'boom\nmore')).firstError()).toBe('error: boom');
  expect(log(msg(0, `${red} out of memory`)).firstError()).toBe('error: out of memory');
});

test('a trace of the commit, a warning or a line of the collector is not the error', () => {
  const nixLog = log(
    'GC Warning: x',
    msg(0, 'trace: error: fake'),
    msg(1, 'error: later'),
    msg(0, 'error: real', 'real'),
  );
  expect(nixLog.firstError()).toBe('error: real');
});

test('an error that was only printed is a crash, a reported one is not', () => {
  expect(log(msg(0, 'error: out of memory')).crash()).toBe('error: out of memory');
  expect(log(msg(0, 'error: out of memory', 'out of memory')).crash()).toBeNull();
});

test('an error from before the logger was set is found among the raw lines', () => {
  expect(log('warning: x', 'error: cannot open the store').firstError()).toBe('error: cannot open the store');
  expect(log('nothing of note').firstError()).toBeNull();
});

test('the last fifty lines are kept, sanitised, with their indentation', () => {
  const many = Array.from({ length: 60 }, (_, at) => `   line ${at}\u001b[0m\u202e`).join('\n');
  expect(lastLines(many)).toHaveLength(50);
  expect(lastLines(many).at(-1)).toBe('   line 59');
});

test("a build's own lines are in the log and not among what Nix said itself", () => {
  const nixLog = log(
    { action: 'result', id: 1, type: 101, fields: ['connection refused'] },
    msg(1, 'warning: y'),
  );
  expect(nixLog.lines()).toEqual(['connection refused', 'warning: y']);
  expect(nixLog.warnings()).toEqual(['warning: y']);
});
