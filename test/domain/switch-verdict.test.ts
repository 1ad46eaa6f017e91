import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeSwitch, switchVerdicts, type SwitchEvidence } from '../../src/domain/switch-verdict.ts';

const next = '/nix/store/b-next';
const old = '/nix/store/a-old';
const other = '/nix/store/c-other';

interface Case {
  readonly exit: number | null;
  readonly signal?: string;
  readonly timedOut?: boolean;
  readonly before?: string | null;
  readonly after?: string | null;
  readonly retried?: boolean;
  readonly fault?: string;
}

const evidence = ({ exit, signal, timedOut, before, after, retried, fault }: Case): SwitchEvidence => ({
  result: { exitCode: exit, signal: signal ?? null, timedOut: timedOut ?? false, log: [] },
  toplevel: next,
  before: before === undefined ? old : before,
  after: after === undefined ? next : after,
  retried: retried ?? false,
  fault: fault ?? null,
});
const verdict = (one: Case) => judgeSwitch(evidence(one)).verdict;

test('a switch that the dead-man undid is to be rolled back, wherever the link is', () => {
  for (const after of [next, old, null]) {
    expect(verdict({ exit: null, signal: 'dead-man', after })).toBe('roll-back');
  }
});

describe('a switch that could not be begun or seen to its end', () => {
  const fault = 'no space is left';

  test.each([
    ['the system before runs', { after: old }, 'nothing-happened'],
    ['no system ran and none does', { before: null, after: null }, 'nothing-happened'],
    ['the new system ran before', { before: next }, 'nothing-happened'],
    ['a third system runs', { after: other }, 'nothing-happened'],
    ['a third system runs after the second try', { after: other, retried: true }, 'nothing-happened'],
    ['the new system runs', {}, 'roll-back'],
    ['the link is gone', { after: null }, 'roll-back'],
    ['the new system runs since the first try', { retried: true }, 'healthy'],
    ['the system before runs after the second try', { after: old, retried: true }, 'roll-back'],
    ['the link is gone after the second try', { after: null, retried: true }, 'roll-back'],
  ] as const)('%s', (_, links, expected) => {
    const judged = judgeSwitch(evidence({ exit: null, fault, ...links }));
    expect(judged.verdict).toBe(expected);
    expect(judged.reason).toContain(fault);
  });
});

describe('with the link moved to the new system', () => {
  test.each([
    [0, 'healthy'],
    [1, 'roll-back'],
    [2, 'roll-back'],
    [3, 'roll-back'],
    [4, 'again'],
    [11, 'busy'],
    [100, 'staged'],
    [133, 'roll-back'],
    [null, 'roll-back'],
  ] as const)('exit code %s is %s', (exit, expected) => {
    expect(verdict({ exit })).toBe(expected);
  });

  test('exit code 4 for the second time leaves the judgement to probation', () => {
    expect(verdict({ exit: 4, retried: true })).toBe('healthy');
  });

  test('a second try that finds the lock held leaves the judgement to probation', () => {
    expect(verdict({ exit: 11, retried: true })).toBe('healthy');
  });

  test('a signal is a rollback and is named', () => {
    const judged = judgeSwitch(evidence({ exit: null, signal: 'SIGKILL' }));
    expect(judged.verdict).toBe('roll-back');
    expect(judged.reason).toContain('SIGKILL');
  });
});

describe('with the old system still running', () => {
  test.each([
    [0, 'nothing-happened'],
    [1, 'nothing-happened'],
    [2, 'roll-back'],
    [3, 'nothing-happened'],
    [4, 'nothing-happened'],
    [11, 'busy'],
    [100, 'staged'],
    [133, 'nothing-happened'],
    [null, 'nothing-happened'],
  ] as const)('exit code %s is %s', (exit, expected) => {
    expect(verdict({ exit, after: old })).toBe(expected);
  });

  test('the reason says what still runs', () => {
    expect(judgeSwitch(evidence({ exit: 1, after: old })).reason).toBe(
      `switch-to-configuration ended with exit code 1 and ${old} still runs`,
    );
  });
});

test('what a person activated meanwhile is not undone, whatever the exit code', () => {
  for (const exit of [0, 1, 3, 4, null]) {
    expect(judgeSwitch(evidence({ exit, after: other }))).toMatchObject({
      verdict: 'nothing-happened',
      reason: expect.stringContaining(other),
    });
  }
});

test('a running system link that vanished is a rollback, even with exit code 0', () => {
  for (const exit of [0, 1, 4, null]) expect(verdict({ exit, after: null })).toBe('roll-back');
});

test('on a host where nothing ran before, a failure that activated nothing is no rollback', () => {
  expect(verdict({ exit: 1, before: null, after: null })).toBe('nothing-happened');
  expect(verdict({ exit: 0, before: null })).toBe('healthy');
  expect(verdict({ exit: 1, before: null })).toBe('roll-back');
});

test('activating the running system again has nothing to go back to', () => {
  expect(verdict({ exit: 0, before: next })).toBe('healthy');
  expect(verdict({ exit: 4, before: next })).toBe('again');
  expect(verdict({ exit: 1, before: next })).toBe('nothing-happened');
});

test('the time limit is a rollback wherever the link points', () => {
  for (const after of [next, old, other, null]) {
    expect(verdict({ exit: null, timedOut: true, after })).toBe('roll-back');
  }
});

test('every evidence gets a verdict of the closed set, and only a running new system is called healthy', () => {
  const link = fc.constantFrom(old, next, other, null);
  const exit = fc.option(fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(
      exit,
      link,
      link,
      fc.boolean(),
      fc.boolean(),
      (exitCode, before, after, retried, timedOut) => {
        const judged = judgeSwitch(evidence({ exit: exitCode, before, after, retried, timedOut }));
        expect(switchVerdicts).toContain(judged.verdict);
        expect(judged.reason).not.toBe('');
        if (judged.verdict === 'healthy' || judged.verdict === 'again') expect(after).toBe(next);
      },
    ),
  );
});
