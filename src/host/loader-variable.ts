import { join } from 'node:path';
import { readText } from './read-text.ts';

/** The variables of the firmware in which systemd-boot is told which entry to start. */
export type LoaderVariable = 'LoaderEntryDefault' | 'LoaderEntryOneShot';

/** What a variable of the boot loader says; null where it says nothing, or where there is no such firmware. */
export async function loaderVariable(root: string, name: LoaderVariable): Promise<string | null> {
  const value = await readText(join(root, `sys/firmware/efi/efivars/${name}-${loaderVendor}`), 4096);
  // Four bytes of attributes, then UTF-16: all names are ASCII, so the zero bytes just go.
  const said = value?.slice(4).replaceAll('\0', '') ?? '';
  return said === '' ? null : said;
}

/** Whose variables they are. */
export const loaderVendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';
