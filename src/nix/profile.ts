import { mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fallbackProfile, provenProfile } from '../domain/boot-proven.ts';
import type { Generation } from '../domain/retention.ts';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Finished, type Run } from '../process.ts';
import { lastLines } from './nix-log.ts';

/** What the profile of one host needs. */
export interface ProfileDeps {
  readonly run: Run;
  readonly environment: Readonly<Record<string, string>>;
  /** `system.root`. */
  readonly root: string;
  /** Below the directory of profiles; default `system`. */
  readonly name?: string;
}

/** The profile that keeps the newest boot-proven system bootable: loaders list the profiles in this directory too. */
export const provenProfileName = `system-profiles/${provenProfile}`;

/** The profile that keeps what the loader falls back to bootable. */
export const fallbackProfileName = `system-profiles/${fallbackProfile}`;

/** A profile of systems; the current generation of `system` is what the boot loader's program takes as the default. */
export interface Profile {
  /**
   * Makes the toplevel the current generation, always as the newest, also when going back; nothing happens when it is
   * already. Never interrupted. Throws Problem `profile_failed`.
   */
  readonly set: (toplevel: string) => Promise<void>;
  /** null where there is no profile; generation null where the link is not one that nix-env makes. */
  readonly read: () => Promise<{ generation: number | null; toplevel: string } | null>;
  /** The generations beside the current one, oldest first. */
  readonly old: () => Promise<readonly { readonly generation: number; readonly toplevel: string }[]>;
  /** Deletes the generations beside the current one; only for a profile of abide's own. Throws Problem `profile_failed`. */
  readonly forgetOld: () => Promise<void>;
  /** Removes the whole profile; only for one of abide's own. */
  readonly drop: () => Promise<void>;
  /** Every ordinary generation; those of other profiles are not looked at. */
  readonly generations: () => Promise<readonly Generation[]>;
  /** Removes generations by number, and with them roots of the store; the current one is refused. Throws as `set` does. */
  readonly remove: (generations: readonly number[]) => Promise<void>;
}

/** Calls must not overlap: nix-env takes no lock for this. */
export function createProfile(deps: ProfileDeps): Profile {
  const path = join(deps.root, 'nix/var/nix/profiles', deps.name ?? 'system');
  const read = () => readProfile(path);
  return {
    read,
    set: async (toplevel) => {
      if ((await read())?.toplevel === toplevel) return;
      await mkdir(dirname(path), { recursive: true });
      const finished = await nixEnv(deps, ['-p', path, '--set', toplevel]);
      if (succeeded(finished) && (await read())?.toplevel === toplevel) return;
      throw new Problem('profile_failed', `${errorOf(finished)} (setting ${path} to ${toplevel})`);
    },
    old: () => oldGenerations(path),
    forgetOld: async () => {
      const finished = await nixEnv(deps, ['-p', path, '--delete-generations', 'old']);
      if (succeeded(finished)) return;
      throw new Problem('profile_failed', `${errorOf(finished)} (deleting old generations of ${path})`);
    },
    drop: async () => {
      // nix-env never deletes the current generation.
      await rm(path, { force: true });
      for (const { name } of await linksOf(path)) await rm(join(dirname(path), name));
    },
    generations: () => generationsOf(path),
    remove: async (generations) => {
      if (generations.length === 0) return;
      const args = ['-p', path, '--delete-generations', ...generations.map(String)];
      const finished = await nixEnv(deps, args);
      if (succeeded(finished)) return;
      const what = `removing generations ${generations.join(', ')} of ${path}`;
      throw new Problem('profile_failed', `${errorOf(finished)} (${what})`);
    },
  };
}

function nixEnv({ run, environment }: ProfileDeps, args: readonly string[]): Promise<Finished> {
  return run({ file: 'nix-env', args, env: environment, timeoutMs: 120_000 });
}

async function oldGenerations(path: string): ReturnType<Profile['old']> {
  const current = basename((await linkTarget(path)) ?? '');
  const generations = (await linksOf(path)).filter(({ name }) => name !== current);
  return generations.map(({ generation, toplevel }) => ({ generation, toplevel }));
}

async function generationsOf(path: string): Promise<readonly Generation[]> {
  const links = await linksOf(path);
  return Promise.all(
    links.map(async ({ generation, toplevel }) => {
      return { number: generation, toplevel, specialisations: await specialisationsOf(toplevel) };
    }),
  );
}

/** Every generation of a profile, oldest first. */
async function linksOf(path: string) {
  const dir = dirname(path);
  const found = await Promise.all(
    (await readdir(dir).catch(() => [])).map(async (name) => {
      const generation = generationOf(basename(path), name);
      const toplevel = generation === null ? null : await linkTarget(join(dir, name));
      return generation === null || toplevel === null ? [] : [{ name, generation, toplevel }];
    }),
  );
  return found.flat().toSorted((one, other) => one.generation - other.generation);
}

async function specialisationsOf(toplevel: string): Promise<readonly string[]> {
  const dir = join(toplevel, 'specialisation');
  const names = await readdir(dir).catch(() => []);
  const paths = await Promise.all(names.map((name) => linkTarget(join(dir, name))));
  return paths.filter((path) => path !== null);
}

/** The number in the name of a generation's link; null for any other name. */
function generationOf(profile: string, name: string): number | null {
  const [, of, number] = /^(.+)-(\d+)-link$/.exec(name) ?? [];
  return of === profile ? Number(number) : null;
}

function errorOf({ stderr, exitCode, signal }: Finished): string {
  const lines = lastLines(stderr);
  return (
    lines.find((line) => line.startsWith('error:')) ?? lines[0] ?? `nix-env ended with ${signal ?? exitCode}`
  );
}

async function readProfile(path: string): ReturnType<Profile['read']> {
  const first = await linkTarget(path);
  if (first === null) return null;
  const toplevel = await linkTarget(first);
  const generation = generationOf(basename(path), basename(first));
  if (generation === null) return { generation, toplevel: toplevel ?? first };
  return toplevel === null ? null : { generation, toplevel };
}

async function linkTarget(path: string): Promise<string | null> {
  const target = await readlink(path).catch(() => null);
  return target === null ? null : resolve(dirname(path), target);
}
