import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readlink, rename, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Evaluation, Progress } from '../../src/domain/evaluation.ts';
import type { SystemDriver } from '../../src/nix/driver.ts';
import { run, succeeded } from '../../src/process.ts';
import { createNixStore } from '../harness/nix-store.ts';
import { createDriverLab, problemOf, type DriverLab } from './driver-lab.ts';

let lab: DriverLab;
const servers: Server[] = [];
beforeAll(async () => {
  lab = await createDriverLab();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await lab.remove();
});

const never = () => new AbortController().signal;
const evaluated = async (host: string) =>
  lab.evaluate({ commit: await lab.release(`{ alpha = { ${host} }; }`) });
const root = (name: string) => join(lab.store.stateDir, 'gcroots/abide', name);
const collectGarbage = () => lab.nix('nix-collect-garbage', '-d');
const realise = (evaluation: Evaluation, rootName: string, driver: SystemDriver = lab.driver()) =>
  driver.realise({ evaluation, rootName }, () => undefined, never());

/** A binary cache over HTTP, because Nix remembers what such a one has not. */
async function serve(files: string): Promise<string> {
  const server = createServer((request, response) => {
    const stream = createReadStream(join(files, request.url ?? ''));
    stream.once('error', () => response.writeHead(404).end());
    stream.pipe(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function builderOf(pidFile: string): Promise<number> {
  for (let tries = 0; tries < 500; tries += 1) {
    const text = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '';
    if (text.endsWith('\n')) return Number(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the builder did not start');
}

// A killed process may stay a zombie where nobody reaps orphans; it does nothing any more.
function groupLives(group: number): boolean {
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [statOf(name)] : []));
  return stats.some(([state, , processGroup]) => state !== 'Z' && Number(processGroup) === group);
}

function statOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}

test('a built toplevel has a gc root that garbage collection respects', async () => {
  const evaluation = await evaluated('note = "kept";');
  await realise(evaluation, 'candidate');
  expect(await readlink(root('candidate'))).toBe(evaluation.toplevel);
  await collectGarbage();
  expect(existsSync(join(evaluation.toplevel, 'bin/switch-to-configuration'))).toBe(true);
});

test('the root of a name moves only when the next build has succeeded', async () => {
  const first = await evaluated('note = "first";');
  await realise(first, 'moving');
  await problemOf(realise(await evaluated('buildFails = 1;'), 'moving'));
  expect(await readlink(root('moving'))).toBe(first.toplevel);
  const second = await evaluated('note = "second";');
  await realise(second, 'moving');
  expect(await readlink(root('moving'))).toBe(second.toplevel);
});

test('what is in the store already is not built again', async () => {
  const evaluation = await evaluated('note = "once";');
  await realise(evaluation, 'once');
  const driver = lab.driver({ build: { options: { 'max-jobs': '0' } } });
  await realise(evaluation, 'twice', driver);
  expect(await readlink(root('twice'))).toBe(evaluation.toplevel);
});

test('a failed build is told by the tool, with the name and the last lines of what failed', async () => {
  const evaluation = await evaluated('buildFails = 1;');
  const problem = await problemOf(realise(evaluation, 'bad'));
  expect(problem).toMatchObject({ code: 'build_failed', retry: 'backoff' });
  expect(problem.message).toMatch(
    /^error: builder for .* failed with exit code 1 \(.*: failing on purpose\)$/,
  );
  expect(problem.log.slice(-2)).toEqual(['building imitation of alpha', 'failing on purpose']);
});

test('a failed build of a dependency is told with the log of the dependency', async () => {
  const evaluation = await evaluated('specialisation.part = { buildFails = 1; };');
  const problem = await problemOf(realise(evaluation, 'bad'));
  expect(problem).toMatchObject({ code: 'build_failed' });
  expect(problem.log.at(-1)).toBe('failing on purpose');
});

test('an abort ends the build and its builder', async () => {
  const buildPidFile = join(lab.dir, 'aborted.pid');
  const evaluation = await evaluated(`buildSeconds = 60; buildPidFile = "${buildPidFile}";`);
  const abort = new AbortController();
  const building = lab.driver().realise({ evaluation, rootName: 'slow' }, () => undefined, abort.signal);
  const pid = await builderOf(buildPidFile);
  expect(groupLives(pid)).toBe(true);
  abort.abort();
  expect(await problemOf(building)).toMatchObject({ code: 'aborted' });
  await expect.poll(() => groupLives(pid), { timeout: 3000 }).toBe(false);
});

test('an abort during a build that the evaluation asked for ends that builder too', async () => {
  const pidFile = join(lab.dir, 'import.pid');
  const commit = await lab.release(`{ alpha = { note = builtins.readFile (derivation {
    name = "note"; system = "x86_64-linux"; builder = "/bin/sh"; PATH = "/usr/bin:/bin";
    args = [ "-c" "echo $$ > ${pidFile}; sleep 60" ]; }); }; }`);
  const abort = new AbortController();
  const evaluating = lab.evaluate({ commit, signal: abort.signal });
  const pid = await builderOf(pidFile);
  abort.abort();
  expect(await problemOf(evaluating)).toMatchObject({ code: 'aborted' });
  await expect.poll(() => groupLives(pid), { timeout: 3000 }).toBe(false);
});

test('a build past its time limit is ended with its builder', async () => {
  const buildPidFile = join(lab.dir, 'late.pid');
  const evaluation = await evaluated(`buildSeconds = 60; note = "late"; buildPidFile = "${buildPidFile}";`);
  const driver = lab.driver({ build: { timeoutMs: 1500 } });
  const problem = await problemOf(realise(evaluation, 'late', driver));
  expect(problem).toMatchObject({ code: 'build_timeout', message: expect.stringContaining('1.5 s') });
  const pid = await builderOf(buildPidFile);
  await expect.poll(() => groupLives(pid), { timeout: 3000 }).toBe(false);
});

test("Nix's own time limit is a time-out of the build, whatever its name in the options", async () => {
  const evaluation = await evaluated('buildSeconds = 60; note = "own";');
  const driver = lab.driver({ build: { options: { timeout: '1' } } });
  expect(await problemOf(realise(evaluation, 'own', driver))).toMatchObject({ code: 'build_timeout' });
});

test('a fixed output that is another is a hash mismatch', async () => {
  const evaluation = await evaluated(`kernelVersion = builtins.readFile (derivation {
    name = "fixed"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo > $out" ];
  });`).catch(() => null);
  expect(evaluation).toBeNull();
  const flake = `{ outputs = { self }: { nixosConfigurations.alpha.config.system.build.toplevel = derivation {
    name = "fixed"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo other > $out" ];
    outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = "${'0'.repeat(64)}"; }; }; }`;
  await lab.repository.git('checkout', '--quiet', '-b', 'fixed');
  await lab.repository.write('flake.nix', flake);
  const commit = await lab.repository.commit('fixed');
  await lab.repository.git('checkout', '--quiet', 'main');
  const fixed = await lab.evaluate({ commit, source: lab.repository.source(commit, 'refs/heads/fixed') });
  expect(await problemOf(realise(fixed, 'fixed'))).toMatchObject({
    code: 'build_hash_mismatch',
    message: expect.stringMatching(/^error: hash mismatch/),
  });
});

test('a derivation that was collected meanwhile has to be evaluated again, at once', async () => {
  const commit = await lab.release('{ alpha = { note = "collected"; }; }');
  const evaluation = await lab.evaluate({ commit });
  await collectGarbage();
  expect(existsSync(evaluation.derivation)).toBe(false);
  const problem = await problemOf(realise(evaluation, 'collected'));
  expect(problem).toMatchObject({ code: 'derivation_missing', retry: { afterMs: 0 } });
  await realise(await lab.evaluate({ commit }), 'collected');
});

test('in substitute mode a path that no cache has is waited for, and taken when a cache has it', async () => {
  const files = join(lab.dir, 'cache');
  const url = await serve(files);
  const options = { substituters: url, 'require-sigs': 'false' };
  const driver = lab.driver({ build: { mode: 'substitute', options } });
  const evaluation = await evaluated('note = "elsewhere";');
  await realise(evaluation, 'elsewhere');
  await lab.nix('nix', 'copy', '--to', `file://${files}`, evaluation.toplevel);
  await rm(root('elsewhere'));
  await collectGarbage();
  const narinfo = join(files, `${basename(evaluation.toplevel).slice(0, 32)}.narinfo`);
  await rename(narinfo, `${narinfo}.later`);
  const problem = await problemOf(realise(evaluation, 'waited', driver));
  expect(problem).toMatchObject({ code: 'not_in_cache', retry: { afterMs: 60_000 } });
  expect(problem.message).toContain(evaluation.toplevel);
  expect(existsSync(evaluation.toplevel)).toBe(false);
  await rename(`${narinfo}.later`, narinfo);
  await realise(evaluation, 'waited', driver);
  expect(await readlink(root('waited'))).toBe(evaluation.toplevel);
});

test('in substitute mode a cache that does not answer is a problem of the network', async () => {
  const options = { substituters: 'http://127.0.0.1:1', 'download-attempts': '1' };
  const driver = lab.driver({ build: { mode: 'substitute', options } });
  const evaluation = await evaluated('note = "unreachable";');
  expect(await problemOf(realise(evaluation, 'unreachable', driver))).toMatchObject({ code: 'network' });
});

test('a build that fails while a cache is down is still a failure of the build', async () => {
  const options = { substituters: 'http://127.0.0.1:1', 'download-attempts': '1' };
  const driver = lab.driver({ build: { options } });
  expect(await problemOf(realise(await evaluated('buildFails = 1;'), 'down', driver))).toMatchObject({
    code: 'build_failed',
  });
});

test('progress counts the builds and names the one that runs, with its phase and its last line', async () => {
  const evaluation = await evaluated('note = "progress"; kernelVersion = "6.13.0"; buildSeconds = 1;');
  const seen: Progress[] = [];
  await lab.driver().realise({ evaluation, rootName: 'p' }, (progress) => seen.push(progress), never());
  const texts = seen.map(({ text }) => text);
  expect(texts.some((text) => text.startsWith('building nixos-system-alpha-'))).toBe(true);
  expect(texts).toContainEqual(expect.stringMatching(/\(buildPhase\): building imitation of alpha$/));
  const { done, expected } = seen.at(-1) as Progress;
  expect(expected).toBeGreaterThanOrEqual(3);
  expect(done).toBe(expected);
});

const command = async (file: string, ...args: string[]) =>
  succeeded(await run({ file, args, env: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 10_000 }));
const mayMount =
  process.getuid?.() === 0 && (await command('unshare', '-m', 'mount', '-t', 'tmpfs', 'abide', '/mnt'));

test.skipIf(!mayMount)('a full disk is told as such, not as a failure of the build', async () => {
  const small = join(lab.dir, 'small');
  await mkdir(small);
  expect(await command('mount', '-t', 'tmpfs', '-o', 'size=24m', 'abide-test', small)).toBe(true);
  try {
    const store = await createNixStore(small);
    const driver = lab.driver({ environment: store.env, run });
    const commit = await lab.release('{ alpha = { buildMebibytes = 40; }; }');
    const evaluation = await lab.evaluate({ commit, driver });
    const problem = await problemOf(realise(evaluation, 'big', driver));
    expect(problem).toMatchObject({
      code: 'no_space',
      message: expect.stringMatching(/no space left on device/i),
    });
    await command('dd', 'if=/dev/zero', `of=${join(small, 'rest')}`);
    const next = await lab.release('{ alpha = { note = "next"; }; }');
    expect(await problemOf(lab.evaluate({ commit: next, driver }))).toMatchObject({ code: 'no_space' });
  } finally {
    await command('umount', small);
  }
});
