import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Run } from '../process.ts';
import { initOf } from './boot-default.ts';
import { findProgram } from './find-program.ts';
import { loaderVariable, loaderVendor, type LoaderVariable } from './loader-variable.ts';
import { readText } from './read-text.ts';
import type { Place } from './store-link.ts';

/** The boot loader's own way back: another entry than its default is started once. Only systemd-boot has it. */
export interface BootOnce {
  /** Why this host's loader cannot start a system once and `fallback` after that; null when it can. Never throws. */
  readonly refuses: (fallback: string | null) => Promise<string | null>;
  /** Makes a system the default, whatever the loader's own files say after their next installation. */
  readonly hold: (fallback: string) => Promise<void>;
  /** The next boot starts this system, the ones after it the default. Throws Problem `boot_loader_failed`. */
  readonly once: (toplevel: string) => Promise<void>;
  /** The next boot starts none of these systems just once. Does nothing where nothing says so. Throws as `once` does. */
  readonly forget: (systems: readonly string[]) => Promise<void>;
  /** Forgets, and the loader's own files say again what the default is, unless somebody chose a system beside these. */
  readonly release: (systems: readonly string[]) => Promise<void>;
}

/** What a loader's own way back stands on. */
export interface BootOnceDeps extends Place {
  readonly run: Run;
  readonly path: string;
}

/** Entries are found by what they start: their names are made of contents, and are no contract. */
export function createBootOnce(deps: BootOnceDeps): BootOnce {
  const set = async (verb: Verb, toplevel: string) => {
    const entry = await entryOf(deps, toplevel);
    if (entry === null) throw failed(`the boot loader has no entry that starts ${toplevel}`);
    await bootctl(deps, verb, entry);
  };
  return {
    refuses: (fallback) => refusal(deps, fallback),
    hold: (fallback) => set('set-default', fallback),
    once: (toplevel) => set('set-oneshot', toplevel),
    forget: (systems) => clear(deps, 'set-oneshot', systems),
    release: async (systems) => {
      await clear(deps, 'set-oneshot', systems);
      await clear(deps, 'set-default', systems);
    },
  };
}

type Verb = 'set-default' | 'set-oneshot';

const variables: Readonly<Record<Verb, LoaderVariable>> = {
  'set-default': 'LoaderEntryDefault',
  'set-oneshot': 'LoaderEntryOneShot',
};

/** An entry that is gone is cleared too: its name is made of its contents, and may come back. */
async function clear(deps: BootOnceDeps, verb: Verb, systems: readonly string[]): Promise<void> {
  if (systems.length === 0) return;
  const said = await loaderVariable(deps.root, variables[verb]);
  if (said === null) return;
  const entry = (await entriesIn(deps)).find(({ id }) => id === said);
  if (entry === undefined || systems.includes(entry.starts ?? '')) await bootctl(deps, verb, '');
}

async function refusal(deps: BootOnceDeps, fallback: string | null): Promise<string | null> {
  if (fallback === null) return 'its boot default cannot be read';
  if (!(await knowsOnce(deps.root))) return 'its boot loader cannot start an entry just once';
  if (!isThere(deps.path)) return 'bootctl is not on the PATH of abide';
  return (await entryOf(deps, fallback)) === null ? `no boot entry starts ${fallback}` : null;
}

const features = { default: 1 << 2, oneshot: 1 << 3 } as const;

/** The loader that booted this host tells its features in a variable of the firmware: four bytes of attributes, then bits. */
async function knowsOnce(root: string): Promise<boolean> {
  const path = join(root, `sys/firmware/efi/efivars/LoaderFeatures-${loaderVendor}`);
  const value = await readFile(path).catch(() => null);
  if (value === null || value.length < 8) return false;
  const needed = features.default | features.oneshot;
  return (value.readUInt32LE(4) & needed) === needed;
}

function isThere(path: string): boolean {
  try {
    findProgram(path, 'bootctl');
    return true;
  } catch {
    return false;
  }
}

const entryDirs = ['boot/loader/entries', 'efi/loader/entries', 'boot/efi/loader/entries'];

async function entryOf(deps: BootOnceDeps, toplevel: string): Promise<string | null> {
  return (await entriesIn(deps)).find(({ starts }) => starts === toplevel)?.id ?? null;
}

interface Entry {
  readonly id: string;
  readonly starts: string | null;
}

async function entriesIn({ root, storeDir }: BootOnceDeps): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const dir of entryDirs.map((one) => join(root, one))) {
    const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.conf')).toSorted();
    for (const name of names) {
      const options = /^options[ \t]+(.+)$/m.exec((await readText(join(dir, name))) ?? '')?.[1] ?? '';
      // What counts boots in an entry's name is no part of its id.
      const id = name.replace(/\+\d+(?:-\d+)?(?=\.conf$)/, '');
      entries.push({ id, starts: initOf(options, storeDir) });
    }
  }
  return entries;
}

async function bootctl({ run, path, root }: BootOnceDeps, verb: Verb, entry: string): Promise<void> {
  const file = findProgram(path, 'bootctl');
  const env = { PATH: path, ...(root === '/' ? {} : { ABIDE_ROOT: root }) };
  const finished = await run({ file, args: [verb, entry], env, timeoutMs: 60_000 });
  if (succeeded(finished)) return;
  const said = finished.stderr.split('\n').find((line) => line !== '');
  throw failed(`bootctl ${verb} ended with ${finished.signal ?? finished.exitCode}: ${said ?? 'no word'}`);
}

function failed(message: string): Problem {
  return new Problem('boot_loader_failed', message);
}
