import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TrustAudit } from '../../src/domain/trust-audit.ts';
import { program } from '../harness/daemon.ts';
import { remove, temporaryDirectory } from '../harness/git-mirror.ts';
import { commitFiles, createRepository, git, type Repository } from '../harness/git-repository.ts';
import { built } from './built.ts';

let dir: string;
let repository: Repository;
let config: string;

const keyOf = (name: string) => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(dir, name)]);
  return readFileSync(join(dir, `${name}.pub`), 'utf8').trim();
};
const signedBy = (name: string, message: string) =>
  git(
    repository.dir,
    '-c',
    'gpg.format=ssh',
    '-c',
    `user.signingkey=${join(dir, name)}`,
    'commit',
    '--quiet',
    '--allow-empty',
    '-S',
    '--message',
    message,
  );
const audit = async (...args: string[]) => {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir };
  const command = [program, 'trust', 'audit', '--config', config, ...args];
  return execa(process.execPath, command, { env, extendEnv: false, reject: false, cwd: repository.dir });
};

beforeAll(async () => {
  await built();
  dir = temporaryDirectory();
  repository = createRepository(join(dir, 'infra'));
  config = join(dir, 'config.yaml');
  const signers = [{ name: 'alice', sshKey: keyOf('alice') }];
  keyOf('mallory');
  const source = { remotes: [{ name: 'origin', url: repository.dir }] };
  await writeFile(config, JSON.stringify({ host: 'web1', source, trust: { signers } }));
  commitFiles(repository, { 'flake.nix': '{}' }, 'unsigned');
  signedBy('mallory', 'by a stranger');
  signedBy('alice', 'by alice');
});

afterAll(() => remove(dir));

test('says who signed, newest first, and which would be refused; exit code 1 then, and nothing is left behind', async () => {
  const { exitCode, stdout } = await audit('.', '--json');
  const found = JSON.parse(stdout) as TrustAudit;
  expect(exitCode).toBe(1);
  expect(found).toMatchObject({ kind: 'TrustAudit', branch: 'main', mode: 'range', refused: 2 });
  expect(found.commits.map(({ subject, reason, signer }) => [subject, reason, signer?.name ?? null])).toEqual(
    [
      ['by alice', null, 'alice'],
      ['by a stranger', 'unknown_key', null],
      ['unsigned', 'unsigned', null],
    ],
  );
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('abide-audit-'))).toEqual([]);
});

test('a remote is named as the configuration names it, and all well is exit code 0', async () => {
  const { exitCode, stdout } = await audit('origin', '-n', '1');
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('alice (ssh)')]);
  expect(stdout.replaceAll('\n', ' ')).toContain('nothing would be refused');
});

test('what cannot be fetched is exit code 1, a configuration that is none is 2, each with a reason', async () => {
  const missing = await audit('/no/such/repository');
  expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('does not exist')]);
  config = join(dir, 'other.yaml');
  const unusable = await audit('origin');
  expect([unusable.exitCode, unusable.stderr]).toEqual([2, expect.stringContaining('there is no such file')]);
});
