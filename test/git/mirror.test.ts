import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { descends } from '../../src/domain/ancestry.ts';
import {
  leftovers,
  mirrorBench,
  never,
  openBench,
  remoteSource,
  remove,
  temporaryDirectory,
} from '../harness/git-mirror.ts';
import {
  branch,
  checkout,
  commitFiles,
  createRepository,
  deleteBranch,
  forcePush,
  git,
  headOf,
  merge,
  type Repository,
} from '../harness/git-repository.ts';

let dir: string;
let upstream: Repository;
beforeEach(() => {
  dir = temporaryDirectory();
  upstream = createRepository(join(dir, 'upstream'));
});
afterEach(() => remove(dir));
const refs = (gitDir: string) =>
  git(gitDir, 'for-each-ref', '--format=%(refname)').split('\n').filter(Boolean);

describe('fetch', () => {
  test('brings both branches, described for people', async () => {
    commitFiles(upstream, { a: '1' }, 'first\n\nbody', {
      date: 1_700_000_000,
      author: 'Ada \u001b[31mL\u202e',
    });
    branch(upstream, 'testing-web1');
    const testing = commitFiles(upstream, { a: '2' }, 'try \u001b]0;x\u0007it');
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    const fetched = await mirror.fetch('origin', never);
    expect(fetched).toMatchObject({
      remote: 'origin',
      changed: true,
      main: {
        id: headOf(upstream, 'main'),
        subject: 'first',
        author: 'Ada L',
        committedAt: '2023-11-14T22:13:20Z',
      },
      testing: { id: testing, subject: 'try it' },
    });
  });

  test('that brings nothing costs one process and says so', async () => {
    commitFiles(upstream, { a: '1' });
    const { mirror, commands } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    commands.length = 0;
    expect(await mirror.fetch('origin', never)).toMatchObject({ changed: false, testing: null });
    expect(commands.map(({ args }) => args.filter((arg) => arg === 'fetch'))).toEqual([['fetch']]);
  });

  test('asks the remote for the two names and no others', async () => {
    commitFiles(upstream, { a: '1' });
    for (const name of ['main-2', 'mainé', 'testing-web10', 'other']) git(upstream.dir, 'branch', name);
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    expect((await mirror.fetch('origin', never)).testing).toBeNull();
    expect(refs(gitDir)).toEqual(['refs/abide/incoming/origin/main', 'refs/abide/remotes/origin/main']);
  });

  test('does not write the refs of a remote that has very many below the name', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const many = Array.from({ length: 20_000 }, (_, index) => `create refs/heads/main-${index} ${id}\n`);
    execFileSync('git', ['-C', upstream.dir, 'update-ref', '--stdin'], { input: many.join('') });
    git(upstream.dir, 'pack-refs', '--all');
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    const started = performance.now();
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(refs(gitDir)).toHaveLength(2);
  });

  test('finds both branches when the name of one begins with the name of the other', async () => {
    const main = commitFiles(upstream, { a: '1' });
    branch(upstream, 'main-next');
    const testing = commitFiles(upstream, { a: '2' });
    const remote = remoteSource(upstream.dir, { testing: { name: 'main-next', operation: 'test' } });
    const { mirror } = await openBench(dir, [remote]);
    const fetched = await mirror.fetch('origin', never);
    expect([fetched.main?.id, fetched.testing?.id]).toEqual([main, testing]);
    deleteBranch(upstream, 'main');
    expect((await mirror.fetch('origin', never)).main).toBeNull();
  });

  test('sees a branch disappear, turn into a directory, and come back', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    branch(upstream, 'elsewhere');
    deleteBranch(upstream, 'main');
    git(upstream.dir, 'branch', 'main/x');
    expect(await mirror.fetch('origin', never)).toMatchObject({ main: null, changed: true });
    expect(refs(gitDir)).toEqual([]);
    deleteBranch(upstream, 'main/x');
    branch(upstream, 'main');
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test('takes a rewritten branch as it is', async () => {
    const first = commitFiles(upstream, { a: '1' });
    commitFiles(upstream, { a: '2' });
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    const clone = { dir: join(dir, 'clone') };
    git(dir, 'clone', '--quiet', upstream.dir, clone.dir);
    git(clone.dir, 'reset', '--hard', '--quiet', first);
    const rewritten = commitFiles(clone, { a: '3' });
    git(upstream.dir, 'config', 'receive.denyCurrentBranch', 'ignore');
    forcePush(clone, upstream.dir, 'main');
    expect((await mirror.fetch('origin', never)).main?.id).toBe(rewritten);
  });

  test('serves two remotes at once, each with heads of its own', async () => {
    const other = createRepository(join(dir, 'other'));
    const ids = [commitFiles(upstream, { a: '1' }, 'one'), commitFiles(other, { a: '1' }, 'two')];
    const remotes = [remoteSource(upstream.dir), remoteSource(`file://${other.dir}`, { name: 'second' })];
    const { mirror } = await openBench(dir, remotes);
    const fetched = await Promise.all([mirror.fetch('origin', never), mirror.fetch('second', never)]);
    expect(fetched.map(({ main }) => main?.id)).toEqual(ids);
  });

  test.each(['bare', 'worktree', 'git file'])('reads a %s repository', async (kind) => {
    const id = commitFiles(upstream, { a: '1' });
    const path = join(dir, 'form');
    if (kind === 'bare') git(dir, 'clone', '--quiet', '--bare', upstream.dir, path);
    if (kind === 'worktree') git(upstream.dir, 'worktree', 'add', '--quiet', '-b', 'side', path);
    if (kind === 'git file')
      git(dir, 'clone', '--quiet', '--separate-git-dir', join(dir, 'apart'), upstream.dir, path);
    const { mirror } = await openBench(dir, [remoteSource(path)]);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test('that fails leaves the heads of the last success', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    remove(upstream.dir);
    await expect(mirror.fetch('origin', never)).rejects.toMatchObject({
      code: 'remote_not_found',
      message: `remote origin: ${upstream.dir} does not exist`,
    });
    expect(git(gitDir, 'rev-parse', 'refs/abide/remotes/origin/main')).toBe(id);
  });

  test('does not take tags, whatever they are called', async () => {
    const id = commitFiles(upstream, { a: '1' });
    git(upstream.dir, 'tag', 'main');
    git(upstream.dir, 'update-ref', 'refs/replace/' + id, commitFiles(upstream, { a: 'evil' }));
    git(upstream.dir, 'reset', '--hard', '--quiet', id);
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    expect(refs(gitDir)).toEqual(['refs/abide/incoming/origin/main', 'refs/abide/remotes/origin/main']);
  });
});

describe('ancestry, resolve and keep', () => {
  test('ancestry is strict descent, also through merges, and never between strangers', async () => {
    const root = commitFiles(upstream, { a: '1' });
    const left = commitFiles(upstream, { a: '2' });
    branch(upstream, 'side', root);
    const right = commitFiles(upstream, { b: '1' });
    checkout(upstream, 'main');
    const top = merge(upstream, 'side');
    const { mirror, commands } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    const missing = 'f'.repeat(40);
    const ids = [top, root, right, left, missing];
    const found = await mirror.ancestry(ids, never);
    const expected = [
      `${root}..${left}`,
      `${root}..${right}`,
      `${root}..${top}`,
      `${left}..${top}`,
      `${right}..${top}`,
    ];
    expect([...found.pairs].toSorted()).toEqual(expected.toSorted());
    expect(descends(found, top, top)).toBe(false);
    commands.length = 0;
    await mirror.ancestry([top, root, right, left], never);
    expect(commands).toEqual([]);
  });

  test('resolve takes a full id or an unambiguous beginning of a commit, and nothing else', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const blob = git(upstream.dir, 'rev-parse', 'HEAD:a');
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    expect(await mirror.resolve(id, never)).toBe(id);
    expect(await mirror.resolve(id.slice(0, 8).toUpperCase(), never)).toBe(id);
    for (const text of [
      '',
      'abc',
      'main',
      'refs/abide/remotes/origin/main',
      '--all',
      blob,
      'f'.repeat(40),
      `${id}^{}`,
    ]) {
      await expect(mirror.resolve(text, never)).rejects.toMatchObject({
        code: 'unknown_commit',
        retry: 'never',
      });
    }
  });

  test('describe refuses what is not a commit of the mirror', async () => {
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    for (const id of ['f'.repeat(40), 'main', '--help']) {
      await expect(mirror.describe(id, never)).rejects.toMatchObject({ code: 'unknown_commit' });
    }
  });

  test('what is kept survives pruning, and what is not kept any more goes', async () => {
    const ids = Array.from({ length: 34 }, (_, index) => index);
    const { mirror, gitDir, commands } = await openBench(dir, [remoteSource(upstream.dir)]);
    const seen: string[] = [];
    for (const index of ids) {
      if (index > 0) git(upstream.dir, 'reset', '--hard', '--quiet', seen[0] ?? '');
      seen.push(commitFiles(upstream, { a: `${index}` }, `${index}`));
      await mirror.fetch('origin', never);
    }
    const [, kept = '', dropped = ''] = seen;
    await mirror.keep([kept, dropped, 'f'.repeat(40)], never);
    await mirror.keep([kept], never);
    commands.length = 0;
    await mirror.keep([kept], never);
    expect(commands).toEqual([]);
    await mirror.maintain(never);
    expect((await mirror.describe(kept, never)).id).toBe(kept);
    await expect(mirror.resolve(dropped, never)).rejects.toMatchObject({ code: 'unknown_commit' });
    expect(refs(gitDir)).toContain(`refs/abide/keep/${kept}`);
    expect(leftovers(gitDir)).toEqual([]);
  });

  test('the source URL names ref and rev, and encodes what a path may hold', async () => {
    const id = 'a'.repeat(40);
    const { mirror } = mirrorBench(join(dir, 'a b&c?d'), []);
    expect(mirror.sourceUrl(id, '.', false)).toBe(
      `git+file://${dir}/a%20b&c%3Fd/repo?ref=refs/abide/keep/${id}&rev=${id}`,
    );
    expect(mirror.sourceUrl(id, 'hosts/a&b', true)).toMatch(/&dir=hosts\/a%26b&submodules=1$/);
  });
});

describe('open', () => {
  test('makes private directories and no work tree', async () => {
    const { gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    const modes = [gitDir, join(dir, 'repo'), join(dir, 'home')].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o700]);
    expect(existsSync(join(gitDir, 'hooks'))).toBe(false);
    for (const name of readdirSync(join(dir, 'home'))) {
      expect(statSync(join(dir, 'home', name)).mode & 0o077).toBe(0);
    }
    expect(readFileSync(join(gitDir, 'info', 'attributes'), 'utf8')).toContain('-export-subst');
  });

  test('forgets heads of remotes that are gone, renamed, or lead elsewhere', async () => {
    commitFiles(upstream, { a: '1' });
    const second = remoteSource(upstream.dir, { name: 'second' });
    const first = await openBench(dir, [remoteSource(upstream.dir), second]);
    await first.mirror.fetch('origin', never);
    await first.mirror.fetch('second', never);
    const { gitDir } = await openBench(dir, [remoteSource(join(dir, 'elsewhere')), second]);
    expect(refs(gitDir)).toEqual(['refs/abide/incoming/second/main', 'refs/abide/remotes/second/main']);
    await openBench(dir, [remoteSource(upstream.dir, { name: 'third' })]);
    expect(refs(gitDir)).toEqual([]);
  });

  test('keeps heads over a restart, so that an unchanged poll is unchanged', async () => {
    commitFiles(upstream, { a: '1' });
    await (await openBench(dir, [remoteSource(upstream.dir)])).mirror.fetch('origin', never);
    const { mirror } = await openBench(dir, [remoteSource(upstream.dir)]);
    expect((await mirror.fetch('origin', never)).changed).toBe(false);
  });

  test('removes what a killed git left: partial packs, locks and torn refs', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    const torn = [
      'objects/pack/tmp_pack_x',
      'packed-refs.lock',
      'refs/abide/incoming/origin/main.lock',
      'shallow.lock',
    ];
    for (const name of torn) writeFileSync(join(gitDir, name), 'x');
    writeFileSync(join(gitDir, 'refs/abide/incoming/origin/main'), '');
    await mirror.open(never);
    expect(leftovers(gitDir)).toEqual([]);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test.each([
    ['an object store that lost its packs', (gitDir: string) => remove(join(gitDir, 'objects', 'pack'))],
    ['a shallow mirror', (gitDir: string) => writeFileSync(join(gitDir, 'shallow'), `${'a'.repeat(40)}\n`)],
    ['half a repository', (gitDir: string) => remove(join(gitDir, 'HEAD'))],
  ])('moves %s aside and begins again', async (_, damage) => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir, logged } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    damage(gitDir);
    await mirror.open(never);
    expect(existsSync(`${gitDir}.broken`)).toBe(true);
    expect(logged.some((line) => line.includes('moved aside'))).toBe(true);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test('a mirror that vanished while the daemon ran is made again by the next fetch', async () => {
    const id = commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    await mirror.fetch('origin', never);
    remove(gitDir);
    expect((await mirror.fetch('origin', never)).main?.id).toBe(id);
  });

  test('drops planted configuration, hooks, alternates and grafts', async () => {
    commitFiles(upstream, { a: '1' });
    const { mirror, gitDir } = await openBench(dir, [remoteSource(upstream.dir)]);
    const marker = join(dir, 'ran');
    mkdirSync(join(gitDir, 'hooks'));
    writeFileSync(join(gitDir, 'hooks', 'reference-transaction'), `#!/bin/sh\ntouch ${marker}\n`, {
      mode: 0o755,
    });
    writeFileSync(join(gitDir, 'config'), `[core]\n\tbare = true\n\tfsmonitor = touch ${marker}\n`);
    writeFileSync(join(gitDir, 'info', 'grafts'), `${'a'.repeat(40)}\n`);
    await mirror.open(never);
    await mirror.fetch('origin', never);
    expect(existsSync(marker)).toBe(false);
    expect(existsSync(join(gitDir, 'info', 'grafts'))).toBe(false);
  });

  test('a directory that cannot be made is a clear problem', async () => {
    writeFileSync(join(dir, 'repo'), 'a file');
    await expect(mirrorBench(dir, []).mirror.open(never)).rejects.toMatchObject({
      code: 'mirror_broken',
      message: expect.stringContaining(join(dir, 'repo')),
    });
  });
});
