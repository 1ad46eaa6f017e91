import type { CheckedCommit, Signature } from '../domain/checked-commit.ts';
import type { CommitId } from '../domain/commit.ts';
import type { Run } from '../process.ts';
import type { CheckCache } from './check-cache.ts';
import { readRawCommit, type RawCommit } from './raw-commit.ts';
import { readCommits } from './read-commits.ts';
import { readArmor } from './signature-armor.ts';
import type { VerifierHome } from './verifier-home.ts';
import { verifySignatures, type SignedCommit } from './verify-signatures.ts';

/** What commits are checked with. */
export interface CheckDeps {
  readonly run: Run;
  readonly gitDir: string;
  readonly home: VerifierHome;
  readonly cache: CheckCache;
  /** How many gits verify at once. */
  readonly workers: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called now and then with how many are done. */
  readonly onDone: (done: number) => void;
}

/** Finds out who signed each commit: bytes, structure, signature, in this order. What is known already costs nothing. */
export async function checkCommits(
  deps: CheckDeps,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<ReadonlyMap<CommitId, CheckedCommit>> {
  const checked = new Map<CommitId, CheckedCommit>();
  const missing: CommitId[] = [];
  for (const id of ids) {
    const known = deps.cache.get(id, deps.now());
    if (known) checked.set(id, known);
    else missing.push(id);
  }
  if (missing.length === 0) return checked;
  const chunks = chunksOf(missing, Math.min(largestChunk, Math.ceil(missing.length / deps.workers)));
  const work = async () => {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      for (const commit of await checkChunk(deps, chunk, signal)) checked.set(commit.id, commit);
      deps.onDone(checked.size);
    }
  };
  const workers = Array.from({ length: Math.min(deps.workers, chunks.length) }, () =>
    work().catch((error: unknown) => {
      chunks.length = 0;
      throw error;
    }),
  );
  // Whoever is told of a failure, or of an abort, may rely on it that no process is left.
  await Promise.allSettled(workers);
  await Promise.all(workers);
  return checked;
}

// One git for many commits saves its start; more than this would be a long time without progress.
const largestChunk = 50;

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

async function checkChunk(
  { run, gitDir, home, cache }: CheckDeps,
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<readonly CheckedCommit[]> {
  const objects = await readCommits({ run, gitDir, env: home.env }, ids, signal);
  const read = ids.map((id) => readOne(id, objects.get(id)));
  const signed = read.flatMap(({ signed }) => (signed ? [signed] : []));
  const signatures = await verifySignatures({ run, gitDir, home }, signed, signal);
  const checked = read.map(({ commit }) => {
    const signature = signatures.get(commit.id);
    return signature ? { ...commit, signature } : commit;
  });
  // One that cannot be read may be there again at the next look.
  cache.add(checked.filter(({ id }) => objects.has(id)));
  return checked;
}

interface ReadOne {
  /** Its signature is what could be said without a verifier. */
  readonly commit: CheckedCommit;
  readonly signed: SignedCommit | null;
}

function readOne(id: CommitId, bytes: Buffer | undefined): ReadOne {
  const raw = bytes ? readRawCommit(bytes) : { malformed: 'cannot be read as the object that its id names' };
  if ('malformed' in raw) {
    return {
      commit: withoutSignature(id, { parents: [], committedAt: 0 }, malformed(raw.malformed)),
      signed: null,
    };
  }
  if (raw.armor === null) return { commit: withoutSignature(id, raw, unsigned), signed: null };
  const claimed = readArmor(raw.armor);
  if ('malformed' in claimed) {
    return { commit: withoutSignature(id, raw, malformed(claimed.malformed)), signed: null };
  }
  return { commit: withoutSignature(id, raw, unverified), signed: { id, claimed } };
}

function withoutSignature(
  id: CommitId,
  { parents, committedAt }: Pick<RawCommit, 'parents' | 'committedAt'>,
  signature: Signature,
): CheckedCommit {
  return { id, parents, committedAt, signature };
}

const unsigned: Signature = {
  good: false,
  reason: 'unsigned',
  message: 'is not signed; sign it (git commit --amend -S, or git rebase --gpg-sign) and push again',
};

const unverified: Signature = { good: false, reason: 'verifier_failed', message: 'could not be verified' };

function malformed(why: string): Signature {
  return { good: false, reason: 'malformed', message: `${why}; make the commit anew` };
}
