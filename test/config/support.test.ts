import { expect, test } from 'vitest';
import { describeConfig, findConfigWarnings } from '../../src/config/describe.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { schemaAt, strictJsonSchema } from '../../src/config/json-schema.ts';
import { formatPath } from '../../src/config/key-path.ts';
import { parseConfig } from '../../src/config/load.ts';
import { findIgnored, unbuilt } from '../../src/config/support.ts';
import { fullConfig } from './full-config.ts';

const minimal = { source: { remotes: [{ name: 'origin', url: '/srv/infra' }] }, trust: { mode: 'none' } };

test('every key of the table exists in the schema', () => {
  for (const { key } of unbuilt) {
    const path = key.split(/\.|(?=\[\])/).map((step) => (step === '[]' ? 0 : step));
    expect(schemaAt(strictJsonSchema(), path), key).toBeDefined();
  }
});

test.each([
  ['driver', { driver: 'nixos' }],
  ['activate.confirm.mode', { activate: { confirm: { mode: 'auto' } } }],
  ['activate.windows', { activate: { windows: [{ days: ['mon'], start: '02:00', end: '03:00' }] } }],
  ['activate.maxDefer', { activate: { maxDefer: '1h' } }],
  ['activate.delay', { activate: { delay: '1s' } }],
  ['activate.splay', { activate: { splay: '1s' } }],
  ['gates', { gates: [{ name: 'g', before: 'build', command: ['true'] }] }],
  ['reboot.policy', { reboot: { policy: 'immediate' } }],
  ['notify', { notify: [{ anything: 1 }] }],
])('%s other than the default is not supported yet', (key, data) => {
  const refused = () => {
    try {
      parseConfig({ ...minimal, ...data }, 'c', 'web1');
    } catch (error) {
      const { issues } = error as ConfigError;
      return issues
        .filter(({ message }) => message.startsWith('not supported yet'))
        .map(({ path }) => formatPath(path));
    }
    return [];
  };
  expect(refused()).toContain(key);
});

test('a valid file names each key without effect once, and the defaults name none', () => {
  expect(findIgnored(parseConfig(minimal, 'c', 'web1'))).toEqual([]);
  const sentences = describeConfig(parseConfig(fullConfig, 'c', 'web1'));
  expect(sentences.at(-1)).toBe('No effect yet: activate.confirm.after, reboot.triggers.');
});

test('the description names remotes, and http is warned of', () => {
  const config = parseConfig(
    {
      ...minimal,
      source: { remotes: [{ name: 'a', url: 'http://h/x', insecure: true, auth: { tokenFile: '/t' } }] },
    },
    'c',
    'web1',
  );
  expect(describeConfig(config)).toContain(
    'Remote a, http://h/x: main is main (switch), testing is testing-web1 (test); looked at every 1m.',
  );
  expect(findConfigWarnings(config)).toContain(
    'Remote a is fetched without TLS: anyone on the way can read its token and change what comes, which makes them root on this host.',
  );
});

test('a reboot as the last resort is an error where this machine does not run the host', () => {
  const found = (system: Readonly<Record<string, string>>) => {
    try {
      parseConfig({ ...minimal, rollback: { lastResort: 'reboot' }, system }, 'c', 'web1');
    } catch (error) {
      return (error as ConfigError).issues.map(({ path, message }) => `${formatPath(path)}: ${message}`);
    }
    return [];
  };
  expect(found({})).toEqual([]);
  expect(found({ activator: 'systemd' })).toEqual([]);
  expect(found({ activator: 'direct' })).toEqual([
    'rollback.lastResort: allowed is none with system.activator direct; auto or systemd may reboot',
  ]);
  expect(found({ root: '/mnt' })).toEqual([
    'rollback.lastResort: allowed is none where system.root is not /, and it is /mnt',
  ]);
});
