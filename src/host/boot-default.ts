import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loaderVariable } from './loader-variable.ts';
import { readText } from './read-text.ts';
import type { Place } from './store-link.ts';

/** The toplevel that the boot loader starts when nobody chooses; null where that cannot be read or is not one system. */
export async function bootDefault(place: Place): Promise<string | null> {
  const found = (await Promise.all(loaders.map((loader) => newest(place.root, loader)))).filter(
    (one) => one !== null,
  );
  // A host that changed its boot loader still has the old one's files; only the one in use is still written.
  const [current] = found.toSorted((one, other) => other.changed - one.changed);
  if (!current) return null;
  const options = await current.loader.options(current.path, place);
  return options === null ? null : initOf(options, place.storeDir);
}

interface Loader {
  readonly files: readonly string[];
  /** The default entry's kernel command line. */
  readonly options: (path: string, place: Place) => Promise<string | null>;
}

const loaders: readonly Loader[] = [
  {
    files: ['boot/loader/loader.conf', 'efi/loader/loader.conf', 'boot/efi/loader/loader.conf'],
    options: systemdBoot,
  },
  { files: ['boot/grub/grub.cfg'], options: grub },
  { files: ['boot/extlinux/extlinux.conf'], options: extlinux },
];

async function newest(root: string, loader: Loader) {
  for (const file of loader.files) {
    const path = join(root, file);
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
    if (changed !== null) return { loader, path, changed };
  }
  return null;
}

async function systemdBoot(path: string, { root, storeDir }: Place): Promise<string | null> {
  const text = await readText(path);
  const said = text?.match(/^default[ \t]+(.+)$/m)?.[1]?.trim();
  if (said?.startsWith(`${storeDir}/`)) return `init=${said.split(/\s/)[0]}/init`;
  // What was chosen in the boot menu for good goes before the file.
  const pattern = (await loaderVariable(root, 'LoaderEntryDefault')) ?? said;
  if (pattern === undefined || pattern.startsWith('@')) return null;
  const entries = join(path, '..', 'entries');
  const name = await entryMatching(entries, pattern);
  if (name === null) return null;
  const entry = (await readText(join(entries, name))) ?? '';
  return [...entry.matchAll(/^options[ \t]+(.+)$/gm)].map(([, options]) => options).join(' ');
}

async function entryMatching(entries: string, pattern: string): Promise<string | null> {
  const names = await readdir(entries).catch(() => []);
  const matches = globMatcher(pattern);
  const [first] = names
    .filter((name) => name.endsWith('.conf'))
    .filter((name) => matches(idOf(name)) || matches(idOf(name).replace(/\.conf$/, '')))
    .toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  return first ?? null;
}

/** An entry's id is its file name without the boot counter: `a+3-1.conf` is `a.conf`. */
function idOf(name: string): string {
  return name.replace(/\+\d+(?:-\d+)?(?=\.conf$)/, '');
}

function globMatcher(pattern: string): (text: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replaceAll('[!', '[^');
  try {
    const regex = new RegExp(`^${source}$`, 'i');
    return (text) => regex.test(text);
  } catch {
    return (text) => text === pattern;
  }
}

async function grub(path: string): Promise<string | null> {
  const text = await readText(path, 4 * 1024 * 1024);
  if (text === null) return null;
  const chosen = [...text.matchAll(/^set default=["']?([^"'\s]*)["']?\s*$/gm)].at(-1)?.[1] ?? '0';
  if (chosen !== '0') return null;
  const entry = /^menuentry\b[^{]*\{([^}]*)\}/m.exec(text)?.[1] ?? '';
  return /^\s*linux\S*\s+(.+)$/m.exec(entry)?.[1] ?? null;
}

async function extlinux(path: string): Promise<string | null> {
  const text = (await readText(path)) ?? '';
  const chosen = /^\s*DEFAULT\s+(\S+)/im.exec(text)?.[1];
  const sections = text.split(/^\s*LABEL\s+/im).slice(1);
  const section = sections.find((one) => one.split(/\s/)[0] === chosen);
  return section === undefined ? null : (/^\s*APPEND\s+(.+)$/im.exec(section)?.[1] ?? null);
}

/** The toplevel whose init a kernel command line starts; null when it is none of the store's. */
export function initOf(options: string, storeDir: string): string | null {
  const init = /(?:^|\s)init=(\S+)\/init(?:\s|$)/.exec(options)?.[1];
  return init?.startsWith(`${storeDir}/`) ? init : null;
}
