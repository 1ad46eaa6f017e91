import { chmod, chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';

/** Makes a directory that is ours alone, or makes it so. */
export async function ownDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const info = await stat(path);
  const self = process.geteuid?.() ?? info.uid;
  if (self === 0 && info.uid !== 0) await chown(path, 0, 0);
  await chmod(path, 0o700);
}

/** Never writes through a link and never leaves half a file. */
export async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, text, { mode, flag: 'wx' });
  await rename(fresh, file);
}
