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
  /** Called with the bytes of each commit that was read, as they were hashed. */
  readonly onRead: (id: CommitId, bytes: Uint8Array) => void;
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
  const onChecked = (commits: readonly CheckedCommit[]) => {
    for (const commit of commits) checked.set(commit.id, commit);
    deps.onDone(checked.size);
  };
  // The next are read while these are verified.
  let verifying: Promise<void> = Promise.resolve();
  for (const group of chunksOf(missing, readTogether)) {
    const reading = readGroup(deps, group, onChecked, signal);
    await Promise.allSettled([reading, verifying]);
    await verifying;
    verifying = verifyGroup(deps, await reading, onChecked, signal);
  }
  await verifying;
  return checked;
}

// What is read together is held in memory together.
const readTogether = 250;
// One git for many commits saves its start; more than this would be a long time without progress.
const largestChunk = 50;

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

interface ToVerify {
  readonly commit: CheckedCommit;
  readonly signed: SignedCommit;
}

type OnChecked = (commits: readonly CheckedCommit[]) => void;

/** Gives what a verifier has to be asked about; the rest is found out by reading. */
async function readGroup(
  { run, gitDir, home, cache, onRead }: CheckDeps,
  ids: readonly CommitId[],
  onChecked: OnChecked,
  signal: AbortSignal,
): Promise<readonly ToVerify[]> {
  const objects = await readCommits({ run, gitDir, env: home.env }, ids, signal);
  for (const [id, bytes] of objects) onRead(id, bytes);
  const read = ids.map((id) => readOne(id, objects.get(id)));
  const plain = read.flatMap(({ commit, signed }) => (signed ? [] : [commit]));
  // One that cannot be read may be there again at the next look.
  cache.add(plain.filter(({ id }) => objects.has(id)));
  onChecked(plain);
  return read.flatMap(({ commit, signed }) => (signed ? [{ commit, signed }] : []));
}

/** What is found out is kept at once, so that an abort does not undo it. */
async function verifyGroup(
  { run, gitDir, home, cache, workers }: CheckDeps,
  group: readonly ToVerify[],
  onChecked: OnChecked,
  signal: AbortSignal,
): Promise<void> {
  const chunks = (['ssh', 'gpg'] as const).flatMap((kind) => {
    const those = group.filter((one) => one.signed.claimed.kind === kind);
    return chunksOf(those, Math.min(largestChunk, Math.ceil(those.length / workers)));
  });
  await inParallel(workers, chunks, async (chunk) => {
    const known = await verifySignatures(
      { run, gitDir, home },
      chunk.map((one) => one.signed),
      signal,
    );
    const verified = chunk.map(({ commit }) => ({
      ...commit,
      signature: known.get(commit.id) ?? commit.signature,
    }));
    cache.add(verified);
    onChecked(verified);
  });
}

/** Whoever is told of a failure, or of an abort, may rely on it that no process is left. */
async function inParallel<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  const all = Array.from({ length: Math.min(workers, items.length) }, () =>
    worker().catch((error: unknown) => {
      left.length = 0;
      throw error;
    }),
  );
  await Promise.allSettled(all);
  await Promise.all(all);
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
