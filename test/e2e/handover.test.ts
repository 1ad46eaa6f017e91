import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HostStatus } from '../../src/domain/status.ts';
import { run } from '../../src/process.ts';
import { createLab, type Lab } from './alpha-lab.ts';

// Nix is called through a program that notes every call, and first does what a test left in `meanwhile`.
const noting = (dir: string, env: Readonly<Record<string, string>>) => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  for (const tool of ['nix', 'nix-store']) {
    const text = `#!/bin/sh
echo "${tool} $*" >> '${dir}/calls'
if [ -e '${dir}/meanwhile' ]; then mv '${dir}/meanwhile' '${dir}/moved' && sh '${dir}/moved' > '${dir}/moved.log' 2>&1; fi
PATH='${env['PATH']}' exec ${tool} "$@"
`;
    writeFileSync(join(bin, tool), text);
    chmodSync(join(bin, tool), 0o755);
  }
  return { ...env, PATH: `${bin}:${env['PATH']}` };
};

let lab: Lab;
let flake: string;
beforeAll(async () => {
  lab = await createLab({ env: noting });
  flake = readFileSync(join(lab.infra.dir, 'flake.nix'), 'utf8');
  // Not even a host whose own settings say otherwise.
  appendFileSync(join(lab.dir, 'nix/conf/nix.conf'), 'accept-flake-config = true\npure-eval = false\n');
  await lab.daemon.start();
});
afterAll(() => lab.remove());

/** The repository is whole again and deployed; then only what the test changes is new. */
let good: string;
beforeEach(async () => {
  await lab.infra.write('flake.nix', flake);
  await lab.infra.git('rm', '--quiet', '--ignore-unmatch', '--force', 'flake.lock');
  good = await lab.deploy(`before ${expect.getState().currentTestName?.replace(/\W+/g, ' ')}`);
  writeFileSync(join(lab.dir, 'calls'), '');
});

const calls = () => readFileSync(join(lab.dir, 'calls'), 'utf8');
const stalledOn = (commit: string) =>
  lab.daemon.until('stall', ({ state, failure, desired }) => {
    return state === 'stalled' && failure !== null && desired?.commit === commit;
  });
/** Refused without Nix having seen anything of it; the host and the floor are as before. */
const expectRefused = (commit: string, status: HostStatus) => {
  expect(calls()).toBe('');
  expect(status).toMatchObject({
    summary: 'Stalled',
    desired: { commit },
    floor: good,
    observed: { current: { commits: [good] } },
  });
};
const withInput = (url: string) =>
  flake
    .replace('outputs = { self }:', 'outputs = { self, tools }:')
    .replace('{\n', `{\n  inputs.tools = { url = "${url}"; flake = false; };\n`);
const lockOf = (locked: object, original: object = locked) => {
  const nodes = { root: { inputs: { tools: 'tools' } }, tools: { flake: false, locked, original } };
  return JSON.stringify({ nodes, root: 'root', version: 7 });
};
/** A directory of this machine and the very hash that Nix would want of it. */
const outside = async () => {
  const path = join(lab.dir, 'outside');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'secret'), 'the secret');
  const args = ['--extra-experimental-features', 'nix-command', 'hash', 'path', '--sri', path];
  const { stdout } = await run({ file: 'nix', args, env: lab.env, timeoutMs: 30_000 });
  writeFileSync(join(lab.dir, 'calls'), '');
  return { path, narHash: stdout.toString().trim() };
};

test('an input without a lock file, or locked to a branch, is refused by its name', async () => {
  await lab.infra.write('flake.nix', withInput('github:NixOS/nixpkgs'));
  const open = await lab.infra.commit('no lock');
  expect(await stalledOn(open)).toMatchObject({
    failure: { code: 'unlocked_input', message: expect.stringMatching(/input tools.*nix flake lock/) },
  });
  const branch = { type: 'github', owner: 'NixOS', repo: 'nixpkgs' };
  await lab.infra.write('flake.lock', lockOf({ ...branch, ref: 'main' }, branch));
  writeFileSync(join(lab.dir, 'calls'), '');
  const loose = await lab.infra.commit('a branch');
  const status = await stalledOn(loose);
  expectRefused(loose, status);
  expect(status.failure).toMatchObject({
    code: 'unlocked_input',
    message: expect.stringMatching(/input tools of flake\.lock is locked without a revision.*nix flake lock/),
  });
});

test('a path of this machine is refused, also with the right hash, and also in a lock file that is a link', async () => {
  const { path, narHash } = await outside();
  const lock = lockOf({ type: 'path', path, narHash, lastModified: 1 }, { type: 'path', path });
  await lab.infra.write(
    'flake.nix',
    withInput(`path:${path}`).replace(
      'hosts = import ./hosts.nix',
      'hosts = { alpha.note = builtins.readFile "${tools}/secret"; }',
    ),
  );
  await lab.infra.write('flake.lock', lock);
  const plain = await lab.infra.commit('a path of the machine');
  const status = await stalledOn(plain);
  expectRefused(plain, status);
  expect(status.failure).toMatchObject({
    code: 'impure_input',
    message: expect.stringContaining(`input tools of flake.lock is the path ${path}`),
  });

  writeFileSync(join(lab.dir, 'elsewhere.lock'), lock);
  unlinkSync(join(lab.infra.dir, 'flake.lock'));
  symlinkSync(join(lab.dir, 'elsewhere.lock'), join(lab.infra.dir, 'flake.lock'));
  const linked = await lab.infra.commit('a lock file of the machine');
  const after = await stalledOn(linked);
  expectRefused(linked, after);
  expect(after.failure).toMatchObject({
    code: 'impure_input',
    message: expect.stringContaining('flake.lock of the commit is a symbolic link'),
  });
});

test('the settings a commit brings are not obeyed, neither while it is evaluated nor while it is built', async () => {
  const marker = join(lab.dir, 'hook-ran');
  const hook = join(lab.dir, 'hook');
  writeFileSync(hook, `#!/bin/sh\n: > '${marker}'\n`);
  chmodSync(hook, 0o755);
  const settings = `{ post-build-hook = "${hook}"; allow-unsafe-native-code-during-evaluation = true; pure-eval = false; }`;
  await lab.infra.write('flake.nix', flake.replace('{\n', `{\n  nixConfig = ${settings};\n`));
  const imported = (name: string) =>
    `(import (derivation { name = "${name}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo '\\"imported\\"' > $out" ]; }))`;
  await lab.infra.setHosts(`{ alpha = { note = "hooks" + ${imported('first')}; }; }`);
  const commit = await lab.infra.commit('settings');
  const { observed } = await lab.daemon.until('deployment', (status) => {
    return status.summary === 'InSync' && status.desired?.commit === commit;
  });
  expect(observed?.current?.commits).toEqual([commit]);
  expect(calls()).toMatch(/nix-store --realise/);
  expect(existsSync(marker)).toBe(false);

  // The same settings run the hook where they are accepted, so that its absence means something.
  await lab.infra.setHosts(`{ alpha = { note = "hooks" + ${imported('second')}; }; }`);
  const args = [
    'eval',
    '--accept-flake-config',
    `git+file://${lab.infra.dir}#nixosConfigurations.alpha.config.system.build.toplevel.drvPath`,
  ];
  await run({ file: 'nix', args, env: lab.env, timeoutMs: 60_000 });
  expect(existsSync(marker)).toBe(true);
});

test('an evaluation cannot read a file of this machine, and what it holds is nowhere to be seen', async () => {
  const { path } = await outside();
  symlinkSync(join(path, 'secret'), join(lab.infra.dir, 'link'));
  for (const way of [`"${path}/secret"`, './link', `(/. + "${path}/secret")`]) {
    await lab.infra.setHosts(`{ alpha = { note = builtins.readFile ${way}; }; }`);
    const commit = await lab.infra.commit(way);
    const { failure } = await lab.daemon.until('failure', (status) => {
      return status.desired?.commit === commit && status.failure !== null;
    });
    expect(failure).toMatchObject({
      code: 'evaluation_failed',
      message: expect.stringMatching(/forbidden in (?:pure|restricted)/),
    });
  }
  const [status, history] = await Promise.all(['/v1/status', '/v1/history'].map((at) => lab.daemon.get(at)));
  expect(lab.daemon.log() + status?.body + history?.body).not.toContain('the secret');
});

test('what runs is the commit by its id, though every ref of the mirror moves before Nix reads it', async () => {
  const mirror = join(lab.dir, 'state/repo/.git');
  const script = `export GIT_AUTHOR_NAME=e GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=e GIT_COMMITTER_EMAIL=e
evil=$(git --git-dir='${mirror}' commit-tree -m evil '${good}^{tree}') || exit
git --git-dir='${mirror}' for-each-ref --format='%(refname)' | while read -r ref; do
  git --git-dir='${mirror}' update-ref "$ref" "$evil" && echo moved
done
`;
  writeFileSync(join(lab.dir, 'meanwhile'), script);
  const commit = await lab.deploy('the verified one');
  expect(readFileSync(join(lab.dir, 'moved.log'), 'utf8')).toMatch(/^(?:moved\n)+$/);
  const toplevel = (await lab.host.current()) ?? '';
  const { observed } = await lab.daemon.status();
  expect(observed?.current).toEqual({ toplevel, commits: [commit], specialisation: null });
  const args = ['--json'];
  const { stdout } = await run({
    file: join(toplevel, 'sw/bin/nixos-version'),
    args,
    env: lab.env,
    timeoutMs: 5000,
  });
  expect(JSON.parse(stdout.toString())).toMatchObject({ configurationRevision: commit });
  const { stdout: note } = await run({
    file: 'grep',
    args: ['-r', 'the verified one', toplevel],
    env: lab.env,
    timeoutMs: 5000,
  });
  expect(note.toString()).not.toBe('');
});
