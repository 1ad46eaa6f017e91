import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { honestServer, type GitServer } from '../harness/git-http-server.ts';
import { run } from '../../src/process.ts';
import { never, openBench, remoteSource, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitFiles, createRepository, git, type Repository } from '../harness/git-repository.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

let dir: string;
let store: NixStore;
let upstream: Repository;
beforeEach(async () => {
  dir = temporaryDirectory();
  store = await createNixStore(join(dir, 'nix'));
  upstream = createRepository(join(dir, 'upstream'));
});
const servers: GitServer[] = [];
const leaving: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await store.remove();
  for (const path of [dir, ...leaving.splice(0)]) remove(path);
});

const flake = (expression: string) => ({ 'flake.nix': `{ outputs = { self }: { x = ${expression}; }; }` });
const addSubmodule = ({ dir }: Repository, path: string) =>
  git(upstream.dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', '--force', dir, path);
const evaluate = async (
  commit: string,
  submodules: boolean,
  subdir = '.',
  remote = remoteSource(upstream.dir),
) => {
  const { mirror } = await openBench(dir, [remote], { submodules });
  await mirror.fetch(remote.name, never);
  await mirror.keep([commit], never);
  const finished = await run({
    file: 'nix',
    args: ['eval', '--raw', `${mirror.sourceUrl(commit, subdir, submodules)}#x`],
    env: { ...mirror.environment(), ...store.env },
    timeoutMs: 60_000,
  });
  return finished.stdout.toString() || finished.stderr;
};

test('Nix evaluates a commit in place, from a subdirectory with odd characters', async () => {
  const commit = commitFiles(upstream, {
    'hosts/a b/flake.nix': flake('builtins.readFile ./text')['flake.nix'],
    'hosts/a b/text': 'read $Id$',
    '.gitattributes': '* ident export-subst\n',
  });
  expect(await evaluate(commit, false, 'hosts/a b')).toBe('read $Id$');
});

test('Nix reads submodules when asked', async () => {
  const library = createRepository(join(dir, 'library'));
  commitFiles(library, { text: 'from the submodule' });
  addSubmodule(library, 'lib');
  const commit = commitFiles(upstream, flake('builtins.readFile ./lib/text'));
  expect(await evaluate(commit, true)).toBe('from the submodule');
});

test('a file of the commit that looks like git configuration is only a file', async () => {
  const commit = commitFiles(upstream, {
    ...flake('"ok"'),
    HEAD: 'ref: refs/heads/main\n',
    config: `[core]\n\tbare = true\n\tfsmonitor = touch ${join(dir, 'ran')}\n`,
    'objects/x': '',
    'refs/x': '',
  });
  expect(await evaluate(commit, false)).toBe('ok');
  expect(existsSync(join(dir, 'ran'))).toBe(false);
});

test('a submodule of the same host gets the token, by whole URL and relative to the first remote', async () => {
  const library = createRepository(join(dir, 'library'));
  commitFiles(library, { text: 'private' });
  const server = await honestServer(dir, { login: () => 'abide:secret' });
  servers.push(server);
  writeFileSync(join(dir, 'token'), 'secret\n');
  for (const [path, url] of [
    ['whole', `${server.url}/library`],
    ['relative', '../library'],
  ] as const) {
    addSubmodule(library, path);
    git(upstream.dir, 'config', '--file', '.gitmodules', `submodule.${path}.url`, url);
  }
  const commit = commitFiles(
    upstream,
    flake('builtins.readFile ./whole/text + builtins.readFile ./relative/text'),
  );
  const remote = remoteSource(`${server.url}/upstream`, {
    // A remote may have any name, also one that could be taken for a file of ours.
    name: 'nix',
    insecure: true,
    auth: { tokenFile: join(dir, 'token') },
  });
  expect(await evaluate(commit, true, '.', remote)).toBe('privateprivate');
});

test('a submodule of another host gets no token, and one that names a path of this machine is refused', async () => {
  const outside = temporaryDirectory();
  leaving.push(outside);
  const library = createRepository(join(outside, 'library'));
  commitFiles(library, { text: 'private' });
  const server = await honestServer(dir, { login: () => 'abide:secret' });
  const other = await honestServer(outside, { login: () => 'abide:secret' });
  servers.push(server, other);
  writeFileSync(join(dir, 'token'), 'secret\n');
  const remote = remoteSource(`${server.url}/upstream`, {
    insecure: true,
    auth: { tokenFile: join(dir, 'token') },
  });
  addSubmodule(library, 'lib');
  for (const url of [`${other.url}/library`, library.dir]) {
    git(upstream.dir, 'config', '--file', '.gitmodules', 'submodule.lib.url', url);
    const commit = commitFiles(upstream, flake('builtins.readFile ./lib/text'));
    expect(await evaluate(commit, true, '.', remote)).toMatch(/could not read Username|not allowed/);
  }
  expect(other.requests.length).toBeGreaterThan(0);
  expect(other.authorizations).toEqual([]);
});
