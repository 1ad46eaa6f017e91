import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { LabOptions } from '../alpha-lab.ts';
import { createCrashLab, type CrashLab } from './crash-lab.ts';

/** What can be full: the state directory, `/run`, the boot partition, where the profiles are, or where gc roots are. */
const places = {
  state: 'state',
  run: 'host/run',
  boot: 'host/boot',
  profiles: 'host/nix/var/nix/profiles',
  roots: 'nix/state/gcroots',
} as const;
export type FullPlace = keyof typeof places;

export const everywhere = [
  'state',
  'run',
  'boot',
  'profiles',
  'roots',
] as const satisfies readonly FullPlace[];

/** A crash lab with small file systems of its own, so that one that is full is so for everybody. */
export interface FullDiskLab extends CrashLab {
  /** From this point of the next deployment on nothing can be written there. */
  fillAt(point: string, full: readonly FullPlace[]): Promise<void>;
  /** True once the point was passed. */
  isFull(): boolean;
  /** There is room again. */
  free(): Promise<void>;
}

/** Makes one whose daemon is not started yet; it mounts, and only root may. */
export async function createFullDiskLab(options: LabOptions = {}): Promise<FullDiskLab> {
  const lab = await createCrashLab(options);
  const mounted: string[] = [];
  const bootId = await readFile(join(lab.host.root, 'run/boot-id'));
  try {
    for (const place of Object.values(places)) {
      const dir = join(lab.dir, place);
      await execa('mkdir', ['-p', dir]);
      await execa('mount', ['-t', 'tmpfs', '-o', 'size=16m,nr_inodes=3k,mode=0755', 'abide-test', dir]);
      mounted.push(dir);
    }
  } catch (error) {
    await unmount(mounted);
    await lab.remove();
    throw error;
  }
  await writeFile(join(lab.host.root, 'run/boot-id'), bootId);
  const done = join(lab.dir, 'crash/done');
  return {
    ...lab,
    fillAt: async (point, full) => {
      await rm(done, { force: true });
      await lab.order(point, { fill: full.map((place) => join(lab.dir, places[place])) });
    },
    isFull: () => existsSync(done),
    free: async () => {
      for (const dir of mounted) await rm(join(dir, 'filler'), { recursive: true, force: true });
    },
    remove: async () => {
      await lab.killAll();
      await unmount(mounted);
      await lab.remove();
    },
  };
}

/** Lazily: whatever still has a file open there keeps nothing mounted. */
async function unmount(dirs: readonly string[]): Promise<void> {
  for (const dir of dirs) await execa('umount', ['--lazy', dir], { reject: false });
}
