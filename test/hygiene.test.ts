import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNone } from './harness/expect-none.ts';
import { lineAt, top } from './harness/sources.ts';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly resolved?: string; readonly engines?: { node?: string } }>
  >;
}

interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const files = projectFiles();
const manifest: Manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
const lock: Lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));

// Every pattern is put together from pieces, so that this file does not contain what it looks for.
const checkoutPath = new RegExp(
  `(?<![\\w.~$}>/-])/(?:${['work', 'root', 'home/[a-z_][\\w-]*'].join('|')})/`,
  'g',
);
const registryHost = new RegExp(
  [
    ['registry', '[a-z]+', '(?:org|com)'],
    ['deb', 'debian', 'org'],
    ['archive', 'ubuntu', 'com'],
    ['proxy', 'golang', 'org'],
    ['pypi', 'org'],
    ['files', 'pythonhosted', 'org'],
  ]
    .map((labels) => labels.join('\\.'))
    .join('|'),
  'g',
);
const marks = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
].map((halves) => halves.join(''));
const leftOver = new RegExp(`\\b(?:${marks.join('|')})\\b`, 'g');

describe('what no file of the project contains', () => {
  test('there are files to look at', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  test('no path of the machine it was written on', () => {
    expectNone(files.flatMap((path) => found(path, checkoutPath)));
  });

  test('no host name of a package registry', () => {
    expectNone(files.flatMap((path) => found(path, registryHost)));
  });

  test('no left-over marks in the sources', () => {
    const sources = files.filter((path) => /^(?:src|machines|metrics)\//.test(path));
    expectNone(sources.flatMap((path) => found(path, leftOver)));
  });

  test('no focused or switched-off test', () => {
    const pattern = /^\s*(?:test|it|describe)\.(?:only|skip|todo)\(/gm;
    const tests = files.filter((path) => path.endsWith('.test.ts'));
    expectNone(tests.flatMap((path) => found(path, pattern)));
  });
});

describe('packages', () => {
  test('the lockfile names no place to fetch from', () => {
    const placed = Object.entries(lock.packages).filter(([, { resolved }]) => resolved !== undefined);
    expectNone(placed.map(([path]) => path));
  });

  test('the oldest Node that is promised runs every package of the lockfile', () => {
    const tooNew = Object.entries(lock.packages)
      .filter(([, { engines }]) => !runsOn([20, 19, 0], engines?.node ?? '*'))
      .map(([path, { engines }]) => `${path}: needs Node ${engines?.node}`);
    expectNone(tooNew);
  });

  test('majors that want a newer Node are held back', () => {
    expect(manifest.engines.node).toBe('>=20.19');
    const { dependencies, devDependencies } = manifest;
    expect(dependencies['execa']).toMatch(/^\^9\./);
    expect(dependencies['commander']).toMatch(/^\^14\./);
    expect(devDependencies['vitest']).toMatch(/^\^4\./);
    expect(devDependencies['@types/node']).toMatch(/^\^20\./);
  });

  test.each([
    ['>=20.19', true],
    ['^18.19.0 || >=20.5.0', true],
    ['^20.19.0 || >=22.12.0', true],
    ['20 || >=22', true],
    ['>= 10.x', true],
    ['>=22.12', false],
    ['^18.19.0 || >=22', false],
    ['^20.20.0', false],
    ['>=18 <20', false],
  ])('the range %s is read as it is meant', (range, runs) => {
    expect(runsOn([20, 19, 0], range)).toBe(runs);
  });
});

/** What is tracked or could be: everything Git does not ignore. */
function projectFiles(): string[] {
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: top, encoding: 'utf8' }).split('\0');
  return listed.filter((path) => path !== '' && existsSync(join(top, path)));
}

function found(path: string, pattern: RegExp): string[] {
  const text = readFileSync(join(top, path), 'utf8');
  if (text.includes('\0')) return [];
  return [...text.matchAll(pattern)].map(
    (match) => `${path}:${lineAt(text, match.index)}: ${match[0].trim()}`,
  );
}

type Version = readonly [number, number, number];

/** The few forms of range that `engines` fields use; an unknown form counts as not running. */
function runsOn(version: Version, range: string): boolean {
  return range.split('||').some((alternative) =>
    alternative
      .trim()
      .replace(/([<>=^~])\s+/g, '$1')
      .split(/\s+/)
      .every((comparator) => fits(version, comparator)),
  );
}

function fits(version: Version, comparator: string): boolean {
  if (comparator === '*') return true;
  const [, sign = '', digits = ''] = /^(>=|<=|>|<|\^|~|=)?v?([\dx.]+)$/.exec(comparator) ?? [];
  const wanted = digits.split('.').map((part) => Number(part.replace('x', '0')));
  if (digits === '' || wanted.some(Number.isNaN)) return false;
  const difference = compare(version, wanted);
  if (sign === '>=') return difference >= 0;
  if (sign === '>') return difference > 0;
  if (sign === '<') return difference < 0;
  if (sign === '<=') return difference <= 0;
  return difference >= 0 && version[0] === wanted[0];
}

function compare(version: Version, wanted: readonly number[]): number {
  const index = version.findIndex((part, position) => part !== (wanted[position] ?? 0));
  return index === -1 ? 0 : (version[index] ?? 0) - (wanted[index] ?? 0);
}
