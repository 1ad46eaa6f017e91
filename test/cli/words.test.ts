import { describe, expect, test } from 'vitest';
import { fastStatus } from '../../src/cli/fast-status.ts';
import { timeAgo, timeLasting, timeUntil } from '../../src/cli/relative-time.ts';
import { systemName } from '../../src/cli/system-name.ts';
import { cutText, padText, textWidth, wrapText } from '../../src/cli/text-width.ts';
import { before, newSystem, sampleNow } from '../api/sample-status.ts';

describe('times in words', () => {
  test.each([
    [0, 'just now'],
    [-60, 'just now'],
    [12, '12 s ago'],
    [89, '89 s ago'],
    [90, '2 min ago'],
    [3600, '60 min ago'],
    [3 * 3600, '3 h ago'],
    [3 * 86_400, '3 days ago'],
  ])('%i seconds back is "%s"', (seconds, words) => {
    expect(timeAgo(before(seconds), sampleNow)).toBe(words);
  });

  test('a time that has come is now, a broken one is no crash', () => {
    expect(timeUntil(before(5), sampleNow)).toBe('now');
    expect(timeUntil(before(-90), sampleNow)).toBe('in 2 min');
    expect(timeAgo('yesterday', sampleNow)).toBe('at an unknown time');
  });

  test.each([
    [0, '0 ms'],
    [420, '420 ms'],
    [42_000, '42 s'],
    [130_000, '2 min 10 s'],
    [120_000, '2 min'],
    [3_900_000, '1 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('%i ms last "%s"', (ms, words) => {
    expect(timeLasting(ms)).toBe(words);
  });
});

describe('text on a terminal', () => {
  test('is measured in columns', () => {
    expect(['abc', 'über', '宽字', 'e\u0301', '🚀'].map(textWidth)).toEqual([3, 4, 4, 1, 2]);
  });

  test('is cut with a mark, never in the middle of a character', () => {
    expect(cutText('a long subject', 8)).toBe('a long…');
    expect(cutText('宽宽宽', 4)).toBe('宽…');
    expect(cutText('short', 5)).toBe('short');
  });

  test('is wrapped between words and padded', () => {
    expect(wrapText('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('/a/very/long/path ok', 7)).toEqual(['/a/very/long/path', 'ok']);
    expect(padText('宽', 4)).toBe('宽  ');
  });

  test('a system is called by name and hash', () => {
    expect(systemName(newSystem)).toBe('nixos-system-web1-24.11 (k3j2h1g0)');
    expect(systemName('/somewhere/else')).toBe('else');
  });
});

describe('the fast path', () => {
  test.each([
    [['status'], {}],
    [['--json', 'status', '--exit-code'], { json: true, exitCode: true }],
    [['status', '--socket', '/x', '--oneline', '--no-color'], { socket: '/x', oneline: true, color: false }],
    [['--socket=/x', 'status'], { socket: '/x' }],
    [['status', '--help'], null],
    [['status', 'x'], null],
    [['status', '--socket'], null],
    [['status', 'status'], null],
    [['history'], null],
    [[], null],
  ])('of %j is %j', (argv, options) => {
    expect(fastStatus(argv)).toEqual(options);
  });
});
