import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { array, assert, asyncProperty, nat } from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ancestryPair } from '../../src/domain/ancestry.ts';
import { createAncestryReader } from '../../src/git/ancestry.ts';
import { createGit } from '../../src/git/git.ts';
import { run } from '../../src/process.ts';
import { never, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { createRepository, git, type Repository } from '../harness/git-repository.ts';

let dir: string;
let repository: Repository;
beforeEach(() => {
  dir = temporaryDirectory();
  repository = createRepository(join(dir, 'r'), { bare: true });
});
afterEach(() => remove(dir));

const gitOf = () =>
  createGit({ run, gitDir: repository.dir, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } });
const commitTree = (tree: string, parents: readonly string[], name: number) =>
  git(
    repository.dir,
    'commit-tree',
    tree,
    '-m',
    String(name),
    ...parents.flatMap((parent) => ['-p', parent]),
  );

/** Parents of each commit by number; every number is smaller than the commit's own. */
const history = array(array(nat(), { maxLength: 2 }), { minLength: 2, maxLength: 8 }).map((rows) =>
  rows.map((row, index) => [...new Set(index === 0 ? [] : row.map((value) => value % index))]),
);

test('agrees with a walk over random histories, asked in any order and piece by piece', async () => {
  const tree = execFileSync('git', ['-C', repository.dir, 'mktree'], { input: '', encoding: 'utf8' }).trim();
  const body = async (parents: readonly number[][], order: readonly number[]) => {
    const ids: string[] = [];
    for (const [index, row] of parents.entries())
      ids.push(
        commitTree(
          tree,
          row.map((at) => ids[at] ?? ''),
          index,
        ),
      );
    const above = parents.map(() => new Set<number>());
    for (const [index, row] of parents.entries()) {
      for (const at of row) for (const one of [at, ...(above[at] ?? [])]) above[index]?.add(one);
    }
    const expected = above.flatMap((set, index) =>
      [...set].map((at) => ancestryPair(ids[at] ?? '', ids[index] ?? '')),
    );
    const shuffled = ids.toSorted((a, b) => (order[ids.indexOf(a)] ?? 0) - (order[ids.indexOf(b)] ?? 0));
    const reader = createAncestryReader(gitOf());
    await reader.read(shuffled.slice(0, 3), never);
    const found = await reader.read([...shuffled, 'f'.repeat(40)], never);
    expect([...found.pairs].toSorted()).toEqual(expected.toSorted());
  };
  await assert(asyncProperty(history, array(nat(), { minLength: 8, maxLength: 8 }), body), {
    numRuns: 12,
  });
});

test('a git that fails is a problem and never an answer', async () => {
  const reader = createAncestryReader({
    must: async (_, __, input) =>
      (input ?? '')
        .split('\n')
        .map((id) => `${id} commit`)
        .join('\n'),
    ask: async () => ({
      exitCode: null,
      signal: 'SIGKILL',
      timedOut: false,
      stdout: Buffer.alloc(0),
      stderr: '',
    }),
  });
  await expect(reader.read(['a'.repeat(40), 'b'.repeat(40)], never)).rejects.toMatchObject({
    code: 'mirror_broken',
  });
});
