import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { replaceFile } from './private-file.ts';
import { headRef, incomingRef, readRefs } from './refs.ts';
import type { RemoteSource } from './remote-source.ts';

/** The mirror and the remotes it is for. */
export interface ForgetInput {
  readonly git: Git;
  readonly gitDir: string;
  readonly remotes: readonly RemoteSource[];
}

/** Heads belong to a remote as it was configured when they were fetched: the same name may lead elsewhere later. */
export async function forgetRemotes(
  { git, gitDir, remotes }: ForgetInput,
  signal: AbortSignal,
): Promise<void> {
  const file = join(gitDir, 'abide-remotes');
  const lines = remotes.flatMap((remote) =>
    (['main', 'testing'] as const).flatMap((role) => {
      const branch = remote[role]?.name;
      return branch === undefined ? [] : [JSON.stringify([remote.name, role, branch, remote.url])];
    }),
  );
  const before = new Set((await readFile(file, 'utf8').catch(() => '')).split('\n'));
  const kept = new Set(
    lines
      .filter((line) => before.has(line))
      .map((line) => JSON.parse(line) as [string, 'main' | 'testing'])
      .flatMap(([name, role]) => [incomingRef(name, role), headRef(name, role)]),
  );
  const refs = [
    ...(await readRefs(gitDir, 'refs/abide/incoming')),
    ...(await readRefs(gitDir, 'refs/abide/remotes')),
  ].map(([ref]) => ref);
  const stale = refs.filter((ref) => !kept.has(ref));
  if (stale.length > 0) {
    const commands = stale.map((ref) => `delete ${ref}\n`).join('');
    await git.must(['update-ref', '--stdin'], signal, commands);
  }
  await replaceFile(file, lines.join('\n'), 0o600);
}
