import { assert, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { parseListenAddress } from '../../src/config/listen-address.ts';
import { parseSize } from '../../src/config/size.ts';

test('durations become milliseconds', () => {
  expect(['500ms', '30s', '5m', '2h', '7d', '0s'].map(parseDuration)).toEqual([
    500, 30_000, 300_000, 7_200_000, 604_800_000, 0,
  ]);
});

test.each(['', '5', 's', '-1s', '1.5h', '1h30m', '05s', ' 5s', '5 s', '5S', '5w', '1e3s'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test('what is formatted parses back to the same length', () => {
  assert(
    property(nat(), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
  expect([0, 60_000, 90_000, 1500].map(formatDuration)).toEqual(['0s', '1m', '90s', '1500ms']);
});

test('sizes are in powers of 1024, addresses have a host and a port', () => {
  expect(['512MiB', '4G', '4', '0G', '4GB'].map(parseSize)).toEqual([
    512 * 1024 ** 2,
    4 * 1024 ** 3,
    null,
    null,
    null,
  ]);
  expect(parseListenAddress('[::1]:9642')).toEqual({ host: '::1', port: 9642 });
  expect(['9642', ':9642', '::1:9642', 'a:65536', 'a:', 'a b:1'].map(parseListenAddress)).toEqual(
    Array(6).fill(null),
  );
});
