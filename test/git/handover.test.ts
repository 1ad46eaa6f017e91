import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lintLock } from '../../src/domain/lock-lint.ts';
import { succeeded, run } from '../../src/process.ts';
import { honestServer } from '../harness/git-http-server.ts';
import { never, openBench, remoteSource, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitFiles, createRepository, git, headOf, type Repository } from '../harness/git-repository.ts';
import { createNixStore, type NixStore } from '../harness/nix-store.ts';

let dir: string;
let store: NixStore;
let upstream: Repository;
beforeEach(async () => {
  dir = temporaryDirectory();
  store = await createNixStore(join(dir, 'nix'));
  upstream = createRepository(join(dir, 'upstream'));
});
afterEach(async () => {
  await store.remove();
  remove(dir);
});

const flake = (expression: string) => ({ 'flake.nix': `{ outputs = { self }: { x = ${expression}; }; }` });
const link = (target: string, path: string, { dir: at } = upstream) => {
  mkdirSync(join(at, path, '..'), { recursive: true });
  symlinkSync(target, join(at, path));
};
/** Commits bytes as they are, whatever the attributes would make of them. */
const commitRaw = (repository: Repository, files: Readonly<Record<string, string>>) => {
  mkdirSync(join(repository.dir, '.git/info'), { recursive: true });
  const neutral = '* -text -eol -ident -filter -working-tree-encoding\n';
  writeFileSync(join(repository.dir, '.git/info/attributes'), neutral);
  return commitFiles(repository, files);
};
interface How {
  readonly submodules?: boolean;
  readonly subdir?: string;
  readonly url?: string;
  /** Between fetch and evaluation. */
  readonly meanwhile?: (gitDir: string) => void;
}
/** What `x` of the flake is, or why it is nothing, as Nix reads a commit of the mirror. */
const evaluate = async (commit: string, how: How = {}) => {
  const { submodules = false, subdir = '.', url = upstream.dir } = how;
  const { mirror, gitDir } = await openBench(dir, [remoteSource(url, { insecure: true })], { submodules });
  await mirror.fetch('origin', never);
  await mirror.keep([commit], never);
  how.meanwhile?.(gitDir);
  const finished = await run({
    file: 'nix',
    args: ['eval', '--raw', '--no-update-lock-file', `${mirror.sourceUrl(commit, subdir, submodules)}#x`],
    env: { ...mirror.environment(), ...store.env },
    timeoutMs: 60_000,
  });
  return succeeded(finished) ? { value: finished.stdout.toString() } : { error: finished.stderr };
};

/** Every entry of a directory as git names it: mode, path and content. */
const treeOn = (top: string, at = ''): string[] =>
  readdirSync(join(top, at), { withFileTypes: true }).flatMap((entry) => {
    const path = join(at, entry.name);
    const file = join(top, path);
    if (entry.isDirectory()) return treeOn(top, path);
    if (entry.isSymbolicLink()) return [`120000 ${path} ${blobId(Buffer.from(readlinkSync(file)))}`];
    const mode = (lstatSync(file).mode & 0o100) === 0 ? '100644' : '100755';
    return [`${mode} ${path} ${blobId(readFileSync(file))}`];
  });
const blobId = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
const treeInGit = (at: string, commit: string) =>
  execFileSync('git', ['-C', at, 'ls-tree', '-r', '-z', commit], { encoding: 'utf8' })
    .split('\0')
    .filter((line) => line !== '' && !line.startsWith('160000'))
    .map((line) => line.replace(/^(\d+) blob (\w+)\t(.*)$/s, '$1 $3 $2'));

const attributes = `[attr]hidden export-ignore export-subst
* ident export-subst text=auto
secret.nix export-ignore
macro hidden
crlf text eol=crlf
old crlf
wide working-tree-encoding=UTF-16
run filter=evil
ignored/ export-ignore
ignored/** export-ignore
.gitattributes export-ignore
`;
const hostile = {
  ...flake('"${self}"'),
  '.gitattributes': attributes,
  'deep/.gitattributes': '* export-ignore ident\n',
  'deep/file': '$Id$ $Format:%H$\n',
  'secret.nix': 'not to be left out',
  macro: '$Format:%H %an$',
  crlf: 'one\ntwo\n',
  old: 'one\ntwo\n',
  wide: 'wide\n',
  run: '$Id$\n',
  ident: '$Id$ $Id: 0123$\n',
  'ignored/file': 'x',
  'name with\ttab, ü and "quotes"': 'x',
  'bare/HEAD': 'ref: refs/heads/main\n',
  'bare/objects/x': '',
  'bare/refs/x': '',
  'bare/flake.nix': '{ outputs = { self }: { x = "from the subdirectory"; }; }',
};

test('the tree Nix sees is the tree of the commit, byte for byte, whatever its attributes say', async () => {
  const marker = join(dir, 'ran');
  const config = `[core]\n\tbare = true\n\tfsmonitor = touch ${marker}\n[filter "evil"]\n\tsmudge = touch ${marker}\n`;
  for (const [path, target] of Object.entries({ abs: '/etc/shadow', up: '../../../etc/shadow', in: 'run' }))
    link(target, path);
  writeFileSync(join(upstream.dir, 'program'), '#!/bin/sh\n');
  chmodSync(join(upstream.dir, 'program'), 0o755);
  const commit = commitRaw(upstream, { ...hostile, 'bare/config': config, config });
  const { value = '', error } = await evaluate(commit);
  expect(error).toBeUndefined();
  expect(treeOn(value).toSorted()).toEqual(treeInGit(upstream.dir, commit).toSorted());
  expect(await evaluate(commit, { subdir: 'bare' })).toEqual({ value: 'from the subdirectory' });
  expect(existsSync(marker)).toBe(false);
});

test('and so it is with submodules', async () => {
  const library = createRepository(join(dir, 'library'));
  const theirs = commitRaw(library, { ...hostile, 'flake.nix': 'theirs' });
  git(upstream.dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.dir, 'lib');
  const commit = commitRaw(upstream, hostile);
  const { value = '', error } = await evaluate(commit, { submodules: true });
  expect(error).toBeUndefined();
  const wanted = [
    ...treeInGit(upstream.dir, commit),
    ...treeInGit(library.dir, theirs).map((line) => line.replace(' ', ' lib/')),
  ];
  expect(treeOn(value).toSorted()).toEqual(wanted.toSorted());
});

test('with submodules off, their hosts are not contacted', async () => {
  const server = await honestServer(dir, {});
  const library = createRepository(join(dir, 'library'));
  commitFiles(library, { text: 'x' });
  git(upstream.dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.dir, 'lib');
  git(upstream.dir, 'config', '--file', '.gitmodules', 'submodule.lib.url', `${server.url}/library`);
  const commit = commitFiles(
    upstream,
    flake('builtins.concatStringsSep " " (builtins.attrNames (builtins.readDir ./lib)) + "nothing"'),
  );
  const got = await evaluate(commit);
  await server.close();
  expect(got).toEqual({ value: 'nothing' });
  expect(server.requests).toEqual([]);
});

test.each([
  ['the remote moves on', () => commitFiles(upstream, { note: 'later' })],
  ['the remote is rewritten', () => git(upstream.dir, 'commit', '--quiet', '--amend', '--message', 'other')],
  [
    'every ref of the mirror moves',
    (gitDir: string) => {
      const other = git(gitDir, 'commit-tree', '-m', 'evil', `${headOf(upstream)}~1^{tree}`);
      for (const ref of git(gitDir, 'for-each-ref', '--format=%(refname)').split('\n'))
        git(gitDir, 'update-ref', ref, other);
    },
  ],
])('what is evaluated is the commit by its id, also when %s', async (_, meanwhile) => {
  commitFiles(upstream, { note: 'first', ...flake('"the wrong one"') });
  const commit = commitFiles(upstream, {
    note: 'second',
    ...flake('"${self.rev} ${builtins.readFile ./note}"'),
  });
  expect(await evaluate(commit, { meanwhile })).toEqual({ value: `${commit} second` });
});

test('no link of the tree makes Nix read what is not in it', async () => {
  const secret = join(dir, 'secret');
  writeFileSync(secret, 'the secret');
  mkdirSync(join(dir, 'outside'));
  writeFileSync(join(dir, 'outside/flake.nix'), flake('"the secret"')['flake.nix']);
  const up = `${'../'.repeat(12)}${dir.slice(1)}`;
  for (const [path, target] of Object.entries({
    abs: secret,
    up: `${up}/secret`,
    directory: dir,
    chain: 'directory/secret',
    flake: join(dir, 'outside/flake.nix'),
  }))
    link(target, path);
  const ways = {
    abs: 'builtins.readFile ./abs',
    up: 'builtins.readFile ./up',
    chain: 'builtins.readFile ./chain',
    below: 'builtins.readFile ./directory/secret',
    list: 'toString (builtins.attrNames (builtins.readDir ./directory))',
    import: '(import ./flake).outputs { self = null; }',
    copied: 'builtins.readFile "${./abs}"',
    'copied directory': 'builtins.readFile "${./directory}/secret"',
    'by path': `builtins.readFile (builtins.path { path = ./abs; name = "x"; })`,
    'by way of the store': 'builtins.readFile "${self}/abs"',
    hashed: 'builtins.hashFile "sha256" ./abs',
    'without a link': `builtins.readFile "${secret}"`,
    'as a path': `builtins.readFile ${secret}`,
    'as a flake': `(builtins.getFlake "path:${dir}/outside").x`,
    fetched: `builtins.readFile ((builtins.fetchTree { type = "path"; path = "${dir}/outside"; }) + "/flake.nix")`,
    'by url': `builtins.readFile (builtins.fetchurl "file://${secret}")`,
  };
  for (const [name, way] of Object.entries(ways)) {
    const commit = commitFiles(upstream, flake(way), name);
    const { value, error } = await evaluate(commit);
    expect({ name, value, error }).toMatchObject({
      value: undefined,
      error: expect.stringMatching(/forbidden|not allowed|unlocked|requires a locked|requires a 'sha256'/),
    });
  }
});

test.each([
  ['flake.nix', '.'],
  ['sub', 'sub'],
  ['sub/flake.nix', 'sub'],
  ['a/b', 'a/b/outside'],
])('a link at %s that leads out of the tree is no flake', async (path, subdir) => {
  mkdirSync(join(dir, 'outside'));
  writeFileSync(join(dir, 'outside/flake.nix'), flake('"outside"')['flake.nix']);
  const target = path.endsWith('flake.nix') ? 'outside/flake.nix' : path === 'sub' ? 'outside' : '';
  link(join(dir, target), path);
  const { value, error } = await evaluate(commitFiles(upstream, {}), { subdir });
  expect(value).toBeUndefined();
  expect(error).toMatch(/escapes from|not.* exist|is a symlink/);
});

test('a lock that this Nix makes of a repository, a tarball, a file and follows is found good', async () => {
  const library = createRepository(join(dir, 'library'));
  commitFiles(library, {
    'flake.nix': '{ inputs.tar.url = "nixpkgs"; outputs = { self, tar }: { }; }',
    'nested/flake.nix': '{ outputs = { self }: { }; }',
  });
  execFileSync('tar', ['-C', library.dir, '-czf', join(dir, 'tar.tar.gz'), 'nested']);
  commitFiles(upstream, {
    'flake.nix': `{
      inputs.library.url = "git+file://${library.dir}";
      inputs.library.inputs.tar.follows = "tar";
      inputs.nested.url = "git+file://${library.dir}?dir=nested";
      inputs.tar = { url = "file://${dir}/tar.tar.gz"; flake = false; };
      inputs.here.url = "path:./here";
      outputs = inputs: { x = "fine"; };
    }`,
    'here/flake.nix': '{ outputs = { self }: { }; }',
  });
  const made = await run({
    file: 'nix',
    args: ['flake', 'lock', `git+file://${upstream.dir}`],
    env: { ...store.env, GIT_CONFIG_GLOBAL: '/dev/null' },
    timeoutMs: 60_000,
  });
  const text = readFileSync(join(upstream.dir, 'flake.lock'), 'utf8');
  expect({ made: succeeded(made), inputs: Object.keys(JSON.parse(text).nodes.root.inputs) }).toEqual({
    made: true,
    inputs: ['here', 'library', 'nested', 'tar'],
  });
  expect(lintLock(text, '.')).toEqual([]);
  expect(await evaluate(commitFiles(upstream, {}))).toEqual({ value: 'fine' });
});
