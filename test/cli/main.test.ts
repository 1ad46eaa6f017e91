import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFakeDaemon, type FakeDaemon } from '../api/fake-daemon.ts';
import { sampleDeployment, sampleStatus } from '../api/sample-status.ts';

const top = fileURLToPath(new URL('../../', import.meta.url));
let daemon: FakeDaemon;
beforeAll(async () => {
  daemon = await startFakeDaemon();
});
afterAll(() => daemon.close());

async function abide(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(top, 'src/main.ts'), ...args], {
    cwd: top,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, stdout, stderr };
}

describe('the command line', () => {
  test.each([
    ['before', (socket: string) => ['--socket', socket, '--json', 'status']],
    ['after', (socket: string) => ['status', '--json', '--socket', socket]],
    ['glued', (socket: string) => [`--socket=${socket}`, 'status', '--json']],
  ])('takes global options %s the command', async (_where, line) => {
    const { exitCode, stdout } = await abide(line(daemon.socket));
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, sampleStatus]);
  });

  test('takes them with commands that need the parser too', async () => {
    const { exitCode, stdout } = await abide(['history', '--json', '-n', '1', '--socket', daemon.socket]);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { deployments: [{ id: sampleDeployment.id }] }]);
  });

  test('exits 3 without a daemon', async () => {
    const { exitCode, stderr } = await abide(['history', '--socket', `${daemon.socket}.not`]);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^abide: the daemon does not run here: .*\n$/);
  });

  test.each([
    [['statsu'], /unknown command 'statsu'\n\(Did you mean status\?\)/],
    [['status', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['status', 'x'], /too many arguments/],
    [['status', '--socket'], /argument missing/],
    [['show'], /missing required argument 'id'/],
    [['suspend'], /required option '--reason <text>'/],
    [['history', '-n', 'many'], /whole number/],
    [['suspend', '--reason', 'x', '--for', 'ever'], /--for ever: allowed is a duration/],
    [['events', '--audit', '--follow'], /--audit .* cannot follow/],
    [['events', '-n', '0'], /whole number/],
    [['why', 'HEAD'], /HEAD is no commit id/],
    [['plan', '--json', 'abc'], /^abide: abc is no commit id/],
    [['trust', 'audit', '/repo', '--config', 'x'], /^abide: x: there is no such file/],
    [['rollback', '--to', 'x'], /^abide: required option '--reason <text>'/],
    [[], /Usage: abide/],
  ])('%j is a usage error: exit 2 with a hint', async (args, hint) => {
    const { exitCode, stdout, stderr } = await abide(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(hint);
  });

  test('--help lists what is built and nothing else', async () => {
    const { exitCode, stdout } = await abide(['--help']);
    expect(exitCode).toBe(0);
    const listed = stdout
      .split('Commands:')[1]
      ?.match(/^ {2}(\w+)/gm)
      ?.map((name) => name.trim());
    expect(listed?.toSorted()).toEqual(
      'accept config confirm events help history plan reconcile reject resume retry rollback run show status suspend trust version why'.split(
        ' ',
      ),
    );
  });

  test('--version and version tell the version', async () => {
    expect((await abide(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    const { exitCode, stdout } = await abide(['version', '--json'], { PATH: '/nowhere' });
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { node: process.versions.node, git: null, nix: null },
    ]);
  });
});

describe('what status loads', () => {
  let metafile: Metafile;
  beforeAll(async () => {
    ({ metafile } = await build({
      absWorkingDir: top,
      entryPoints: { main: 'src/main.ts' },
      outdir: 'unwritten',
      bundle: true,
      splitting: true,
      platform: 'node',
      format: 'esm',
      write: false,
      minify: true,
      metafile: true,
      external: ['*/daemon.ts'],
    }));
  });

  function loadedAtOnce(output: string, seen = new Set<string>()): ReadonlySet<string> {
    if (seen.has(output)) return seen;
    seen.add(output);
    for (const { path, kind, external } of metafile.outputs[output]?.imports ?? []) {
      if (kind === 'import-statement' && !external) loadedAtOnce(path, seen);
    }
    return seen;
  }

  test('is small and without any package', () => {
    const outputs = [...loadedAtOnce('unwritten/main.js')].map((name) => metafile.outputs[name]!);
    const inputs = outputs.flatMap((output) => Object.keys(output.inputs));
    expect(inputs).toContain('src/cli/render-status.ts');
    expect(inputs.filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(outputs.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(32 * 1024);
  });
});
