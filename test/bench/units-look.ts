import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unitChanges } from '../../src/host/unit-changes.ts';
import { createFakeHost } from '../host/fake-host.ts';
import type { Figure } from './figure.ts';

const sizes = [300, 5000];
const sessions = 300;
const changed = 20;
const rounds = 15;
const looksPerRound = 20;

/** What a look for units that somebody changed costs, on a host with many units and many sessions. */
export async function unitsLook(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const units of sizes) figures.push(await look(units));
  return figures;
}

async function look(units: number): Promise<Figure> {
  const host = createFakeHost();
  try {
    const running = host.toplevel('many', unitsOf(units));
    changeSome(host);
    const samples = await interleaved(
      () => unitChanges(host, running),
      () => readdir(join(running, 'etc/systemd/system')),
    );
    return {
      name: `look for changed units, ${units} units: CPU time`,
      unit: 'ms',
      ...samples,
      baselineName: 'one listing of the units',
      aim: { text: 'at most 10 ms', met: (ours) => ours <= 10 },
    };
  } finally {
    host.remove();
  }
}

function unitsOf(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`etc/systemd/system/u${index}.service`, '']),
  );
}

function changeSome({ root, link, write }: ReturnType<typeof createFakeHost>): void {
  mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
  for (let index = 0; index < changed; index += 1) link(`run/systemd/system/u${index}.service`, '/dev/null');
  for (let index = 0; index < sessions; index += 1) write(`run/systemd/transient/session-${index}.scope`, '');
}

async function interleaved(work: () => Promise<unknown>, baseline: () => Promise<unknown>) {
  const samples = { abide: [] as number[], baseline: [] as number[] };
  for (const each of [work, baseline]) await cpuOf(each);
  for (let round = 0; round < rounds; round += 1) {
    samples.abide.push(await cpuOf(work));
    samples.baseline.push(await cpuOf(baseline));
  }
  return samples;
}

/** CPU milliseconds of one call, those of the threads that read directories included. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < looksPerRound; call += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / looksPerRound;
}
