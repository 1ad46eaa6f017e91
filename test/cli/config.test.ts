import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configCommands } from '../../src/cli/config.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-cli-config-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function abide(...argv: string[]) {
  const seen = { stdout: '', stderr: '', code: -1 };
  const program = new Command().exitOverride();
  configCommands(program, {
    stdout: (text) => (seen.stdout += text),
    stderr: (text) => (seen.stderr += text),
    finish: (code) => {
      seen.code = code;
    },
  });
  await program.parseAsync(argv, { from: 'user' });
  return seen;
}

async function file(name: string, text: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, text);
  return path;
}

const valid = 'source: { remotes: [{ name: origin, url: /srv/infra }] }\ntrust: { mode: none }\n';

test('config check of a valid file says what it means and exits 0', async () => {
  const { stdout, stderr, code } = await abide(
    'config',
    'check',
    await file('a.yaml', `host: web1\n${valid}reboot: { triggers: [initrd] }\n`),
  );
  expect(code).toBe(0);
  expect(stderr).toBe('warning: UNSIGNED: anyone who can push to /srv/infra is root on this host.\n');
  expect(stdout).toContain('Trust is none: no commit has to be signed.\n');
  expect(stdout).toContain('No effect yet: reboot.triggers.');
});

test('config check of a bad file prints every error to stderr and exits 2', async () => {
  const { stdout, stderr, code } = await abide(
    'config',
    'check',
    '--no-files',
    await file('b.yaml', `${valid}log: { level: x }\nmod: 1\n`),
  );
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /2 problems\n {2}log\.level: found "x".*\n {2}mod: unknown key; did you mean mode\?/,
  );
});

test('files are looked at unless --no-files says otherwise', async () => {
  const text = 'source: { remotes: [{ name: o, url: /x }] }\ntrust: { allowedSignersFile: /nowhere/keys }\n';
  const path = await file('c.yaml', text);
  expect((await abide('config', 'check', path)).stderr).toContain('the file does not exist: /nowhere');
  expect((await abide('config', 'check', path, '--no-files')).stderr).not.toContain('does not exist');
});

test('a file of Nix settings that is missing and a config others may write are warnings', async () => {
  const path = await file('d.yaml', `${valid}host: web1\nevaluate: { nixConfFile: /nowhere/nix.conf }\n`);
  await chmod(path, 0o666);
  const { stderr, code } = await abide('config', 'check', path);
  expect(code).toBe(0);
  expect(stderr).toMatch(/warning: .*d\.yaml decides whom this host obeys and can be changed by others/);
  expect(stderr).toMatch(/warning: evaluate\.nixConfFile: \/nowhere\/nix\.conf does not exist yet/);
});

test('config schema prints a JSON Schema', async () => {
  const { stdout, code } = await abide('config', 'schema');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['source', 'trust'],
  });
});

test('config rules prints alert rules whose patience fits the file', async () => {
  const slow = valid.replace('url: /srv/infra', 'url: /srv/infra, poll: 1h');
  const path = await file('slow.yaml', `${slow}build: { timeout: 12h }\n`);
  const runbooks = 'https://wiki.example.org/abide';
  const { stdout, stderr, code } = await abide(
    'config',
    'rules',
    path,
    '--job',
    'hosts',
    '--runbooks',
    runbooks,
  );
  expect([code, stderr]).toEqual([0, '']);
  const { groups } = parse(stdout) as { groups: { rules: { alert?: string; expr: string }[] }[] };
  const expr = (alert: string) =>
    groups.flatMap(({ rules }) => rules).find((rule) => rule.alert === alert)?.expr;
  expect(expr('AbideRemoteStale')).toContain('> 72000');
  expect(expr('AbideNotConverged')).toContain(`> ${16 * 3600}`);
  expect(expr('AbideTargetDown')).toContain('up{job=~"hosts"');
  expect(stdout).toContain(`runbook_url: ${runbooks}/abidestalled.md`);
});

test('config rules of a bad file prints every error and no rules', async () => {
  const { stdout, stderr, code } = await abide('config', 'rules', await file('none.yaml', 'mode: on\n'));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('source');
});
