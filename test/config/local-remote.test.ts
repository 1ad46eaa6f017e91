import { chmod, chown, lchown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findForeignRemotes } from '../../src/config/local-remote.ts';

const uid = process.getuid?.() ?? 0;
const nobody = 65_534;
let dir: string;
let repository: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-local-'));
  await chmod(dir, 0o755);
  repository = join(dir, 'infra');
  await git('init', '--quiet', '--initial-branch=main', repository);
  await git('-C', repository, 'commit', '--quiet', '--allow-empty', '--message=first');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function git(...args: string[]): Promise<void> {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@x'];
  await execa('git', [...who, ...args], { env: { PATH: process.env['PATH'], HOME: dir }, extendEnv: false });
}

async function issues(url = repository, remote: object = {}, mode = 'none'): Promise<string[]> {
  const branches = { main: { name: 'main' } };
  const config = { source: { remotes: [{ name: 'a', url, branches, ...remote }] }, trust: { mode } };
  return (await findForeignRemotes(config, uid)).map(({ message }) => message);
}

test('a repository of ours, one that does not exist and one elsewhere are no issue', async () => {
  expect(await issues()).toEqual([]);
  expect(await issues(`file://${repository}`)).toEqual([]);
  expect(await issues(join(dir, 'none', 'at', 'all'))).toEqual([]);
  expect(await issues('https://git.example.org/infra.git')).toEqual([]);
});

test.each([
  '.',
  '.git',
  '.git/HEAD',
  '.git/config',
  '.git/objects',
  '.git/refs',
  '.git/refs/heads',
  '.git/refs/heads/main',
])('%s that others may write is an issue, sticky or not', async (part) => {
  for (const mode of [0o777, 0o1777]) {
    await chmod(join(repository, part), mode);
    const [message] = await issues();
    expect(message).toMatch(/can be changed by others: /);
    expect(message).toMatch(
      /sign commits and name the signers under trust, or write trust: \{ mode: none \}/,
    );
  }
});

test.runIf(uid === 0)('a group that may write is an issue for whoever else is in it', async () => {
  const refs = join(repository, '.git', 'refs');
  await chmod(refs, 0o775);
  await chown(refs, 0, nobody);
  expect(await issues()).toEqual([
    expect.stringMatching(/can be changed by user \S+ \(\d+\), who is in group 65534: .*refs has mode 775/),
  ]);
  await chown(refs, 0, 54_321);
  expect(await issues()).toEqual([
    expect.stringMatching(/can be changed by group 54321: .*refs has mode 775/),
  ]);
  await chown(refs, 0, 0);
  expect(await issues()).toEqual([]);
});

test('signed commits, or the word at the remote itself, lift it', async () => {
  await chmod(repository, 0o777);
  expect(await issues(repository, { trust: { mode: 'none' } })).toEqual([]);
  expect(await issues(repository, {}, 'range')).toEqual([]);
  expect(await issues(repository, { trust: null })).toHaveLength(1);
});

test('a parent that others may write is an issue unless it is sticky', async () => {
  await chmod(dir, 0o777);
  expect(await issues()).toHaveLength(1);
  await chmod(dir, 0o1777);
  expect(await issues()).toEqual([]);
});

test('a bare repository, a worktree and a link are followed', async () => {
  const bare = join(dir, 'bare.git');
  await git('clone', '--quiet', '--bare', repository, bare);
  await git('-C', repository, 'worktree', 'add', '--quiet', join(dir, 'tree'));
  await symlink('tree', join(dir, 'link'));
  const all = [bare, join(dir, 'tree'), join(dir, 'link')];
  for (const path of all) expect(await issues(path)).toEqual([]);
  await chmod(join(bare, 'refs'), 0o777);
  await chmod(join(repository, '.git', 'refs'), 0o777);
  for (const path of all) expect(await issues(path)).toEqual([expect.stringContaining('refs has mode 777')]);
});

test('a path that is no repository is left to the fetch', async () => {
  await mkdir(join(dir, 'empty'));
  await writeFile(join(dir, 'file'), 'gitdir: /');
  expect(await issues(join(dir, 'empty'))).toEqual([]);
  expect(await issues(join(dir, 'file'))).toEqual([]);
});

test.runIf(uid === 0)('whoever owns a part of it is named', async () => {
  await chown(join(repository, '.git', 'refs', 'heads', 'main'), nobody, nobody);
  expect(await issues()).toEqual([
    expect.stringMatching(/changed by user nobody \(65534\), who owns .*heads\/main/),
  ]);
  await symlink(repository, join(dir, 'link'));
  await lchown(join(dir, 'link'), 12_345, 0);
  expect(await issues(join(dir, 'link'))).toEqual([expect.stringMatching(/by user 12345, who owns .*link/)]);
});
