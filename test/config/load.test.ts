import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { configHash } from '../../src/config/hash.ts';
import { loadConfig, parseConfig } from '../../src/config/load.ts';

const deps = { hostName: 'web1', uid: process.getuid?.() ?? 0 };
const minimal = { source: { remotes: [{ name: 'origin', url: '/srv/infra' }] }, trust: { mode: 'none' } };

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-config-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function load(text: string) {
  const file = join(dir, 'config.yaml');
  await writeFile(file, text);
  return loadConfig(file, deps);
}

async function failure(text: string): Promise<ConfigError> {
  const error: unknown = await load(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new Error(`no ConfigError but ${String(error)}`);
  return error;
}

function issues(data: unknown): string[] {
  try {
    parseConfig(data, 'c', 'web1');
    return [];
  } catch (error) {
    return (error as ConfigError).message.split('\n').slice(1);
  }
}

const withRemote = (remote: object) => ({
  ...minimal,
  source: { remotes: [{ name: 'a', url: '/a', ...remote }] },
});

test('the smallest file completes at every depth, with durations in milliseconds', async () => {
  const config = await load(
    'source: { remotes: [{ name: origin, url: "https://git.example.org/i.git" }] }\ntrust: { mode: none }\n',
  );
  expect(config).toMatchObject({
    host: 'web1',
    source: {
      remotes: [
        {
          poll: 60_000,
          watch: false,
          branches: {
            main: { name: 'main', operation: 'switch' },
            testing: { name: 'testing-web1', operation: 'test' },
          },
          auth: { username: 'abide', tokenFile: null, knownHostsFile: '/etc/ssh/ssh_known_hosts' },
        },
      ],
    },
    evaluate: { timeout: 1_800_000, memory: null },
    metrics: { listen: { host: '127.0.0.1', port: 9642 } },
    state: { dir: '/var/lib/abide', witness: '/nix/var/abide' },
  });
});

test('JSON and YAML of the same meaning give the same config and the same hash', async () => {
  const fromJson = await load(`\t${JSON.stringify({ ...minimal, log: { level: 'debug' } }, null, '\t')}`);
  const fromYaml = await load(
    'log: {level: debug}\ntrust: {mode: none}\nsource:\n  remotes:\n    - url: /srv/infra\n      name: origin\n      poll: 1m\n',
  );
  expect(fromYaml).toEqual(fromJson);
  expect(configHash(fromYaml)).toBe(configHash(fromJson));
  expect(configHash({ ...fromYaml, mode: 'observe' })).not.toBe(configHash(fromJson));
});

test('null means the default, except where null is a value', () => {
  const nothing = parseConfig(
    {
      ...minimal,
      host: null,
      drift: null,
      api: { group: null },
      build: { options: null },
      evaluate: { memory: null },
    },
    'c',
    'web1',
  );
  expect(nothing).toEqual(parseConfig(minimal, 'c', 'web1'));
  const off = parseConfig(
    { ...withRemote({ poll: null, branches: { testing: null } }), metrics: { listen: null } },
    'c',
    'web1',
  );
  expect(off.metrics.listen).toBeNull();
  expect(off.source.remotes[0]?.branches.testing).toBeNull();
  expect(off.source.remotes[0]?.poll).toBe(60_000);
});

test('every error comes at once, with its path, the value found and what is allowed', async () => {
  const { message } = await failure(`
source:
  remotes:
    - { name: Origin, url: "https://me:hunter2@git.example.org/i", pol: 3s }
    - { name: b, url: "http://x/y", poll: 10ms }
    - { name: b, url: /z, operation: boot }
trust: { mode: none, quorum: 4 }
drift: 5m
health: { checks: [{ name: c, tcp: { host: a } }] }
metrics: { listen: 9642 }
`);
  const lines = message.split('\n').map((line) => line.trim());
  expect(lines[0]).toMatch(/config\.yaml: 1[0-9] problems$/);
  const expected = [
    /^source\.remotes\[0\]\.name: found "Origin"; allowed is lower-case letters/,
    /^source\.remotes\[0\]\.url: found "https:\/\/\*\*\*@git.example.org\/i"; allowed is https/,
    /^source\.remotes\[0\]\.pol: unknown key; did you mean poll\?/,
    /^source\.remotes\[1\]\.url: found "http:\/\/x\/y"; http needs insecure: true/,
    /^source\.remotes\[1\]\.poll: found "10ms"; allowed is a duration of at least 1s/,
    /^source\.remotes\[2\]\.name: found "b"; allowed is a name that no other entry has/,
    /^source\.remotes\[2\]\.operation: unknown key/,
    /^trust\.quorum: found 4; allowed is at most the number of remotes that offer main, 3/,
    /^drift: found "5m"; allowed is a map with keys of interval, policy, grace/,
    /^health\.checks\[0\]\.tcp\.port: missing; needed is a whole number from 1 to 65535/,
    /^metrics\.listen: found 9642; allowed is host:port/,
  ];
  for (const pattern of expected) expect(lines).toContainEqual(expect.stringMatching(pattern));
  expect(message).not.toContain('hunter2');
});

test('trust must be said, and contradictions in it are errors', () => {
  const { trust: _, ...silent } = minimal;
  expect(issues(silent)).toEqual([expect.stringContaining('trust: missing')]);
  expect(issues({ ...minimal, trust: {} })).toEqual([
    expect.stringMatching(/trust\.mode: missing; say what you trust/),
  ]);
  expect(issues({ ...minimal, trust: { mode: 'range' } })).toContainEqual(
    expect.stringContaining('give signers'),
  );
});

test('impossible combinations are errors', () => {
  const unit = { unit: 'x.service' };
  const cases: [object, RegExp][] = [
    [
      { ...minimal, health: { deadline: '30s' } },
      /health\.deadline: found "30s"; allowed is more than settle and stableFor together \(40s\)/,
    ],
    [
      { ...minimal, health: { checks: [{ name: 'units', ...unit }] } },
      /health\.checks\[0\]\.name: found "units"; allowed is another name than units, connectivity, inbound/,
    ],
    [
      {
        ...minimal,
        health: {
          checks: [
            { name: 'x', ...unit },
            { name: 'x', ...unit },
          ],
        },
      },
      /health\.checks\[1\]\.name: found "x"; allowed is a name that no other entry has/,
    ],
    [
      withRemote({ branches: { main: null } }),
      /source\.remotes: at least one remote must have a main branch/,
    ],
    [
      withRemote({ branches: { testing: { name: 'main' } } }),
      /testing\.name: found "main"; allowed is another/,
    ],
    [withRemote({ auth: { tokenFile: '/t' } }), /auth\.tokenFile: found "\/t"; a token is for https/],
    [withRemote({ auth: { sshKeyFile: '/t' } }), /auth\.sshKeyFile: found "\/t"; an SSH key is for ssh/],
    [withRemote({ url: 'https://a/b', watch: true }), /watch: found true; only a repository on this machine/],
    [
      { ...minimal, source: { ...minimal.source, attribute: 'a.b' } },
      /attribute: found "a.b"; allowed with driver nixos/,
    ],
    [
      { ...minimal, source: { remotes: [] } },
      /source\.remotes: found an empty list; allowed is a list of at least one/,
    ],
    [{ ...minimal, build: { options: { 'access-tokens': 'x' } } }, /access-tokens"?: credentials belong/],
  ];
  for (const [data, pattern] of cases) expect(issues(data)).toContainEqual(expect.stringMatching(pattern));
});

test('a token pasted where a file name belongs is not shown', () => {
  const found = issues(withRemote({ url: 'https://a/b', auth: { tokenFile: 'ghp_secret' } })).join('\n');
  expect(found).toContain('source.remotes[0].auth.tokenFile');
  expect(found).not.toContain('ghp_secret');
});

test('a key in the wrong place is told where it belongs', () => {
  expect(issues({ ...minimal, poll: '3s' })).toEqual([
    expect.stringContaining('poll: unknown key; it belongs to source.remotes[].poll'),
  ]);
});

test('syntax errors name line and column and quote nothing of the file', async () => {
  const error = await failure('trust: { mode: none }\nsource:\n  token: "s3cret\n bad: [\n');
  expect(error.message).toMatch(/at line \d+, column \d+/);
  expect(error.message).not.toContain('s3cret');
  expect((await failure('a: 1\na: 2\n')).message).toMatch(/line 2, column 1: Map keys must be unique/);
  expect((await failure('{"trust": {"mode": "none"}')).message).toMatch(/at line 1/);
  expect((await failure('--- a\n--- b\n')).message).toMatch(/not valid YAML or JSON/);
});

test('a file that is missing, empty, a directory, a list or not text is said in one line', async () => {
  const message = async (file: string) =>
    loadConfig(file, deps).then(
      () => 'loaded',
      (error: ConfigError) => error.message,
    );
  expect(await message(join(dir, 'none.yaml'))).toBe(
    `${join(dir, 'none.yaml')}: there is no such file; write one, or name another with --config`,
  );
  expect(await message(dir)).toContain('this is a directory');
  expect((await failure('')).message).toContain('the file is empty');
  expect((await failure('# nothing\n')).message).toContain('the file is empty');
  expect((await failure('- a\n')).message).toContain('a map of keys is needed');
  await writeFile(join(dir, 'binary'), Buffer.from([0xff, 0xfe, 0x00]));
  expect(await message(join(dir, 'binary'))).toContain('not UTF-8');
});

test('an alias bomb is an error, not a crash', async () => {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `k${i}: &k${i} [${`*k${i - 1},`.repeat(i === 0 ? 0 : 9)}1]`,
  );
  expect((await failure(levels.join('\n'))).message).toContain('not valid YAML or JSON');
});

test('a host name of the system that cannot stand in is an error at host', () => {
  expect(() => parseConfig(minimal, 'c', 'not a host')).toThrow(/host: missing, and the system's host name/);
  expect(() => parseConfig(minimal, 'c', 'x.lock')).toThrow(
    /testing\.name: missing, and its default testing-x\.lock/,
  );
});

test('the witness follows the state directory under another root', () => {
  const config = parseConfig(
    { ...minimal, system: { root: '/tmp/h/' }, state: { dir: '/tmp/s' } },
    'c',
    'web1',
  );
  expect(config.system.root).toBe('/tmp/h');
  expect(config.state).toEqual({ dir: '/tmp/s', witness: '/tmp/s' });
});

test('a repository on this machine is watched unless told otherwise', () => {
  const watch = (remote: object) => parseConfig(withRemote(remote), 'c', 'web1').source.remotes[0]?.watch;
  expect(watch({})).toBe(true);
  expect(watch({ url: 'file:///a' })).toBe(true);
  expect(watch({ watch: false })).toBe(false);
  expect(watch({ url: 'git@host:a/b' })).toBe(false);
});

test('a textfile that node_exporter would not read is refused', () => {
  expect(issues({ ...minimal, metrics: { textfile: '/run/abide.txt' } }).join('\n')).toMatch(
    /metrics\.textfile.*"\/run\/abide\.txt".*ends in \.prom/,
  );
  expect(issues({ ...minimal, metrics: { textfile: '/run/abide.prom' } })).toEqual([]);
});
