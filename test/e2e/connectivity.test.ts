import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { honestServer, type GitServer } from '../harness/git-http-server.ts';
import { createLab, type Lab } from './alpha-lab.ts';

let lab: Lab;
let dir: string;
let git: GitServer;
let network: Awaited<ReturnType<typeof createNetwork>>;

/** A way to a server that can be cut and mended. */
async function createNetwork(target: number) {
  const sockets = new Set<Socket>();
  let server: Server;
  const up = async (port: number) => {
    server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => other.destroy());
        socket.pipe(other);
      }
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await up(0);
  const cut = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return { port, cut, mend: () => up(port) };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'abide-network-'));
  execFileSync('git', ['init', '--quiet', '--bare', join(dir, 'far.git')]);
  git = await honestServer(dir);
  network = await createNetwork(Number(new URL(git.url).port));
  lab = await createLab({
    config: { health: { settle: '0s', stableFor: '0s', deadline: '2s', inbound: { ports: [] } } },
    remotes: () => [
      { name: 'far', url: `http://127.0.0.1:${network.port}/far.git`, insecure: true, poll: '1s' },
    ],
  });
  await lab.daemon.start();
  await lab.deploy('before');
});

afterAll(async () => {
  await lab.remove();
  network.cut();
  await git.close();
  await rm(dir, { recursive: true, force: true });
});

test('a commit is undone when the network goes, exonerated when it stays away, and tried again when it is back', async () => {
  const before = await lab.host.current();
  const commit = await lab.release('cut', 'activateSeconds = 1;');
  await lab.daemon.until('switching', ({ deployment }) => deployment?.step === 'switch');
  network.cut();
  const waiting = await lab.daemon.until('waiting', ({ waiting: gate }) => gate?.gate === 'network', 40_000);
  expect(waiting).toMatchObject({
    summary: 'Waiting',
    quarantine: [],
    lastDeployment: { commit, outcome: 'rolled_back', reason: 'Inconclusive' },
  });
  expect(waiting.lastDeployment?.message).toContain(
    'connectivity: no remote answers (far: connect ECONNREFUSED',
  );
  expect(await lab.host.current()).toBe(before);
  expect(await lab.daemon.metrics()).toContain('abide_rollbacks_total{reason="connectivity"} 1');

  await lab.daemon.kill();
  await lab.daemon.start();
  await lab.daemon.until('waiting still', ({ waiting: gate }) => gate?.gate === 'network');

  await network.mend();
  const status = await lab.daemon.until(
    'deployed',
    ({ summary, floor }) => summary === 'InSync' && floor === commit,
    40_000,
  );
  expect(status.health.find(({ name }) => name === 'connectivity')).toMatchObject({
    status: 'passing',
    baseline: 'passing',
  });
});
