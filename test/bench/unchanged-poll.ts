import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { honestServer, type GitServer } from '../harness/git-http-server.ts';
import { createBed, createBedDaemon, settledOn, type Bed } from './bed.ts';
import type { Figure } from './figure.ts';
import { processCost } from './process-cost.ts';

const rounds = 5;
const pollsPerRound = 12;

/** CPU time and bytes of a poll that brings nothing, over http, against a bare fetch of exactly these branches. */
export async function unchangedPoll(): Promise<Figure[]> {
  const bed = await createBed();
  await bed.repository.git('branch', 'testing-demo');
  await bed.repository.git('clone', '--quiet', '--bare', '.', join(bed.dir, 'served', 'infra.git'));
  const server = await honestServer(join(bed.dir, 'served'));
  const url = `${server.url}/infra.git`;
  const daemon = await createBedDaemon(bed, [{ name: 'origin', url, insecure: true, poll: '1h' }]);
  const fetchByHand = await createBaseline(bed, url);
  const cpu = { abide: [] as number[], baseline: [] as number[] };
  const bytes = { abide: [] as number[], baseline: [] as number[] };
  try {
    await daemon.start();
    await settledOn(daemon, await bed.repository.git('rev-parse', 'HEAD'));
    for (let round = 0; round < rounds; round += 1) {
      const before = { cpu: processCost(daemon.pid() ?? 0).cpuMs, bytes: server.bytes() };
      for (let poll = 0; poll < pollsPerRound; poll += 1) {
        await pollOnce(server, () => daemon.post('/v1/reconcile', {}));
      }
      cpu.abide.push((processCost(daemon.pid() ?? 0).cpuMs - before.cpu) / pollsPerRound);
      bytes.abide.push((server.bytes() - before.bytes) / pollsPerRound);
      const middle = server.bytes();
      cpu.baseline.push((await fetchByHand(pollsPerRound)) / pollsPerRound);
      bytes.baseline.push((server.bytes() - middle) / pollsPerRound);
    }
  } finally {
    await daemon.stop();
    await server.close();
    await bed.remove();
  }
  const baselineName = '`git fetch` of the exact refspecs';
  return [
    {
      name: 'unchanged poll over http: CPU time, with all children',
      unit: 'ms',
      ...cpu,
      baselineName,
      aim: { text: 'at most 20 ms more', met: (ours, bare) => ours - bare <= 20 },
    },
    {
      name: 'unchanged poll over http: bytes of bodies, both ways',
      unit: 'bytes',
      ...bytes,
      baselineName,
      aim: { text: 'at most twice', met: (ours, bare) => ours <= 2 * bare },
    },
  ];
}

/** The poll is over some time after the server's last answer; nobody asks the daemon meanwhile. */
async function pollOnce({ requests }: GitServer, ask: () => Promise<unknown>): Promise<void> {
  const before = requests.length;
  await ask();
  for (let tries = 0; requests.length < before + 2; tries += 1) {
    if (tries > 300) throw new Error('the daemon did not poll');
    await sleep(10);
  }
  await sleep(120);
}

/** Milliseconds of CPU that so many fetches take, as bash counts its children. */
async function createBaseline({ dir, store }: Bed, url: string): Promise<(times: number) => Promise<number>> {
  const mirror = join(dir, 'bare.git');
  await execa('git', ['init', '--quiet', '--bare', mirror]);
  const fetch = `git --git-dir='${mirror}' fetch --quiet --no-tags '${url}' +refs/heads/main:refs/heads/main +refs/heads/testing-demo:refs/heads/testing-demo`;
  const run = async (times: number) => {
    const loop = `set -e; for i in $(seq ${times}); do ${fetch}; done; times`;
    const { stdout } = await execa('bash', ['-c', loop], { env: store.env, extendEnv: false });
    const parts = [...(stdout.split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
    return parts.reduce(
      (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
      0,
    );
  };
  await run(1);
  return run;
}
