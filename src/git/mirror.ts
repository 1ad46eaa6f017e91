import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Ancestry } from '../domain/ancestry.ts';
import type { Commit, CommitId } from '../domain/commit.ts';
import type { Fetched } from '../domain/fetched.ts';
import type { CommitTrailers } from '../domain/commit-asks.ts';
import { plainText } from '../domain/plain-text.ts';
import { Problem } from '../domain/problem.ts';
import type { Run } from '../process.ts';
import { createAncestryReader } from './ancestry.ts';
import { createCommitReader } from './commit-reader.ts';
import { localEnvironment, nixEnvironment } from './environment.ts';
import { fetchHeads } from './fetch-heads.ts';
import { createGit } from './git.ts';
import { readHistory } from './history.ts';
import { keepCommits } from './keep-commits.ts';
import { maintainMirror } from './maintain-mirror.ts';
import { openMirror } from './open-mirror.ts';
import { knownHeads } from './known-heads.ts';
import { readFile } from './read-file.ts';
import { readTrailers } from './read-trailers.ts';
import { keepRef } from './refs.ts';
import type { Log, RemoteSource } from './remote-source.ts';
import { resolveCommit } from './resolve-commit.ts';
import { createTurns } from './turns.ts';

/** What the mirror stands on. */
export interface MirrorDeps {
  /** The mirror is `<dir>/.git`: the one form every version of Nix evaluates in place. */
  readonly dir: string;
  /** A directory for generated configuration and credential helpers; nobody else's files belong there. */
  readonly home: string;
  readonly run: Run;
  readonly remotes: readonly RemoteSource[];
  readonly submodules: boolean;
  readonly path: string;
  readonly proxyEnvironment: Readonly<Record<string, string>>;
  /** Limit of what one fetch may bring, in bytes. */
  readonly maxPackBytes: number;
  readonly log: Log;
}

/** One full mirror of all remotes. Fetches run side by side; opening and maintenance have it for themselves. */
export interface Mirror {
  /** Makes or repairs the mirror; called once before all else. */
  open(signal: AbortSignal): Promise<void>;
  /** One poll of one remote; any failure leaves the heads of the last success in place. */
  fetch(remote: string, signal: AbortSignal): Promise<Fetched>;
  /** What the remotes served at their last success, from the mirror alone; empty when there is no mirror. */
  heads(signal: AbortSignal): Promise<readonly Fetched[]>;
  /** Strict descent among the commits; those the mirror does not have are related to none. */
  ancestry(commits: readonly CommitId[], signal: AbortSignal): Promise<Ancestry>;
  describe(id: CommitId, signal: AbortSignal): Promise<Commit>;
  /** A head and what came before it along all parents, newest first. */
  newest(head: CommitId, count: number, signal: AbortSignal): Promise<readonly CommitId[]>;
  /** The commit that a full id or an unambiguous abbreviation means; Problem `unknown_commit` otherwise. */
  resolve(text: string, signal: AbortSignal): Promise<CommitId>;
  /** A regular file of a commit as text, null when there is none; `readFile` of its own file says what it throws. */
  readFile(commit: CommitId, path: string, signal: AbortSignal): Promise<string | null>;
  /** What commits above the base say to abide; `readTrailers` says which. */
  trailers(
    range: { readonly head: CommitId; readonly base: CommitId | null },
    signal: AbortSignal,
  ): Promise<readonly CommitTrailers[]>;
  /** Exactly these commits survive pruning, beside the heads; ids the mirror does not have are passed over. */
  keep(ids: readonly CommitId[], signal: AbortSignal): Promise<void>;
  /** Repacks and prunes when it is worth it; call it now and then, it is cheap when there is nothing to do. */
  maintain(signal: AbortSignal): Promise<void>;
  /** The git part of Nix's environment; put Nix's own HOME after it. */
  environment(): Record<string, string>;
  /** The flake URL of a commit; only good while `keep` holds it. `subdir` '.' is the top. */
  sourceUrl(commit: CommitId, subdir: string, submodules: boolean): string;
}

/** Does nothing until `open`. */
export function createMirror(deps: MirrorDeps): Mirror {
  const gitDir = join(deps.dir, '.git');
  const env = localEnvironment(deps);
  const git = createGit({ run: deps.run, gitDir, env });
  const commits = createCommitReader({ gitDir, env });
  const ancestry = createAncestryReader(git);
  const turns = createTurns();
  const open = (signal: AbortSignal) => turns.alone(() => openMirror(deps, signal));
  return {
    open,
    fetch: async (name, signal) => {
      const remote = deps.remotes.find((one) => one.name === name);
      if (!remote)
        throw new Problem('remote_other', `no remote is named ${plainText(name)}`, { retry: 'never' });
      if (!(await isThere(gitDir))) await open(signal);
      return turns.together(() => fetchHeads({ deps, gitDir, git, remote, commits, turns }, signal));
    },
    heads: (signal) => knownHeads({ gitDir, remotes: deps.remotes, commits }, signal),
    ancestry: (ids, signal) => ancestry.read(ids, signal),
    describe: async (id, signal) => only(await commits.read([id], signal)),
    newest: async (head, most, signal) =>
      (await readHistory(git, { head, without: [], most }, signal)).map(({ id }) => id).toReversed(),
    resolve: (text, signal) => resolveCommit(git, text, signal),
    readFile: (commit, path, signal) => readFile(git, { commit, path }, signal),
    trailers: (range, signal) => readTrailers(git, range, signal),
    keep: (ids, signal) => turns.together(() => keepCommits({ git, gitDir }, ids, signal)),
    maintain: (signal) => turns.ifIdle(() => maintainMirror({ git, gitDir, log: deps.log }, signal)),
    environment: () => nixEnvironment(deps, deps.remotes),
    sourceUrl: (commit, subdir, submodules) => sourceUrl(deps.dir, commit, subdir, submodules),
  };
}

function sourceUrl(dir: string, commit: CommitId, subdir: string, submodules: boolean): string {
  const query = [
    `ref=${keepRef(commit)}`,
    `rev=${commit}`,
    ...(subdir === '' || subdir === '.' ? [] : [`dir=${encodeURIComponent(subdir).replaceAll('%2F', '/')}`]),
    ...(submodules ? ['submodules=1'] : []),
  ];
  return `git+${pathToFileURL(dir).href}?${query.join('&')}`;
}

function only(commits: readonly Commit[]): Commit {
  const [commit] = commits;
  if (!commit) throw new Problem('unexpected', 'a commit was read and is not there');
  return commit;
}

async function isThere(gitDir: string): Promise<boolean> {
  return stat(join(gitDir, 'HEAD')).then(
    () => true,
    () => false,
  );
}
