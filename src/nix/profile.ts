import { mkdir, readlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Problem } from '../domain/problem.ts';
import { succeeded, type Finished, type Run } from '../process.ts';
import { lastLines } from './nix-log.ts';

/** What the profile of one host needs. */
export interface ProfileDeps {
  readonly run: Run;
  readonly environment: Readonly<Record<string, string>>;
  /** `system.root`. */
  readonly root: string;
}

/** The system profile, whose current generation the boot loader's program takes as the default. */
export interface Profile {
  /**
   * Makes the toplevel the current generation, always as the newest, also when going back; nothing happens when it is
   * already. Never interrupted. Throws Problem `profile_failed`.
   */
  readonly set: (toplevel: string) => Promise<void>;
  /** null where there is no profile; generation null where the link is not one that nix-env makes. */
  readonly read: () => Promise<{ generation: number | null; toplevel: string } | null>;
}

/** Calls must not overlap: nix-env takes no lock for this. */
export function createProfile({ run, environment, root }: ProfileDeps): Profile {
  const path = join(root, 'nix/var/nix/profiles/system');
  const read = () => readProfile(path);
  return {
    read,
    set: async (toplevel) => {
      if ((await read())?.toplevel === toplevel) return;
      await mkdir(dirname(path), { recursive: true });
      const args = ['-p', path, '--set', toplevel];
      const finished = await run({ file: 'nix-env', args, env: environment, timeoutMs: 120_000 });
      if (succeeded(finished) && (await read())?.toplevel === toplevel) return;
      throw new Problem('profile_failed', `${errorOf(finished)} (setting ${path} to ${toplevel})`);
    },
  };
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
  const generation = /^system-(\d+)-link$/.exec(basename(first))?.[1];
  if (generation === undefined) return { generation: null, toplevel: toplevel ?? first };
  return toplevel === null ? null : { generation: Number(generation), toplevel };
}

async function linkTarget(path: string): Promise<string | null> {
  const target = await readlink(path).catch(() => null);
  return target === null ? null : resolve(dirname(path), target);
}
