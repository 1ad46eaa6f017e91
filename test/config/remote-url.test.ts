import { expect, test } from 'vitest';
import { localPathOf, showUrl, transportOf } from '../../src/config/remote-url.ts';

test.each([
  ['https://git.example.org/infra.git', 'https'],
  ['https://git.example.org:8443/a/b', 'https'],
  ['https://[::1]:8443/a', 'https'],
  ['http://127.0.0.1:3000/a.git', 'http'],
  ['ssh://git@git.example.org:22/a.git', 'ssh'],
  ['ssh://git.example.org/~me/a.git', 'ssh'],
  ['git@git.example.org:team/infra.git', 'ssh'],
  ['file:///srv/infra', 'local'],
  ['/srv/infra', 'local'],
  ['/srv/-x', 'local'],
])('%s is reached by %s', (url, transport) => {
  expect(transportOf(url)).toBe(transport);
});

test.each([
  'ext::sh -c id',
  'fd::17',
  'https::https://a/b',
  '-oProxyCommand=id',
  '--upload-pack=id',
  'ssh://-oProxyCommand=id/x',
  'ssh://git@-host/x',
  'ssh://h/-x',
  'git@-host:x',
  'git@host:-x',
  '-user@host:x',
  'https://user@host/x',
  'https://user:pass@host/x',
  'https://:pass@host/x',
  'ssh://git:pass@host/x',
  'https://host/x?access_token=1',
  'https://host/x#y',
  'git://host/x',
  'ftp://host/x',
  'file://other/x',
  'relative/path',
  './x',
  '',
  'https://host/a\nb',
  '/srv/a\u0000b',
  '/srv/\u202eb',
  'https://host/%0a',
  'https://',
])('%j is refused', (url) => {
  expect(transportOf(url)).toBeNull();
});

test('credentials of a refused URL are never shown', () => {
  expect(showUrl('https://me:hunter2@host/x')).toBe('https://***@host/x');
  expect(showUrl('me:hunter2@host/x')).toBe('***@host/x');
  expect(showUrl('https://host/x?token=hunter2')).toBe('https://host/x?***');
  expect(showUrl('https://a@b:hunter2@host/x')).toBe('https://***@host/x');
});

test('the path of a local remote is decoded, and others have none', () => {
  expect(localPathOf('file:///srv/a%20b')).toBe('/srv/a b');
  expect(localPathOf('/srv/a')).toBe('/srv/a');
  expect(localPathOf('https://host/srv')).toBeNull();
});
