import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchRepository } from '../../src/git/watch.ts';
import { remove, temporaryDirectory } from '../harness/git-mirror.ts';
import {
  branch,
  commitFiles,
  createRepository,
  deleteBranch,
  git,
  type Repository,
} from '../harness/git-repository.ts';

let dir: string;
const told = { changes: 0 };
let watching: { close(): void } | undefined;
const logged: string[] = [];
beforeEach(() => {
  dir = temporaryDirectory();
  told.changes = 0;
});
afterEach(() => {
  watching?.close();
  remove(dir);
});

const line = (_: object, message: string) => logged.push(message);
const log = { debug: line, info: line, warn: line };
const watchPath = (path: string) => {
  watching = watchRepository({ path, log, onChange: () => (told.changes += 1) });
};
const changed = async (withinMs: number) => {
  const started = performance.now();
  while (told.changes === 0 && performance.now() - started < withinMs) await sleep(1);
  return told.changes > 0;
};
/** Waits until what happened so far was told, and forgets it. */
const settle = async () => {
  await changed(1000);
  await sleep(100);
  told.changes = 0;
};
const repository = (): Repository => {
  const made = createRepository(join(dir, 'repository'));
  commitFiles(made, { a: '1' });
  return made;
};

test('a commit is seen within milliseconds', async () => {
  const made = repository();
  watchPath(made.dir);
  await settle();
  commitFiles(made, { a: '2' });
  expect(await changed(100)).toBe(true);
});

test('reading the repository is no change', async () => {
  const made = repository();
  watchPath(made.dir);
  await settle();
  git(made.dir, 'status');
  git(made.dir, 'log');
  git(dir, 'clone', '--quiet', made.dir, 'copy');
  await sleep(100);
  expect(told.changes).toBe(0);
});

test.each([
  ['a new branch with slashes', (made: Repository) => git(made.dir, 'branch', 'team/host/testing')],
  ['a deleted branch', (made: Repository) => deleteBranch(made, 'old')],
  ['a deleted packed branch', (made: Repository) => deleteBranch(made, 'packed')],
])('%s is seen', async (_, change) => {
  const made = repository();
  git(made.dir, 'branch', 'packed');
  git(made.dir, 'pack-refs', '--all');
  git(made.dir, 'branch', 'old');
  watchPath(made.dir);
  await settle();
  change(made);
  expect(await changed(200)).toBe(true);
});

test('a branch in a directory that is new is watched too', async () => {
  const made = repository();
  watchPath(made.dir);
  await settle();
  branch(made, 'team/host/testing');
  await settle();
  commitFiles(made, { a: '2' });
  expect(await changed(200)).toBe(true);
});

test.each(['bare', 'worktree', 'git file'])('a push to a %s repository is seen', async (kind) => {
  const made = repository();
  const path = join(dir, 'form');
  if (kind === 'bare') git(dir, 'clone', '--quiet', '--bare', made.dir, path);
  if (kind === 'worktree') git(made.dir, 'worktree', 'add', '--quiet', '-b', 'side', path);
  if (kind === 'git file')
    git(dir, 'clone', '--quiet', '--separate-git-dir', join(dir, 'apart'), made.dir, path);
  watchPath(path);
  await settle();
  if (kind === 'bare') git(made.dir, 'push', '--quiet', path, 'HEAD:refs/heads/pushed');
  else commitFiles({ dir: path }, { a: '2' });
  expect(await changed(200)).toBe(true);
});

test('a repository that comes later, goes, and is replaced is followed', async () => {
  const path = join(dir, 'repository');
  watchPath(path);
  await sleep(50);
  expect(told.changes).toBe(0);
  repository();
  expect(await changed(5000)).toBe(true);
  await settle();
  renameSync(path, join(dir, 'moved'));
  await sleep(50);
  const next = repository();
  await sleep(3000);
  await settle();
  commitFiles(next, { a: '3' });
  expect(await changed(200)).toBe(true);
}, 20_000);

test('nothing is told after close, and a path that is no repository is no error', async () => {
  const made = repository();
  watchPath(made.dir);
  await settle();
  commitFiles(made, { a: '2' });
  watching?.close();
  await sleep(50);
  expect(told.changes).toBe(0);
  mkdirSync(join(dir, 'empty'));
  watchPath(join(dir, 'empty'));
  await sleep(50);
  // A machine without inotify instances to spare says that it only polls; nothing else may be said.
  expect(logged.filter((message) => !message.includes('only polled'))).toEqual([]);
});
