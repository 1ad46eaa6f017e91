import { expect, test } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';

test('Nix gets the allowed variables and nothing else', () => {
  const { nixEnvironment } = readEnvironment({
    PATH: '/bin',
    NIX_STORE_DIR: '/s',
    https_proxy: 'http://p',
    HTTPS_PROXY: 'http://p',
    NIX_CONFIG: 'access-tokens = x',
    NIX_PATH: '/x',
    GIT_DIR: '/x',
    HOME: '/root',
    TMPDIR: '',
  });
  expect(nixEnvironment).toEqual({
    PATH: '/bin',
    NIX_STORE_DIR: '/s',
    https_proxy: 'http://p',
    HTTPS_PROXY: 'http://p',
  });
});

test('an empty environment has NixOS search paths and the usual store', () => {
  expect(readEnvironment({})).toMatchObject({
    path: expect.stringContaining('/run/current-system/sw/bin') as string,
    nixStoreDir: '/nix/store',
    localeArchive: null,
    supervised: false,
  });
  expect(readEnvironment({ INVOCATION_ID: '0123' }).supervised).toBe(true);
});
