import { spawnSync } from 'node:child_process';
import { program } from '../harness/daemon.ts';
import { createBed, createBedDaemon, settledOn } from './bed.ts';
import type { Figure } from './figure.ts';

const rounds = 31;

/** Start to end of two commands against a running daemon, beside a Node that does nothing. */
export async function cliStart(): Promise<Figure[]> {
  const bed = await createBed();
  const daemon = await createBedDaemon(bed, [{ name: 'laptop', url: bed.repository.dir }]);
  try {
    await daemon.start();
    await settledOn(daemon, await bed.repository.git('rev-parse', 'HEAD'));
    const command = (...args: string[]) => [program, '--socket', daemon.socket, ...args];
    const samples = { nothing: [] as number[], status: [] as number[], history: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      samples.nothing.push(timeOf(['-e', '0'], bed.store.env));
      samples.status.push(timeOf(command('status'), bed.store.env));
      samples.history.push(timeOf(command('history', '--json'), bed.store.env));
    }
    const beside = { unit: 'ms', baselineName: '`node -e 0`', baseline: samples.nothing } as const;
    const atMost = (times: number) => ({
      text: `at most ${times} times`,
      met: (ours: number, bare: number) => ours <= times * bare,
    });
    return [
      { name: 'CLI: `abide status`', abide: samples.status, aim: atMost(1.6), ...beside },
      { name: 'CLI: `abide history --json`', abide: samples.history, aim: atMost(2.5), ...beside },
    ];
  } finally {
    await daemon.stop();
    await bed.remove();
  }
}

function timeOf(args: readonly string[], env: Readonly<Record<string, string>>): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - begun;
}
