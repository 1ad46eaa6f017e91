import { spawn } from 'node:child_process';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Daemon } from '../harness/daemon.ts';
import { honestServer } from '../harness/git-http-server.ts';
import { createBed, createBedDaemon, settledOn } from './bed.ts';
import type { Figure } from './figure.ts';
import { processCost } from './process-cost.ts';

const minute = 60_000;
const scrapes = 50;

/** One quiet minute of a daemon with three remotes and its defaults, beside a Node that sleeps; and a scrape of it. */
export async function idle(): Promise<Figure[]> {
  const bed = await createBed();
  await bed.repository.git('clone', '--quiet', '--bare', '.', join(bed.dir, 'served', 'infra.git'));
  const server = await honestServer(join(bed.dir, 'served'));
  const overHttp = { url: `${server.url}/infra.git`, insecure: true };
  const daemon = await createBedDaemon(bed, [
    { name: 'origin', ...overHttp },
    { name: 'backup', ...overHttp },
    { name: 'laptop', url: bed.repository.dir },
  ]);
  const sleeper = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e9)'], { stdio: 'ignore' });
  try {
    await daemon.start();
    await settledOn(daemon, await bed.repository.git('rev-parse', 'HEAD'));
    await sleep(3000);
    const pids = [daemon.pid() ?? 0, sleeper.pid ?? 0] as const;
    const before = pids.map(processCost);
    await sleep(minute);
    const after = pids.map(processCost);
    return [...minuteFigures(before, after), await scrapeFigure(daemon)];
  } finally {
    sleeper.kill();
    await daemon.stop();
    await server.close();
    await bed.remove();
  }
}

type Costs = readonly ReturnType<typeof processCost>[];

function minuteFigures(before: Costs, after: Costs): Figure[] {
  const used = (which: number, what: 'cpuMs' | 'wakeups') =>
    (after[which]?.[what] ?? 0) - (before[which]?.[what] ?? 0);
  const rss = (which: number) => [after[which]?.rssMiB ?? Number.NaN];
  const baselineName = 'a Node with one timer';
  return [
    {
      name: 'idle daemon, three remotes: CPU in a minute, with all children',
      unit: 'ms',
      abide: [used(0, 'cpuMs')],
      baselineName,
      baseline: [used(1, 'cpuMs')],
      aim: { text: 'at most 600 ms, 1 % of a core', met: (ours) => ours <= 600 },
    },
    {
      name: 'idle daemon, three remotes: wakeups of all its threads',
      unit: 'per minute',
      abide: [used(0, 'wakeups')],
      baselineName,
      baseline: [used(1, 'wakeups')],
      aim: null,
    },
    {
      name: 'idle daemon, three remotes: resident memory',
      unit: 'MiB',
      abide: rss(0),
      baselineName,
      baseline: rss(1),
      aim: { text: 'under 70 MiB', met: (ours) => ours < 70 },
    },
  ];
}

/** A scrape beside a server that has the same bytes ready, as Prometheus does it: one connection, answers in gzip. */
async function scrapeFigure(daemon: Daemon): Promise<Figure> {
  const address = /"metrics":"([^"]+)"/.exec(daemon.log())?.[1];
  const packed = gzipSync(await daemon.metrics());
  const server = createServer((_, response) => response.end(packed));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bare = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const agent = new Agent({ keepAlive: true });
  const samples = { abide: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < scrapes; round += 1) {
    samples.abide.push(await timeOfGet(`http://${address}/metrics`, agent));
    samples.baseline.push(await timeOfGet(bare, agent));
  }
  agent.destroy();
  server.closeAllConnections();
  server.close();
  return {
    name: 'a scrape of /metrics',
    unit: 'ms',
    ...samples,
    baselineName: 'a server that has the bytes ready',
    aim: { text: 'under 2 ms', met: (ours) => ours < 2 },
  };
}

async function timeOfGet(url: string, agent: Agent): Promise<number> {
  const begun = performance.now();
  const [response] = (await once(
    get(url, { agent, headers: { 'accept-encoding': 'gzip' } }),
    'response',
  )) as [IncomingMessage];
  await once(response.resume(), 'end');
  return performance.now() - begun;
}
