import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGit } from '../../src/git/git.ts';
import { readTrailers } from '../../src/git/read-trailers.ts';
import { run } from '../../src/process.ts';
import { never, remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { branch, checkout, commitFiles, createRepository, git, headOf } from '../harness/git-repository.ts';

let dir: string;
beforeEach(() => {
  dir = temporaryDirectory();
});
afterEach(() => remove(dir));

const read = (head: string, base: string | null) =>
  readTrailers(
    createGit({
      run,
      gitDir: join(dir, 'r', '.git'),
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', HOME: dir },
    }),
    { head, base },
    never,
  );

test('trailers of every commit above the base are found, also of merged ones, and no others', async () => {
  const repository = createRepository(join(dir, 'r'));
  commitFiles(repository, { a: '0' }, 'old\n\nAbide-Rollback: no');
  const base = commitFiles(repository, { a: '1' }, 'deployed');
  branch(repository, 'side');
  const side = commitFiles(
    repository,
    { b: '1' },
    'migrate\n\nIt cannot be undone.\n\nabide-rollback: no\nSigned-off-by: Ada <a@b.c>',
  );
  checkout(repository, 'main');
  commitFiles(
    repository,
    { a: '2' },
    'talk\n\nAbide-Rollback: no\n\nis what one would write; this is no trailer.',
  );
  git(repository.dir, 'merge', '--quiet', '--no-ff', '-m', 'merge', 'side');
  const head = commitFiles(repository, { a: '3' }, 'newest\n\nAbide-Confirm: manual\n  and more');
  const found = await read(head, base);
  expect(found.filter(({ trailers }) => trailers.length > 0)).toEqual([
    { commit: head, trailers: ['Abide-Confirm: manual and more'] },
    { commit: side, trailers: ['abide-rollback: no', 'Signed-off-by: Ada <a@b.c>'] },
  ]);
});

test('without a base that is known, the head alone is asked', async () => {
  const repository = createRepository(join(dir, 'r'));
  commitFiles(repository, { a: '0' }, 'old\n\nAbide-Rollback: no');
  const head = commitFiles(repository, { a: '1' }, 'new\n\nAbide-Confirm: manual');
  const own = [{ commit: head, trailers: ['Abide-Confirm: manual'] }];
  expect(await read(head, null)).toEqual(own);
  expect(await read(head, 'f'.repeat(40))).toEqual(own);
  expect(await read(headOf(repository), head)).toEqual([]);
});
