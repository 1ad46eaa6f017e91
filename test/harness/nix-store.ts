import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A Nix store of a test's own: no daemon, no network, no sandbox, no root needed. */
export interface NixStore {
  /** The whole environment of a Nix child; nothing else of ours should reach it. */
  readonly env: Record<string, string>;
  readonly storeDir: string;
  readonly stateDir: string;
  /** `nix.conf` of this store, for tests that add a line. */
  readonly confFile: string;
  /** Removes the whole directory, read-only store paths included. */
  readonly remove: () => Promise<void>;
}

const configuration = [
  'experimental-features = nix-command flakes',
  'sandbox = false',
  'build-users-group =',
  'substituters =',
  'flake-registry =',
  '',
].join('\n');

/** Makes a private store inside `dir`, which it creates; keep `dir` short, because store paths contain it. */
export async function createNixStore(dir: string): Promise<NixStore> {
  const at = (...names: string[]) => join(dir, ...names);
  for (const name of ['store', 'state', 'log', 'conf', 'home', 'cache', 'tmp']) {
    await mkdir(at(name), { recursive: true });
  }
  const confFile = at('conf', 'nix.conf');
  await writeFile(confFile, configuration);
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: at('home'),
    XDG_CACHE_HOME: at('cache'),
    XDG_CONFIG_HOME: at('home', 'config'),
    XDG_DATA_HOME: at('home', 'data'),
    XDG_STATE_HOME: at('home', 'state'),
    TMPDIR: at('tmp'),
    NIX_STORE_DIR: at('store'),
    NIX_STATE_DIR: at('state'),
    NIX_LOG_DIR: at('log'),
    NIX_CONF_DIR: at('conf'),
  };
  // A Nix that is ended while it makes a store leaves one that no Nix opens again; no host has a store that new.
  await execa('nix-store', ['--init'], { env, extendEnv: false });
  return { env, storeDir: at('store'), stateDir: at('state'), confFile, remove: () => removeTree(dir) };
}

async function removeTree(dir: string): Promise<void> {
  await chmod(dir, 0o755).catch(() => undefined);
  await execa('chmod', ['-R', 'u+w', dir], { reject: false });
  await rm(dir, { recursive: true, force: true });
}
