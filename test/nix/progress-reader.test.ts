import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Progress } from '../../src/domain/evaluation.ts';
import { parseInternalJson } from '../../src/nix/internal-json.ts';
import { createProgressReader } from '../../src/nix/progress-reader.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const drv = `/nix/store/${'a'.repeat(32)}-linux-6.12.1.drv`;
const start = (id: number, type: number, more: object = {}) => ({
  action: 'start',
  id,
  type,
  level: 3,
  text: '',
  ...more,
});
const result = (id: number, type: number, ...fields: unknown[]) => ({ action: 'result', id, type, fields });
const stop = (id: number) => ({ action: 'stop', id });

function reading() {
  const seen: Progress[] = [];
  const reader = createProgressReader((progress) => seen.push(progress), 'build');
  const read = (...events: object[]) => {
    for (const event of events) reader.read(parseInternalJson(`@nix ${JSON.stringify(event)}`));
  };
  const last = () => {
    vi.advanceTimersByTime(1000);
    return seen.at(-1);
  };
  return { seen, read, last, end: reader.end };
}

test('a build is told by its name, phase and last line, with the counts of all builds', () => {
  const { read, last } = reading();
  read(start(1, 104), start(2, 105, { fields: [drv, '', 1, 1] }), result(1, 105, 3, 12, 1, 0));
  expect(last()).toEqual({ phase: 'build', text: 'building linux-6.12.1', done: 3, expected: 12 });
  read(result(2, 104, 'buildPhase'), result(2, 101, '\u001b[1mCC\u001b[0m  main.o\u0007'));
  expect(last()?.text).toBe('building linux-6.12.1 (buildPhase): CC main.o');
});

test('a download is told with its size', () => {
  const { read, last } = reading();
  read(start(1, 103), result(1, 105, 4, 20, 1, 0));
  read(
    start(2, 101, { level: 4, text: "downloading 'https://c.example/x'" }),
    result(2, 105, 1048576, 4194304, 0, 0),
  );
  expect(last()).toEqual({
    phase: 'build',
    text: "downloading 'https://c.example/x', 1.0 of 4.0 MiB",
    done: 4,
    expected: 20,
  });
});

test('when a build has ended the one that still runs is told', () => {
  const { read, last } = reading();
  const other = drv.replace('linux', 'initrd');
  read(start(1, 105, { fields: [drv] }), start(2, 105, { fields: [other] }), stop(2), start(3, 104));
  read(result(3, 105, 1, 2, 1, 0));
  expect(last()?.text).toBe('building linux-6.12.1');
});

test('what is done never goes back, and there is never more done than expected', () => {
  const { read, last } = reading();
  read(
    start(1, 104),
    start(2, 105, { fields: [drv] }),
    result(1, 105, 5, 6, 1, 0),
    result(1, 105, 2, 3, 1, 0),
  );
  expect(last()).toMatchObject({ done: 5, expected: 5 });
});

test('there are at most five reports a second, the newest among them without another event', () => {
  const { seen, read, last } = reading();
  read(start(1, 105, { fields: [drv] }));
  for (let line = 1; line <= 1000; line += 1) {
    read(result(1, 101, `line ${line}`));
    vi.advanceTimersByTime(1);
  }
  expect(seen.length).toBeLessThanOrEqual(6);
  expect(last()?.text).toBe('building linux-6.12.1: line 1000');
});

test('the end sends what is unsent at once and leaves no timer', () => {
  const { seen, read, end } = reading();
  read(start(1, 105, { fields: [drv] }), result(1, 101, 'last'));
  end();
  expect(seen.at(-1)?.text).toBe('building linux-6.12.1: last');
  expect(vi.getTimerCount()).toBe(0);
});

test('chatter and activities that nobody started are not told', () => {
  const { seen, read, end } = reading();
  read(
    start(1, 0, { level: 6, text: 'querying info about missing paths' }),
    result(9, 101, 'x'),
    stop(1),
    stop(9),
  );
  end();
  expect(seen).toEqual([]);
});
