import { cp, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** A directory that stands for `/` of a NixOS host: give `root` as `system.root` and as `ABIDE_ROOT`. */
export interface ImitationHost {
  readonly root: string;
  readonly machineId: string;
  readonly hostName: string;
  /** The system profile under `root`; its generations are links beside it. */
  readonly profile: string;
  /** The toplevel that runs; null before the first activation. */
  readonly current: () => Promise<string | null>;
  /** What the imitated activation wrote last: `test`, `switch`, ...; null before the first. */
  readonly lastAction: () => Promise<string | null>;
  /** The toplevel that boots by default, from the imitated loader; null when no loader was written. */
  readonly bootDefault: () => Promise<string | null>;
  /** What a reboot does to the links: booted and current become the boot default, or what was chosen in the boot menu. */
  readonly reboot: (chosen?: string) => Promise<void>;
  /** A reboot as a daemon sees it that starts afterwards: another boot, and nothing left of what the last one ran. */
  readonly boot: (chosen?: string) => Promise<void>;
}

/** A Git repository that holds the flake of the imitation hosts. */
export interface InfraRepository {
  readonly dir: string;
  /** Replaces `hosts.nix`, the table of hosts, without committing. */
  readonly setHosts: (nixText: string) => Promise<void>;
  /** Writes any file of the work tree, without committing. */
  readonly write: (path: string, text: string) => Promise<void>;
  /** Commits everything there is, also nothing, and gives the full commit id. */
  readonly commit: (message: string) => Promise<string>;
  /** Plain `git` here; gives its standard output, trimmed, and throws on failure. */
  readonly git: (...args: string[]) => Promise<string>;
  /** The form in which Nix reads one commit of this repository in place. */
  readonly source: (commit: string, ref?: string) => string;
}

const fixture = fileURLToPath(new URL('../fixtures/imitation-nixos/', import.meta.url));

const vendor = '4a67b082-0a4c-41cf-b6c7-440b29bb8c4f';

/** Makes a root prefix inside `dir` on which nothing runs yet and no profile exists. */
export async function createImitationHost(dir: string, hostName = 'alpha'): Promise<ImitationHost> {
  const at = (...names: string[]) => join(dir, ...names);
  const machineId = '0123456789abcdef0123456789abcdef';
  for (const name of ['run', 'etc', 'boot', 'nix/var/nix/profiles'])
    await mkdir(at(name), { recursive: true });
  await writeFile(at('etc/machine-id'), `${machineId}\n`);
  await writeFile(at('etc/hostname'), `${hostName}\n`);
  const bootDefault = async () => {
    const loader = await readFile(at('boot/loader/loader.conf'), 'utf8').catch(() => '');
    const said = (await firmware('LoaderEntryDefault')) ?? /^default (\S+)/.exec(loader)?.[1] ?? null;
    return said?.endsWith('.conf') ? startedBy(said) : said;
  };
  const firmware = async (name: string) => {
    const value = await readFile(at(`sys/firmware/efi/efivars/${name}-${vendor}`)).catch(() => null);
    return value === null ? null : value.subarray(4).toString('utf16le').replaceAll('\0', '');
  };
  const startedBy = async (entry: string) => {
    const text = await readFile(at('boot/loader/entries', entry), 'utf8');
    return /init=(\S+)\/init/.exec(text)?.[1] ?? null;
  };
  /** What is to be started once is forgotten as soon as it is started. */
  const once = async () => {
    const entry = await firmware('LoaderEntryOneShot');
    await rm(at(`sys/firmware/efi/efivars/LoaderEntryOneShot-${vendor}`), { force: true });
    return entry === null ? null : startedBy(entry);
  };
  let boots = 0;
  const reboot = async (chosen?: string) => {
    const toplevel = chosen ?? (await once()) ?? (await bootDefault());
    if (toplevel === null) throw new Error('nothing to boot: no loader was written');
    for (const link of ['current-system', 'booted-system']) {
      await execa('ln', ['-sfn', toplevel, at('run', link)]);
    }
  };
  return {
    root: dir,
    machineId,
    hostName,
    profile: at('nix/var/nix/profiles/system'),
    current: () => readlink(at('run/current-system')).catch(() => null),
    lastAction: () =>
      readFile(at('run/last-action'), 'utf8').then(
        (text) => text.trim(),
        () => null,
      ),
    bootDefault,
    reboot,
    boot: async (chosen) => {
      boots += 1;
      for (const name of ['abide-deadman', 'nixos']) {
        await rm(at('run', name), { recursive: true, force: true });
      }
      await writeFile(at('run/boot-id'), `boot-${boots}\n`);
      await reboot(chosen);
    },
  };
}

/** Makes a repository on branch `main` inside `dir` with the fixture flake in its first commit. */
export async function createInfraRepository(dir: string): Promise<InfraRepository> {
  await mkdir(dir, { recursive: true });
  const git = async (...args: string[]) => {
    const { stdout } = await execa('git', args, { cwd: dir, env: gitEnvironment(), extendEnv: false });
    return stdout.trim();
  };
  const commit = async (message: string) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', message);
    return git('rev-parse', 'HEAD');
  };
  const write = async (path: string, text: string) => {
    await mkdir(join(dir, path, '..'), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  await git('init', '--quiet', '--initial-branch=main');
  await cp(fixture, dir, { recursive: true });
  await commit('imitation hosts');
  return {
    dir,
    git,
    write,
    commit,
    setHosts: (nixText) => write('hosts.nix', nixText),
    source: (id, ref = 'refs/heads/main') =>
      `git+file://${encodeURI(join(dir, '.git'))}?ref=${ref}&rev=${id}`,
  };
}

function gitEnvironment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
}
