import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A real repository with a work tree; `dir` is its directory. */
export interface Repository {
  readonly dir: string;
}

export interface CommitOptions {
  readonly branch?: string;
  /** Seconds since 1970, of author and committer. */
  readonly date?: number;
  readonly author?: string;
}

/** Makes an empty repository on branch main, with hooks and configuration of nobody. */
export function createRepository(dir: string, options: { bare?: boolean } = {}): Repository {
  mkdirSync(dir, { recursive: true });
  git(dir, 'init', '--quiet', '--template=', '--initial-branch=main', ...(options.bare ? ['--bare'] : []));
  return { dir };
}

/** Writes the files (null removes one), commits everything on the branch that is checked out, and returns the id. */
export function commitFiles(
  { dir }: Repository,
  files: Readonly<Record<string, string | null>>,
  message = 'change',
  { date, author }: CommitOptions = {},
): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    if (content === null) rmSync(file);
    else writeFileSync(file, content);
  }
  const time = date === undefined ? {} : dates(date);
  const name = author === undefined ? {} : { GIT_AUTHOR_NAME: author };
  git(dir, 'add', '--all');
  gitWith(dir, { ...time, ...name }, 'commit', '--quiet', '--allow-empty', '--message', message);
  return headOf({ dir });
}

/** The commit a branch or other revision points to. */
export function headOf({ dir }: Repository, revision = 'HEAD'): string {
  return git(dir, 'rev-parse', '--verify', `${revision}^{commit}`);
}

/** Makes or moves a branch and checks it out. */
export function branch({ dir }: Repository, name: string, at = 'HEAD'): void {
  git(dir, 'checkout', '--quiet', '-B', name, at);
}

/** Checks an existing branch out. */
export function checkout({ dir }: Repository, name: string): void {
  git(dir, 'checkout', '--quiet', name);
}

export function deleteBranch({ dir }: Repository, name: string): void {
  git(dir, 'update-ref', '-d', `refs/heads/${name}`);
}

/** Merges a revision with a merge commit and returns its id. */
export function merge({ dir }: Repository, revision: string, message = 'merge'): string {
  git(dir, 'merge', '--quiet', '--no-ff', '--message', message, revision);
  return headOf({ dir });
}

/** Pushes branches of one repository to another place, rewriting what is there. */
export function forcePush({ dir }: Repository, to: string, ...branches: readonly string[]): void {
  git(dir, 'push', '--quiet', '--force', to, ...branches.map((name) => `refs/heads/${name}`));
}

/** Runs real git in a repository, untouched by the machine's own configuration, and returns what it prints. */
export function git(dir: string, ...args: readonly string[]): string {
  return gitWith(dir, {}, ...args);
}

function gitWith(dir: string, more: Readonly<Record<string, string>>, ...args: readonly string[]): string {
  const env = { ...environment, ...more };
  return execFileSync('git', ['-C', dir, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

function dates(seconds: number): Record<string, string> {
  return { GIT_AUTHOR_DATE: `${seconds} +0000`, GIT_COMMITTER_DATE: `${seconds} +0000` };
}

const environment = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};
