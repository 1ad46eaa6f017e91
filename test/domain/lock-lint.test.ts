import { describe, expect, test } from 'vitest';
import { lintLock } from '../../src/domain/lock-lint.ts';
import { lockProblem } from '../../src/domain/lock-problem.ts';

const narHash = 'sha256-SZ5L6eA7HJ/nmkzGG7/ISclqe6oZdOZTNoesiInkXPQ=';
const rev = 'b1d9ab70662946ef0850d488da1c9019f3a9752a';
const github = { type: 'github', owner: 'NixOS', repo: 'nixpkgs', lastModified: 1, narHash, rev };

/** A lock whose root has exactly these inputs; `more` are nodes that only others lead to. */
const lock = (inputs: Record<string, object>, more: Record<string, object> = {}, version = 7) => {
  const names = Object.fromEntries(Object.keys(inputs).map((name) => [name, name]));
  return JSON.stringify({ nodes: { ...inputs, ...more, root: { inputs: names } }, root: 'root', version });
};
const findings = (text: string | null, subdir = '.') => lintLock(text, subdir);
const why = (locked: object, subdir = '.') => findings(lock({ a: { locked, original: {} } }), subdir)[0]?.why;

describe('a lock that Nix wrote of inputs that are the same everywhere', () => {
  const honest: Record<string, string | null> = {
    'none at all': null,
    'a flake without inputs': '{ "nodes": { "root": {} }, "root": "root", "version": 7 }\n',
    'forges, a registry name, no flake, follows, one node for two': JSON.stringify({
      nodes: {
        compat: { flake: false, locked: github, original: github },
        nixpkgs: { locked: github, original: { id: 'nixpkgs', ref: 'nixos-unstable', type: 'indirect' } },
        gl: { locked: { ...github, type: 'gitlab', host: 'git.example.org' }, original: {} },
        hut: { locked: { ...github, type: 'sourcehut', owner: '~x' }, original: {} },
        tools: { inputs: { nixpkgs: ['nixpkgs'], again: 'compat', self: [] }, locked: github, original: {} },
        root: {
          inputs: { tools: 'tools', nixpkgs: 'nixpkgs', gl: 'gl', hut: 'hut', c: ['tools', 'again'] },
        },
      },
      root: 'root',
      version: 7,
    }),
    'a root with another name': JSON.stringify({
      nodes: { n1: { inputs: { a: 'n2' } }, n2: { inputs: {}, locked: github, original: github } },
      root: 'n1',
      version: 7,
    }),
    'version 5, the hash beside the rest': lock(
      {
        a: {
          info: { lastModified: 1580555482, narHash },
          locked: { type: 'github', owner: 'a', repo: 'b', rev },
          original: {},
        },
      },
      {},
      5,
    ),
    'git with a dir, a ref and submodules': lock({
      a: {
        locked: {
          type: 'git',
          url: 'ssh://git@example.org/a.git',
          ref: 'refs/heads/main',
          rev,
          revCount: 3,
          lastModified: 1,
          narHash,
          dir: 'nix',
          submodules: true,
        },
        original: {},
      },
    }),
    'git and hg by revision alone': lock({
      a: { locked: { type: 'git', url: 'https://example.org/a.git', rev: 'a'.repeat(64) }, original: {} },
      b: { locked: { type: 'hg', url: 'https://example.org/b', rev }, original: {} },
    }),
    'tarballs, also of a service that tells the revision, and a file': lock({
      a: { locked: { type: 'tarball', url: 'https://example.org/a.tar.gz', narHash }, original: {} },
      b: {
        locked: { type: 'tarball', url: 'https://example.org/b.tar.gz', narHash, rev, revCount: 92 },
        original: {},
      },
      c: { flake: false, locked: { type: 'file', url: 'https://example.org/c', narHash }, original: {} },
    }),
    'a kind that is not known yet, by the hash of its content': lock({
      a: { locked: { type: 'other', narHash }, original: {} },
    }),
    'a relative path of Nix before 2.26, and of later ones': lock({
      a: { locked: { type: 'path', path: './sub', narHash, lastModified: 1 }, original: {} },
      b: { locked: { type: 'path', path: './sub' }, original: {}, parent: [] },
    }),
    'relative paths inside of an input': JSON.stringify({
      nodes: {
        a: { inputs: { b: 'b' }, locked: { ...github, dir: 'x' }, original: {} },
        b: { locked: { type: 'path', path: '../y' }, original: {}, parent: ['a'] },
        root: { inputs: { a: 'a' } },
      },
      root: 'root',
      version: 7,
    }),
    'a relative path of a relative path': JSON.stringify({
      nodes: {
        a: { inputs: { b: 'b' }, locked: { type: 'path', path: './x/y' }, original: {}, parent: [] },
        b: { locked: { type: 'path', path: '../../z' }, original: {}, parent: ['a'] },
        root: { inputs: { a: 'a' } },
      },
      root: 'root',
      version: 7,
    }),
  };
  for (const [name, text] of Object.entries(honest)) {
    test(name, () => expect(findings(text)).toEqual([]));
  }
});

describe('what is refused', () => {
  test.each([
    ['', 'is not JSON'],
    ['{ "nodes": ', 'is not JSON'],
    [`\ufeff${lock({})}`, 'is not JSON'],
    [`${lock({})}\u0000{}`, 'is not JSON'],
    ['[]', 'has a version other than 5, 6 and 7'],
    [lock({}, {}, 8), 'has a version other than 5, 6 and 7'],
    [lock({}, {}, 4), 'has a version other than 5, 6 and 7'],
    [lock({}, {}, 7.5), 'has a version other than 5, 6 and 7'],
    ['{ "nodes": {}, "root": "toString", "version": 7 }', 'has no root node'],
  ])('a file like %j', (text, told) => {
    expect(findings(text)).toEqual([{ input: null, kind: 'unlocked', why: told }]);
  });

  test.each([
    [{}, /is not locked/],
    [{ type: 'indirect', id: 'nixpkgs', narHash }, /registry/],
    [{ ...github, rev: undefined }, /without a revision/],
    [{ ...github, rev: 'main' }, /without a revision/],
    [{ ...github, narHash: undefined }, /without the hash/],
    [{ ...github, narHash: '' }, /without the hash/],
    [{ type: 'git', url: 'https://example.org/a.git', narHash }, /without a revision/],
    [{ type: 'git', url: 'https://example.org/a.git', dirtyRev: `${rev}-dirty`, narHash }, /revision/],
    [{ type: 'hg', url: 'https://example.org/a', narHash }, /without a revision/],
    [{ type: 'tarball', url: 'https://example.org/a.tar.gz', rev }, /without the hash/],
    [{ type: 'file', url: 'https://example.org/a' }, /without the hash/],
    [{ type: 'other', rev }, /without the hash/],
    [{ narHash, rev }, /nothing that has a type/],
    [{ type: 'path' }, /no path/],
    [{ type: 'path', path: '/etc/nixos' }, /the path \/etc\/nixos of one machine/],
    [{ type: 'path', path: '/etc/nixos', narHash, lastModified: 1 }, /of one machine/],
    [{ type: 'path', path: '..' }, /leads out of the repository/],
    [{ type: 'path', path: './a/../../b', narHash }, /leads out of the repository/],
  ])('%j', (locked, told) => expect(why(locked)).toMatch(told));

  test('a path is relative to the flake, and may go up to the top of the repository', () => {
    expect(why({ type: 'path', path: '../shared' }, './hosts//web1/')).toBeUndefined();
    expect(why({ type: 'path', path: '../../shared' }, 'hosts/web1')).toBeUndefined();
    expect(why({ type: 'path', path: '../../../shared' }, 'hosts/web1')).toMatch(/leads out/);
  });

  test('what an input names again beside itself', () => {
    const text = lock({ a: { info: { type: 'path', path: '/etc' }, locked: github, original: {} } });
    expect(findings(text)).toMatchObject([{ input: 'a', why: 'is not locked' }]);
  });

  test('deep inputs by the names that lead to them, and each node once', () => {
    const open = { locked: { type: 'git', url: 'https://example.org/a.git' }, original: {} };
    const text = lock(
      { a: { inputs: { b: 'b_2', loop: 'a' }, locked: github, original: {} } },
      { b_2: { ...open, inputs: { c: 'gone', constructor: '__proto__' } } },
    );
    expect(findings(text).map(({ input }) => input)).toEqual(['a/b', 'a/b/c', 'a/b/constructor']);
  });

  test('nodes that nothing leads to are of no consequence', () => {
    expect(findings(lock({}, { x: { locked: { type: 'path', path: '/etc' } } }))).toEqual([]);
  });
});

describe('the problem', () => {
  test('names the input, why and what to do, and is never tried again', () => {
    const problem = lockProblem(findings(lock({ a: { locked: { type: 'path', path: '/etc/nixos' } } })));
    expect(problem).toMatchObject({ code: 'impure_input', retry: 'never' });
    expect(problem?.message).toMatch(/^input a of flake\.lock is the path \/etc\/nixos .*"nix flake lock"/);
    expect(lockProblem(findings('x'))).toMatchObject({
      code: 'unlocked_input',
      message: 'flake.lock is not JSON: remove the file, run "nix flake lock" and commit flake.lock',
    });
    expect(lockProblem([])).toBeNull();
  });

  test('stays short and plain, whatever the names are', () => {
    const names = Array.from({ length: 50 }, (_, index) => `${index}\u001b[31m\n${'x'.repeat(5000)}`);
    const { message = '' } =
      lockProblem(findings(lock(Object.fromEntries(names.map((name) => [name, {}]))))) ?? {};
    expect(message.length).toBeLessThan(2000);
    expect(message).not.toMatch(/[\u0000-\u001f]/);
    expect(message).toContain('and 45 more');
  });
});
