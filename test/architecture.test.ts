import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNone } from './harness/expect-none.ts';
import {
  type Import,
  type Source,
  importsOf,
  lineAt,
  readSources,
  sourceOf,
  top,
} from './harness/sources.ts';

/** Files that may be longer than 260 lines, each with its reason beside it. */
const longFiles: readonly string[] = [];

/** What a part of the house may import besides itself. */
interface Allowed {
  /** Parts, packages, or `node:` for all that Node brings. */
  readonly values: readonly string[];
  /** Parts of which only `import type` may come. */
  readonly types?: readonly string[];
}

const cli: Allowed = { values: ['domain', 'api client', 'commander', 'node:'] };
const adapter: Allowed = { values: ['domain', 'process', 'node:'], types: ['config'] };

const table: Readonly<Record<string, Allowed>> = {
  domain: { values: [] },
  config: { values: ['domain', 'zod', 'yaml', 'node:'] },
  process: { values: ['domain', 'execa', 'node:'] },
  machines: { values: ['domain', 'xstate'] },
  git: { ...adapter, values: [...adapter.values, 'simple-git'] },
  nix: adapter,
  host: adapter,
  state: { ...adapter, values: [...adapter.values, 'zod'] },
  notify: adapter,
  log: { values: ['domain', 'pino', 'pino-pretty', 'node:'], types: ['config'] },
  metrics: { values: ['domain', 'prom-client', 'node:'], types: ['machines'] },
  'metrics rules': { values: ['domain', 'yaml'] },
  'metrics dashboards': { values: ['domain', '@grafana/grafana-foundation-sdk'] },
  api: { values: ['domain', 'zod', 'node:'], types: ['machines'] },
  cli,
  'cli config': { values: [...cli.values, 'config', 'metrics rules'] },
  main: { values: ['cli', 'domain', 'commander', 'node:'], types: ['api client'] },
  daemon: {
    values: [
      'api',
      'api client',
      'config',
      'domain',
      'git',
      'host',
      'log',
      'machines',
      'metrics',
      'nix',
      'notify',
      'process',
      'state',
      'xstate',
      'node:',
    ],
  },
};

/** Parts that only the ones named may import, whatever the table says. */
const importers: Readonly<Record<string, readonly string[]>> = { daemon: ['main'], log: ['daemon'] };

const sources = readSources(['src', 'machines', 'metrics']);
const imports = sources.flatMap(importsOf);

test('there are sources to look at', () => {
  expect(sources.length).toBeGreaterThan(10);
  expect(imports.length).toBeGreaterThan(10);
});

describe('who may import whom', () => {
  test('every file belongs to a part of the house', () => {
    const strangers = sources.filter(({ path }) => table[ruleOf(path)] === undefined);
    expectNone(strangers.map(({ path }) => `${path}: belongs to no part that the table names`));
  });

  test('every import is one that the table allows', () => {
    expectNone(imports.flatMap(forbidden));
  });

  test('the daemon is imported by main alone, and dynamically', () => {
    const ofDaemon = imports.filter((one) => partOf(targetPath(one) ?? '') === 'daemon');
    const fromOutside = ofDaemon.filter((one) => partOf(one.source.path) !== 'daemon');
    const wrong = fromOutside.filter((one) => partOf(one.source.path) !== 'main' || one.kind === 'value');
    expectNone(wrong.map((one) => at(one, 'only src/main.ts may import the daemon, by `await import()`')));
  });

  test('execa is imported by the process funnel alone', () => {
    const wrong = imports.filter((one) => one.specifier === 'execa' && partOf(one.source.path) !== 'process');
    expectNone(wrong.map((one) => at(one, 'run children by src/process.ts')));
  });

  test("Grafana's model is known to one file, which nothing that is shipped to a host imports", () => {
    const sdk = imports.filter((one) => packageOf(one.specifier) === '@grafana/grafana-foundation-sdk');
    expect([...new Set(sdk.map((one) => one.source.path))]).toEqual(['metrics/dashboards/grafana.ts']);
    const inside = imports.filter((one) => targetPath(one)?.startsWith('metrics/dashboards/'));
    expectNone(
      inside
        .filter((one) => !one.source.path.startsWith('metrics/dashboards/'))
        .map((one) => at(one, 'dashboards are files, made by npm run generate')),
    );
  });

  test('simple-git is started in one file', () => {
    const starters = sources.filter(({ code }) => /\bsimpleGit\(/.test(code)).map(({ path }) => path);
    expect(starters.length, starters.join(', ')).toBeLessThanOrEqual(1);
  });
});

describe('house style', () => {
  test.each([
    ['no default export', /^export\s+default\b|^export\s*\{[^}]*\bas default\b/gm],
    ['no enum', /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/gm],
    ['no namespace', /^\s*(?:export\s+)?(?:declare\s+)?(?:namespace|module)\s+\w/gm],
    ['no export of everything', /^export\s*(?:type\s*)?\*/gm],
  ])('%s', (_rule, pattern) => {
    expectNone(sources.flatMap((source) => found(source, pattern)));
  });

  test('the environment is read in one place', () => {
    const others = sources.filter(({ path }) => path !== 'src/config/environment.ts');
    expectNone(others.flatMap((source) => found(source, /\bprocess\.env\b|\benv\b.*from 'node:process'/g)));
  });

  test('decisions and machines have neither clock nor chance of their own', () => {
    const pure = sources.filter(({ path }) => ['domain', 'machines'].includes(partOf(path)));
    const impure = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b/g;
    expectNone(pure.flatMap((source) => found(source, impure)));
  });

  test('no file is a drawer for everything', () => {
    const drawer = /(?:^|\/)(?:utils?|helpers?|common|shared|misc|index)(?:\/|\.ts$)/;
    expectNone(sources.map(({ path }) => path).filter((path) => drawer.test(path)));
  });

  test('every export has a doc comment directly above', () => {
    expectNone(sources.flatMap(undocumented));
  });

  test('no file is longer than 260 lines', () => {
    const long = sources
      .filter(({ text }) => text.trimEnd().split('\n').length > 260)
      .map(({ path }) => path);
    expectNone(long.filter((path) => !longFiles.includes(path)));
    expectNone(
      longFiles
        .filter((path) => !long.includes(path))
        .map((path) => `${path} is short: strike it off the list`),
    );
  });
});

describe('the reading of imports', () => {
  const read = (text: string) =>
    importsOf(sourceOf('src/cli/x.ts', text)).map(({ kind, specifier, line }) => [kind, specifier, line]);

  test('tells values, types and dynamic imports apart, over several lines', () => {
    const text = [
      "import { a } from 'a';",
      "import type { B } from './b.ts';",
      'import {\n  c,\n} from "./c.ts";',
      "import './d.ts';",
      "export { e } from './e.ts';",
      "export type { F } from './f.ts';",
      "const g = await import('./g.ts');",
      "type H = typeof import('./h.ts');",
      "import { type I } from './i.ts';",
    ].join('\n');
    expect(read(text)).toEqual([
      ['value', 'a', 1],
      ['type', './b.ts', 2],
      ['value', './c.ts', 3],
      ['value', './d.ts', 6],
      ['value', './e.ts', 7],
      ['type', './f.ts', 8],
      ['dynamic', './g.ts', 9],
      ['type', './h.ts', 10],
      ['value', './i.ts', 11],
    ]);
  });

  test('does not see what stands in comments', () => {
    expect(
      read("// import x from 'x';\n/*\nimport y from 'y';\n*/\nconst a = 'http://z'; // import('z')"),
    ).toEqual([]);
  });
});

function forbidden(one: Import): string[] {
  const reason = whyForbidden(one);
  return reason === undefined ? [] : [at(one, reason)];
}

function whyForbidden(one: Import): string | undefined {
  const path = targetPath(one);
  if (path !== undefined && !existsSync(join(top, path)))
    return `${one.specifier} is no file; imports end in .ts`;
  const part = partOf(one.source.path);
  if (path !== undefined && partOf(path) === part) return undefined;
  const rule = ruleOf(one.source.path);
  const target = path === undefined ? packageOf(one.specifier) : targetOf(path);
  const only = importers[target];
  if (only !== undefined) return only.includes(part) ? undefined : `${target} is for ${only.join(', ')} only`;
  if (table[rule]?.values.includes(target)) return undefined;
  if (!table[rule]?.types?.includes(target)) return `${rule} may not import ${target}`;
  return one.kind === 'type' ? undefined : `${rule} may import only types of ${target}, by \`import type\``;
}

function targetPath({ source, specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? normalize(join(dirname(source.path), specifier)) : undefined;
}

function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function partOf(path: string): string {
  const [root = '', second = ''] = path.split('/');
  return root === 'src' ? second.replace(/\.ts$/, '') : root;
}

/** The row of the table that holds for a file. */
function ruleOf(path: string): string {
  if (path.startsWith('metrics/rules/')) return 'metrics rules';
  if (path.startsWith('metrics/dashboards/')) return 'metrics dashboards';
  return /^src\/cli\/config\b/.test(path) ? 'cli config' : partOf(path);
}

/** The name under which the table lets others import a file. */
function targetOf(path: string): string {
  if (path.startsWith('metrics/rules/')) return 'metrics rules';
  return /^src\/api\/(?:client|contract)\b/.test(path) ? 'api client' : partOf(path);
}

const exported =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type)\s+(\w+)/;

/** Exports without a doc comment; a type derived from the constant right above it shares that one's. */
function undocumented(source: Source): string[] {
  const lines = source.text.split('\n');
  return lines.flatMap((line, index) => {
    const name = exported.exec(line)?.[1];
    if (
      name === undefined ||
      hasDoc(lines, index) ||
      isDerived(lines, index) ||
      isOverload(lines, index, name)
    ) {
      return [];
    }
    return [`${source.path}:${index + 1}: ${name} has no doc comment of a sentence`];
  });
}

function hasDoc(lines: readonly string[], index: number): boolean {
  if (!lines[index - 1]?.trimEnd().endsWith('*/')) return false;
  let start = index - 1;
  while (start > 0 && !lines[start]?.includes('/*')) start -= 1;
  const comment = lines.slice(start, index).join(' ');
  const words = comment
    .replace(/[/*\s]+/g, ' ')
    .trim()
    .split(' ');
  return comment.trimStart().startsWith('/**') && words.length >= 3;
}

// `type Kind = (typeof kinds)[number]` and `type Part = Whole['part']`, right below what they come from.
function isDerived(lines: readonly string[], index: number): boolean {
  const base = baseOf(lines[index]);
  if (base === undefined) return false;
  const above = lines.slice(0, index).filter((line) => exported.test(line) && baseOf(line) !== base);
  return exported.exec(above.at(-1) ?? '')?.[1] === base;
}

function baseOf(line: string | undefined): string | undefined {
  const [, constant, whole] = /^export type \w+ = (?:.*\btypeof (\w+)|(\w+)\[)/.exec(line ?? '') ?? [];
  return constant ?? whole;
}

function isOverload(lines: readonly string[], index: number, name: string): boolean {
  return lines.slice(0, index).some((line) => line.startsWith(`export function ${name}(`));
}

function found({ path, code }: Source, pattern: RegExp): string[] {
  return [...code.matchAll(pattern)].map(
    (match) => `${path}:${lineAt(code, match.index)}: ${match[0].trim().split('\n')[0]}`,
  );
}

function at({ source, line, specifier }: Import, message: string): string {
  return `${source.path}:${line}: '${specifier}': ${message}`;
}
