import { open } from 'node:fs/promises';
import { execa } from 'execa';

/** Makes a file that is an ext4 file system with what a directory holds; nothing is mounted for it. */
export async function makeDisk(disk: {
  readonly path: string;
  readonly bytes: number;
  readonly label: string;
  readonly from: string;
}): Promise<void> {
  const file = await open(disk.path, 'w');
  await file.truncate(disk.bytes);
  await file.close();
  await execa('mke2fs', ['-q', '-t', 'ext4', '-L', disk.label, '-d', disk.from, disk.path]);
}
