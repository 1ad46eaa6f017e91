import { afterEach, beforeEach, expect, test } from 'vitest';
import { compareSystems } from '../../src/host/compare-systems.ts';
import { createFakeHost, type FakeHost } from './fake-host.ts';

let host: FakeHost;
beforeEach(() => {
  host = createFakeHost();
});
afterEach(() => host.remove());

const system = (name: string, inhibitors: unknown, more: Readonly<Record<string, string>> = {}) =>
  host.toplevel(name, {
    'switch-inhibitors': typeof inhibitors === 'string' ? inhibitors : JSON.stringify(inhibitors),
    'init-interface-version': 'systemd 2',
    'kernel-params': 'quiet',
    ...more,
  });
const clear = { inhibitors: [], init: null, rebootReasons: [] };

test('a key inhibits when both systems have it with different values', async () => {
  const running = system('running', { dbus: 'dbus', only: 'here', same: 'x', list: [1] });
  const toplevel = system('new', { dbus: 'broker', other: 'there', same: 'x', list: [2] });
  expect(await compareSystems({ toplevel, running, booted: null })).toEqual({
    ...clear,
    inhibitors: [
      { key: 'dbus', running: 'dbus', candidate: 'broker' },
      { key: 'list', running: '[1]', candidate: '[2]' },
    ],
  });
});

test('what cannot be read is no difference', async () => {
  const toplevel = system('new', { dbus: 'broker' });
  for (const running of [
    null,
    system('torn', '{ "dbus": '),
    system('list', '[]'),
    system('empty', 'null'),
    host.toplevel('old'),
    `${host.storeDir}/collected`,
  ]) {
    expect(await compareSystems({ toplevel, running, booted: running })).toMatchObject({
      inhibitors: [],
      init: null,
    });
  }
});

test('the interface of init is compared with what runs, the parts with what was booted', async () => {
  const running = system('running', {}, { 'kernel-params': 'debug' });
  const booted = system('booted', {}, { 'init-interface-version': 'systemd 3' });
  const toplevel = system('new', {}, { 'init-interface-version': 'systemd 3\n', 'kernel-params': 'debug' });
  expect(await compareSystems({ toplevel, running, booted })).toEqual({
    ...clear,
    init: { running: 'systemd 2', candidate: 'systemd 3' },
    rebootReasons: ['kernel-params'],
  });
});
