import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Progress } from '../../src/domain/evaluation.ts';
import { run } from '../../src/process.ts';
import { createInfraRepository } from '../harness/imitation-host.ts';
import { createDriverLab, problemOf, type DriverLab } from './driver-lab.ts';

let lab: DriverLab;
beforeAll(async () => {
  lab = await createDriverLab();
});
afterAll(() => lab.remove());

const repositoryWith = async (name: string, flake: string, lock?: object) => {
  const repository = await createInfraRepository(join(lab.dir, name));
  await repository.write('flake.nix', flake);
  if (lock) await repository.write('flake.lock', JSON.stringify(lock));
  const commit = await repository.commit('flake');
  return { commit, source: repository.source(commit) };
};

test('one evaluation gives derivation, toplevel, host name, machine-id and revision', async () => {
  const commit = await lab.release('{ alpha = { machineId = "0123456789abcdef0123456789abcdef"; }; }');
  const evaluation = await lab.evaluate({ commit });
  expect(evaluation).toEqual({
    commit,
    derivation: expect.stringMatching(/\/n\/store\/\w{32}-nixos-system-alpha-.*\.drv$/),
    toplevel: expect.stringMatching(/\/n\/store\/\w{32}-nixos-system-alpha-[^/]*imitate$/),
    hostName: 'alpha',
    machineId: '0123456789abcdef0123456789abcdef',
    configurationRevision: commit,
  });
  expect(existsSync(evaluation.derivation)).toBe(true);
  expect(existsSync(evaluation.toplevel)).toBe(false);
});

test('a commit is evaluated as it is, whatever the work tree holds', async () => {
  const commit = await lab.release('{ alpha = { note = "committed"; }; }');
  const clean = await lab.evaluate({ commit });
  await lab.repository.setHosts('throw "not committed"');
  expect(await lab.evaluate({ commit })).toEqual(clean);
});

test('two commits give one toplevel when the configuration does not carry the revision', async () => {
  const first = await lab.evaluate({ commit: await lab.release('{ alpha = { trackRev = false; }; }') });
  const second = await lab.evaluate({ commit: await lab.release('{ alpha = { trackRev = false; }; }') });
  expect(second.commit).not.toBe(first.commit);
  expect(second).toMatchObject({ toplevel: first.toplevel, configurationRevision: null, machineId: null });
});

test('a host name with dots is one attribute', async () => {
  const commit = await lab.release('{ "web.example.org" = { }; }');
  expect(await lab.evaluate({ commit, host: 'web.example.org' })).toMatchObject({
    hostName: 'web.example.org',
  });
});

test('a flake in a subdirectory is evaluated there', async () => {
  const repository = await createInfraRepository(join(lab.dir, 'nested'));
  await mkdir(join(repository.dir, 'some dir'));
  for (const name of ['flake.nix', 'hosts.nix', 'mk-toplevel.sh']) {
    await cp(join(repository.dir, name), join(repository.dir, 'some dir', name));
  }
  await repository.write('flake.nix', 'throw "the wrong flake"');
  const commit = await repository.commit('moved');
  const source = `${repository.source(commit)}&dir=some%20dir`;
  expect(await lab.evaluate({ commit, source })).toMatchObject({ hostName: 'alpha' });
});

test('a host that is not there is told with the hosts there are, and is not tried again', async () => {
  const commit = await lab.release('{ alpha = { }; "b.example.org" = { }; broken = throw "x"; }');
  const problem = await problemOf(lab.evaluate({ commit, host: 'gamma' }));
  expect(problem).toMatchObject({ code: 'no_such_host', retry: 'never' });
  expect(problem.message).toContain('no host gamma; there are alpha, b.example.org, broken');
});

test('a host name is never Nix code', async () => {
  const commit = await lab.release('{ alpha = { }; }');
  const host = 'x"; y = ${throw "interpolated"}\\';
  expect(await problemOf(lab.evaluate({ commit, host }))).toMatchObject({ code: 'no_such_host' });
});

test('an evaluation that throws is told by its own first error line', async () => {
  const commit = await lab.release('{ alpha = throw "evaluation failed on purpose"; }');
  const problem = await problemOf(lab.evaluate({ commit }));
  expect(problem).toMatchObject({
    code: 'evaluation_failed',
    message: 'error: evaluation failed on purpose',
    retry: 'backoff',
  });
  expect(problem.log).toContain('error: evaluation failed on purpose');
});

test('what a commit throws or traces cannot drive a terminal', async () => {
  const escape = String.fromCodePoint(27);
  const bidi = String.fromCodePoint(0x202e);
  const hostile = `red ${escape}[31mtext${escape}]0;title${String.fromCodePoint(7)} ${bidi}gpj.exe\\nsecond line`;
  const commit = await lab.release(`{ alpha = builtins.trace "${hostile}" (throw "${hostile}"); }`);
  const problem = await problemOf(lab.evaluate({ commit }));
  expect(problem.message).toBe('error: red text gpj.exe');
  expect(problem.log.join('')).toMatch(/trace: red text gpj\.exe/);
  expect(problem.log.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
});

test('a syntax error and a flake without hosts are failures of the commit', async () => {
  const broken = await repositoryWith('broken', '{ outputs = ');
  expect(await problemOf(lab.evaluate(broken))).toMatchObject({
    code: 'evaluation_failed',
    message: expect.stringMatching(/^error: syntax error/),
  });
  const none = await repositoryWith('none', '{ outputs = { self }: { }; }');
  expect(await problemOf(lab.evaluate(none))).toMatchObject({ code: 'evaluation_failed' });
});

test('an input that the lock file does not hold is named, without asking the network for it', async () => {
  const flake =
    '{ inputs.tools.url = "nixpkgs"; outputs = { self, tools }: { nixosConfigurations = { }; }; }';
  const problem = await problemOf(lab.evaluate(await repositoryWith('unlocked', flake)));
  expect(problem).toMatchObject({ code: 'unlocked_input', retry: 'never' });
  expect(problem.message).toMatch(/^error: .*input tools .*nix flake lock/);
});

test('an input that only the arguments of outputs name is unlocked too', async () => {
  const flake = '{ outputs = { self, nixpkgs }: { nixosConfigurations = { }; }; }';
  expect(await problemOf(lab.evaluate(await repositoryWith('implied', flake)))).toMatchObject({
    code: 'unlocked_input',
    message: expect.stringContaining('input nixpkgs'),
  });
});

test('an input that was locked for another URL is an unlocked input', async () => {
  const other = await createInfraRepository(join(lab.dir, 'other'));
  const rev = await other.commit('other');
  const url = (name: string) => `git+file://${join(lab.dir, name)}?rev=${rev}`;
  const node = { type: 'git', url: `file://${join(lab.dir, 'elsewhere')}`, rev };
  const lock = {
    nodes: { root: { inputs: { tools: 'tools' } }, tools: { locked: node, original: node } },
    root: 'root',
    version: 7,
  };
  const flake = `{ inputs.tools.url = "${url('other')}"; outputs = { self, tools }: { nixosConfigurations = { }; }; }`;
  expect(await problemOf(lab.evaluate(await repositoryWith('stale', flake, lock)))).toMatchObject({
    code: 'unlocked_input',
    message: expect.stringContaining('an input'),
  });
});

test('an input whose server cannot be reached is a problem of the network', async () => {
  const node = { type: 'git', url: 'ssh://git@127.0.0.1:1/x', rev: 'a'.repeat(40), ref: 'main' };
  const lock = {
    nodes: {
      root: { inputs: { tools: 'tools' } },
      tools: {
        locked: {
          ...node,
          narHash: 'sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
          lastModified: 1,
          revCount: 1,
        },
        original: { type: 'git', url: node.url },
      },
    },
    root: 'root',
    version: 7,
  };
  const flake = `{ inputs.tools.url = "git+${node.url}"; outputs = { self, tools }: tools; }`;
  const problem = await problemOf(lab.evaluate(await repositoryWith('unreachable', flake, lock)));
  expect(problem).toMatchObject({ code: 'network', message: expect.stringContaining('Connection refused') });
});

test('an evaluation without end is ended at its time limit', async () => {
  const commit = await lab.release(endless);
  const driver = lab.driver({ evaluate: { timeoutMs: 400 } });
  const started = Date.now();
  expect(await problemOf(lab.evaluate({ commit, driver }))).toMatchObject({
    code: 'evaluation_timeout',
    message: expect.stringContaining('0.4 s'),
  });
  expect(Date.now() - started).toBeLessThan(5000);
});

const endless =
  "{ alpha = let l = builtins.genList (x: x) 30000; in builtins.foldl' (a: _: builtins.foldl' (b: _: b) a l) { } l; }";
const hungry =
  '{ alpha = builtins.deepSeq (builtins.genList (x: { a = x; b = toString x; }) 30000000) { }; }';

test('an evaluation that needs more memory than it may have is ended, an ordinary one is not', async () => {
  const driver = lab.driver({ evaluate: { memoryBytes: 500 * 1024 * 1024 } });
  const problem = await problemOf(lab.evaluate({ commit: await lab.release(hungry), driver }));
  expect(problem).toMatchObject({
    code: 'evaluation_memory',
    message: expect.stringMatching(/^error: out of memory/),
  });
  const commit = await lab.release('{ alpha = { }; }');
  expect(await lab.evaluate({ commit, driver })).toMatchObject({ hostName: 'alpha' });
});

test('the words of memory trouble in a thrown text are a failure of the commit', async () => {
  const commit = await lab.release('{ alpha = throw "out of memory, connection refused"; }');
  expect(await problemOf(lab.evaluate({ commit }))).toMatchObject({ code: 'evaluation_failed' });
});

const importing = `{ alpha = {
  note = builtins.readFile (derivation {
    name = "note"; system = "x86_64-linux"; builder = "/bin/sh"; PATH = "/usr/bin:/bin"; args = [ "-c" "echo built > $out" ];
  });
}; }`;

test('import from derivation is refused when it is not allowed', async () => {
  const commit = await lab.release(importing);
  const driver = lab.driver({ evaluate: { allowImportFromDerivation: false } });
  expect(await problemOf(lab.evaluate({ commit, driver }))).toMatchObject({ code: 'evaluation_failed' });
  expect(await lab.evaluate({ commit })).toMatchObject({ hostName: 'alpha' });
});

test('a toplevel that is no store path never becomes an argument', async () => {
  const flake = (toplevel: string) =>
    `{ outputs = { self }: { nixosConfigurations.alpha.config.system.build.toplevel = ${toplevel}; }; }`;
  for (const [name, toplevel] of [
    ['option', '{ drvPath = "--help"; outPath = "--help"; }'],
    ['number', '{ drvPath = 1; outPath = "x"; }'],
  ] as const) {
    const problem = await problemOf(lab.evaluate(await repositoryWith(name, flake(toplevel))));
    expect(problem).toMatchObject({ code: 'evaluation_failed' });
  }
});

test('an abort ends the evaluation and says so', async () => {
  const commit = await lab.release(endless);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  expect(await problemOf(lab.evaluate({ commit, signal: abort.signal }))).toMatchObject({ code: 'aborted' });
});

test('settings in the flake of the commit are not obeyed', async () => {
  const marker = join(lab.dir, 'hook-ran');
  const hook = join(lab.dir, 'hook.sh');
  await writeFile(hook, `#!/bin/sh\necho ran > ${marker}\n`);
  await chmod(hook, 0o755);
  const repository = await createInfraRepository(join(lab.dir, 'hooked'));
  const flake = await readFile(join(repository.dir, 'flake.nix'), 'utf8');
  await repository.write(
    'flake.nix',
    flake.replace('description =', `nixConfig.post-build-hook = "${hook}"; description =`),
  );
  await repository.setHosts(importing.replace('built >', 'built for the hook >'));
  const commit = await repository.commit('hook');
  const evaluation = await lab.evaluate({ commit, source: repository.source(commit) });
  const work = { evaluation, rootName: 'hooked' };
  await lab.driver().realise(work, () => undefined, new AbortController().signal);
  expect(existsSync(evaluation.toplevel)).toBe(true);
  expect(existsSync(marker)).toBe(false);
});

test('settings in the file of the host are obeyed, and a missing file is told before Nix runs', async () => {
  const nixConfFile = join(lab.dir, 'private.conf');
  const commit = await lab.release(importing.replace('built >', 'built again >'));
  const driver = lab.driver({ nixConfFile });
  const problem = await problemOf(lab.evaluate({ commit, driver }));
  expect(problem).toMatchObject({ code: 'credential_unreadable', retry: 'backoff' });
  expect(problem.message).toContain(`${nixConfFile} cannot be read (ENOENT)`);
  await writeFile(nixConfFile, 'system-features = none\nsystem = riscv64-linux\n');
  expect(await problemOf(lab.evaluate({ commit, driver }))).toMatchObject({
    message: expect.stringContaining('riscv64-linux'),
  });
});

test('a nix that is not there is told as such', async () => {
  const environment = { ...lab.store.env, PATH: '/nonexistent' };
  const driver = lab.driver({ environment, run });
  const commit = await lab.release('{ alpha = { }; }');
  expect(await problemOf(lab.evaluate({ commit, driver }))).toMatchObject({ code: 'tool_missing' });
});

test('progress says what is evaluated', async () => {
  const seen: Progress[] = [];
  const commit = await lab.release('{ alpha = { note = "progress"; }; }');
  await lab.evaluate({ commit, onProgress: (progress) => seen.push(progress) });
  expect(seen[0]).toEqual({ phase: 'evaluate', text: 'evaluating alpha', done: null, expected: null });
  expect(seen.every(({ phase }) => phase === 'evaluate')).toBe(true);
});
