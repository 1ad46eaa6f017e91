import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Mirror } from '../../src/git/mirror.ts';
import { never, openBench, remoteSource, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitFiles, createRepository, git, type Repository } from '../harness/git-repository.ts';

let dir: string;
let upstream: Repository;
let mirror: Mirror;
beforeEach(async () => {
  dir = temporaryDirectory();
  upstream = createRepository(join(dir, 'upstream'));
  ({ mirror } = await openBench(dir, [remoteSource(upstream.dir)]));
});
afterEach(() => remove(dir));
const read = async (path: string, files: Record<string, string> = {}) => {
  const commit = commitFiles(upstream, files);
  await mirror.fetch('origin', never);
  return mirror.readFile(commit, path, never);
};
const link = (target: string, path: string) => {
  mkdirSync(join(upstream.dir, path, '..'), { recursive: true });
  symlinkSync(target, join(upstream.dir, path));
};

test('a file is read as it was committed, at the top and in a directory', async () => {
  const text = '{\r\n "a": "$Id$ ä" }';
  const files = {
    'flake.lock': text,
    'hosts/a b/flake.lock': `${text}2`,
    '.gitattributes': '* ident -text\n',
  };
  expect(await read('flake.lock', files)).toBe(text);
  expect(await read('hosts/a b/flake.lock')).toBe(`${text}2`);
});

test('a file that is not there is null, in a directory that is', async () => {
  expect(await read('flake.lock', { 'hosts/x': '' })).toBeNull();
  expect(await read('hosts/flake.lock')).toBeNull();
});

test('a directory that is not there, a file instead of one, or a submodule has nothing that could be read', async () => {
  const library = createRepository(join(dir, 'library'));
  commitFiles(library, { 'flake.lock': '{}' });
  git(upstream.dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.dir, 'lib');
  const problem = { code: 'evaluation_failed', retry: 'never' };
  await expect(read('none/flake.lock', { file: '' })).rejects.toMatchObject(problem);
  await expect(read('lib/flake.lock')).rejects.toMatchObject({
    ...problem,
    message: expect.stringContaining('directory lib of its own'),
  });
  await expect(read('file/flake.lock')).rejects.toMatchObject({ retry: 'never' });
});

test.each([
  ['the file itself, out of the commit', '/etc/hostname', 'flake.lock'],
  ['the file itself, to nothing', '/nonexistent', 'flake.lock'],
  ['the file itself, by dots', '../../outside', 'flake.lock'],
  ['the file itself, within the commit', 'real/flake.lock', 'flake.lock'],
  ['a directory, out of the commit', '/etc', 'hosts'],
  ['a directory, within the commit', 'real', 'hosts'],
])('a symbolic link is refused: %s', async (_, target, path) => {
  link(target, path);
  const wanted = path === 'hosts' ? 'hosts/flake.lock' : path;
  await expect(read(wanted, { 'real/flake.lock': '{}' })).rejects.toMatchObject({
    code: 'impure_input',
    retry: 'never',
    message: expect.stringContaining(`${wanted} of the commit is a symbolic link`),
  });
});

test('a directory of that name and a huge file are refused', async () => {
  await expect(read('flake.lock', { 'flake.lock/x': '' })).rejects.toMatchObject({ code: 'impure_input' });
  writeFileSync(join(upstream.dir, 'huge'), Buffer.alloc(4 * 1024 * 1024 + 1, 32));
  await expect(read('huge')).rejects.toMatchObject({ code: 'output_too_large', retry: 'never' });
});
