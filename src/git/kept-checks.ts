import { appendFile, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckedCommit } from '../domain/checked-commit.ts';
import { isCommitId } from '../domain/commit.ts';

/** Good findings on disk, so that a restart does not verify a long history again; one file for each set of keys. */
export interface KeptChecks {
  /** Findings of an earlier daemon with the same keys; what cannot be read is left out. */
  load(digest: string): Promise<readonly CheckedCommit[]>;
  /** Keeps findings; a failure is of no consequence, because they can be found again. */
  append(digest: string, checks: readonly CheckedCommit[]): void;
}

/** Files `checks-*.jsonl` in `dir`, which has to be ours alone: who can write there can vouch for commits. */
export function createKeptChecks(dir: string): KeptChecks {
  let last: Promise<unknown> = Promise.resolve();
  return {
    load: async (digest) => {
      await last;
      const file = fileOf(dir, digest);
      await removeOthers(dir, file);
      const { size } = await stat(file).catch(() => ({ size: 0 }));
      if (size > largestBytes) await rm(file, { force: true });
      const text = await readFile(file, 'utf8').catch(() => '');
      return text.split('\n').flatMap(parse);
    },
    append: (digest, checks) => {
      if (checks.length === 0) return;
      const text = checks.map((check) => `${JSON.stringify(check)}\n`).join('');
      // A line that a power cut tore is closed by the line end before the next.
      last = last
        .then(() => appendFile(fileOf(dir, digest), `\n${text}`, { mode: 0o600 }))
        .catch(() => undefined);
    },
  };
}

const largestBytes = 16 * 1024 * 1024;

function fileOf(dir: string, digest: string): string {
  return join(dir, `checks-${digest.slice(0, 32)}.jsonl`);
}

async function removeOthers(dir: string, file: string): Promise<void> {
  for (const name of await readdir(dir).catch(() => [])) {
    if (name.startsWith('checks-') && join(dir, name) !== file) await rm(join(dir, name), { force: true });
  }
}

function parse(line: string): CheckedCommit[] {
  if (line === '') return [];
  try {
    const value = JSON.parse(line) as CheckedCommit;
    return isSound(value) ? [value] : [];
  } catch {
    return [];
  }
}

function isSound({ id, parents, committedAt, signature }: CheckedCommit): boolean {
  if (!isCommitId(id) || !Array.isArray(parents) || !parents.every(isCommitId)) return false;
  if (!Number.isFinite(committedAt) || !signature.good || typeof signature.key !== 'string') return false;
  return [signature.signedAt, signature.until].every((time) => time === null || Number.isFinite(time));
}
