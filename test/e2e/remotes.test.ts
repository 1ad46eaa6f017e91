import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, processesWith, type Lab } from './alpha-lab.ts';

let lab: Lab;
let silent: Server;
let garbage: HttpServer;

const port = (server: Server | HttpServer) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  silent = createServer(() => undefined).listen(0, '127.0.0.1');
  garbage = createHttpServer((_, response) => response.end('\u0000 not git \u001b[31m')).listen(
    0,
    '127.0.0.1',
  );
  await Promise.all(
    [silent, garbage].map((server) => new Promise((resolve) => server.once('listening', resolve))),
  );
  const http = (server: Server | HttpServer) => `http://127.0.0.1:${port(server)}/infra.git`;
  lab = await createLab({
    remotes: (dir) => [
      { name: 'nowhere', url: join(dir, 'no-such-repository'), poll: '1s' },
      { name: 'refuses', url: 'http://127.0.0.1:9/infra.git', insecure: true, poll: '1s' },
      { name: 'hangs', url: http(silent), insecure: true, poll: '1s', timeout: '2s' },
      { name: 'garbage', url: http(garbage), insecure: true, poll: '1s' },
      { name: 'branchless', url: join(dir, 'infra'), poll: '1s', branches: { main: { name: 'not-there' } } },
    ],
  });
});

afterAll(async () => {
  await lab.remove();
  silent.close();
  garbage.closeAllConnections();
  garbage.close();
});

test('remotes that are down, hang, answer garbage or lack the branch are told apart and delay nobody', async () => {
  await lab.daemon.start();
  const commit = await lab.deploy('one');
  const status = await lab.daemon.until('all failures', ({ remotes }) =>
    ['nowhere', 'refuses', 'hangs', 'garbage'].every((name) => remotes.find((r) => r.name === name)?.error),
  );
  const remote = (name: string) => status.remotes.find((each) => each.name === name);
  expect(status).toMatchObject({ summary: 'InSync', desired: { commit } });
  expect(remote('nowhere')).toMatchObject({
    up: false,
    error: { message: expect.stringContaining('no-such-repository') },
  });
  expect(remote('refuses')).toMatchObject({ up: false, error: { code: 'remote_connect' } });
  expect(remote('hangs')).toMatchObject({ up: false, error: { code: 'remote_timeout' } });
  expect(remote('garbage')).toMatchObject({ up: false, error: { code: 'remote_protocol' } });
  expect(JSON.stringify(remote('garbage'))).not.toContain('\\u001b');
  expect(remote('branchless')).toMatchObject({ up: true, main: { relation: 'missing', head: null } });
});

test('each of them is in metrics and log', async () => {
  const metrics = await lab.daemon.metrics();
  for (const name of ['nowhere', 'refuses', 'hangs', 'garbage']) {
    expect(metrics).toContain(`abide_remote_up{remote="${name}"} 0`);
    expect(lab.daemon.log()).toMatch(new RegExp(`"event":"remote.down","remote":"${name}"`));
  }
  expect(metrics).toContain('abide_remote_up{remote="infra"} 1');
});

test('hooks and configuration of a repository never run here, and hostile refs change nothing', async () => {
  const { infra, dir, daemon } = lab;
  const marker = join(dir, 'marker');
  const evil = join(dir, 'evil');
  await writeFile(evil, `#!/bin/sh\ntouch ${marker}\n`);
  await chmod(evil, 0o755);
  await mkdir(join(infra.dir, '.git/hooks'), { recursive: true });
  for (const hook of ['pre-receive', 'update', 'post-update', 'proc-receive', 'fsmonitor-watchman']) {
    await copyFile(evil, join(infra.dir, '.git/hooks', hook));
  }
  for (const key of [
    'uploadpack.packObjectsHook',
    'core.alternateRefsCommand',
    'core.sshCommand',
    'core.pager',
  ]) {
    await infra.git('config', key, evil);
  }
  for (const ref of [
    'refs/heads/main-$(touch${IFS}x)',
    'refs/heads/mainx',
    'refs/heads/main/',
    'refs/tags/main',
  ]) {
    await infra.git('update-ref', ref, 'HEAD').catch(() => undefined);
  }
  const commit = await lab.deploy('two');
  expect((await daemon.status()).floor).toBe(commit);
  expect(existsSync(marker)).toBe(false);
});

test('SIGTERM ends the daemon within seconds and leaves no child behind', async () => {
  const begun = Date.now();
  expect(await lab.daemon.stop()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(5000);
  expect(processesWith(lab.dir)).toEqual([]);
});
