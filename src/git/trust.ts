import { join } from 'node:path';
import type { Ancestry } from '../domain/ancestry.ts';
import type { CheckedCommit } from '../domain/checked-commit.ts';
import type { Commit, CommitId } from '../domain/commit.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import type { Fetched } from '../domain/fetched.ts';
import { judgeCommit, type Ruling } from '../domain/judge-commit.ts';
import { Problem } from '../domain/problem.ts';
import type { BranchRole, Candidate, Head, RemoteOffer } from '../domain/remote.ts';
import { keysFor, modeFor, type TrustPolicy } from '../domain/trust-policy.ts';
import { checkCommits } from './check-commits.ts';
import { effectivePolicy, type EffectivePolicy } from './effective-policy.ts';
import { localEnvironment } from './environment.ts';
import { createTwinFinder, withTwins, type TwinQuestion } from './floor-twin.ts';
import { createGit } from './git.ts';
import { findStart, type TrustBase } from './head-start.ts';
import { readHistory } from './history.ts';
import { judgeHead, type HeadDeps } from './judge-head.ts';
import { refusedHead, settledHead, type JudgedHead } from './judged-head.ts';
import { createPayloads, type Payloads } from './payloads.ts';
import { createVerifiers, type Verifier, type VerifierDeps } from './verifier.ts';

/** What trust stands on. */
export interface TrustDeps extends VerifierDeps {
  /** The mirror is `<mirrorDir>/.git`. */
  readonly mirrorDir: string;
  /** The mirror's generated home. */
  readonly gitHome: string;
  readonly policy: TrustPolicy;
  readonly ancestry: HeadDeps['ancestry'];
  readonly describe: (id: CommitId, signal: AbortSignal) => Promise<Commit>;
  /** How many gits verify at once. */
  readonly workers: number;
  readonly onProgress: OnProgress;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Which branch of which remote something comes from. */
interface Origin {
  readonly remote: string;
  readonly role: BranchRole;
}

/** Decides what of the fetched may run here; nothing it has not judged is ever evaluated. */
export interface Trust {
  /** Judges what one remote serves. Keys that cannot be read refuse every head; nothing is thrown for a commit's sake. */
  judge(fetched: Fetched, base: JudgeBase, signal: AbortSignal): Promise<RemoteOffer>;
  /** The word on one commit by itself, whatever it descends from. */
  judgeAlone(commit: CommitId, origin: Origin, signal: AbortSignal): Promise<Ruling>;
  /** Adds what descends from a twin of the floor to what descends from the floor itself. */
  withTwins(ancestry: Ancestry, question: TwinQuestion, signal: AbortSignal): Promise<Ancestry>;
  /** SHA-256 of a commit without its signature; null for one that the mirror does not have. */
  payloadHash(commit: CommitId, signal: AbortSignal): Promise<string | null>;
  /** Whom this host obeys, by the keys that were read last; null while keys count and none were read. */
  readonly effective: () => EffectivePolicy | null;
}

/** What the host holds already, and what runs on it. */
export interface JudgeBase extends TrustBase {
  readonly deployed: CommitId | null;
}

/** Reads no key before the first question. */
export function createTrust(deps: TrustDeps): Trust {
  const gitDir = join(deps.mirrorDir, '.git');
  const env = localEnvironment({ home: deps.gitHome, path: deps.path, proxyEnvironment: {} });
  const git = createGit({ run: deps.run, gitDir, env });
  const verifiers = createVerifiers(deps);
  const reading = { run: deps.run, gitDir, env };
  const parts: Parts = {
    deps,
    gitDir,
    verifier: verifiers.now,
    payloads: createPayloads(reading),
    history: (query, signal) => readHistory(git, query, signal),
    twin: createTwinFinder(git, reading, deps.policy.maxRange),
  };
  return {
    judge: (fetched, base, signal) => judgeFetched(parts, fetched, base, signal),
    judgeAlone: (commit, origin, signal) => judgeAlone(parts, commit, origin, signal),
    withTwins: (ancestry, question, signal) => withTwins(parts.twin, ancestry, question, signal),
    payloadHash: async (commit, signal) => (await parts.payloads.read(commit, signal))?.hash ?? null,
    effective: () => effectivePolicy(deps.policy, verifiers.newest()?.home.material ?? null),
  };
}

interface Parts {
  readonly deps: TrustDeps;
  readonly gitDir: string;
  readonly verifier: () => Promise<Verifier>;
  readonly payloads: Payloads;
  readonly history: HeadDeps['history'];
  readonly twin: HeadDeps['twin'];
}

/** Main first: what it stands for is a base of testing. */
async function judgeFetched(
  parts: Parts,
  { remote, main, testing }: Fetched,
  base: JudgeBase,
  signal: AbortSignal,
): Promise<RemoteOffer> {
  const head = async (commit: Commit | null, role: BranchRole, mains: readonly CommitId[]) =>
    commit && judgeOne(parts, { commit, remote, role, base: { ...base, mains } }, signal);
  const judgedMain = await head(main, 'main', base.mains);
  const own = judgedMain?.verdict.candidate ?? null;
  const mains = own === null ? base.mains : [...new Set([...base.mains, own])];
  return { remote, main: judgedMain, testing: await head(testing, 'testing', mains) };
}

interface Question extends Origin {
  readonly commit: Commit;
  readonly base: JudgeBase;
}

async function judgeOne(parts: Parts, question: Question, signal: AbortSignal): Promise<Head> {
  const { commit } = question;
  const { verdict, refused, rangeSize } = await verdictOn(parts, question, signal);
  return {
    commit,
    verdict,
    refused,
    rangeSize,
    candidate: await candidateOf(parts, commit, verdict.candidate, signal),
  };
}

async function candidateOf(
  { deps, payloads }: Parts,
  head: Commit,
  id: CommitId | null,
  signal: AbortSignal,
): Promise<Candidate | null> {
  if (id === null) return null;
  const commit = id === head.id ? head : await deps.describe(id, signal);
  return { commit, payloadHash: (await payloads.read(id, signal))?.hash ?? null };
}

async function verdictOn(
  parts: Parts,
  { commit, base, ...origin }: Question,
  signal: AbortSignal,
): Promise<JudgedHead> {
  const { deps, history, twin, payloads } = parts;
  const { policy, ancestry, now } = deps;
  const { anchor, maxRange, clockSkewMs } = policy;
  const mode = modeFor(policy, origin.remote);
  const head = commit.id;
  const place = { head, role: origin.role, anchor, base };
  if (mode === 'none') {
    const start = await findStart({ ancestry, twin }, place, signal);
    return 'verdict' in start ? start : settledHead(head);
  }
  const verifier = await parts.verifier().catch((error: unknown) => unusable(error, head, base));
  if ('verdict' in verifier) return verifier;
  const known = verifier.home.material.keys;
  const rule = { known, allowed: keysFor(known, policy, origin), clockSkewMs, now: now() };
  const asked: HeadDeps = {
    ancestry,
    history,
    twin,
    dateOf: async (id, abort) => (await payloads.read(id, abort))?.committedAt ?? null,
    check: (ids, abort) => check(parts, { verifier, remote: origin.remote }, ids, abort),
  };
  return judgeHead(asked, { ...place, mode, maxRange, rule }, signal);
}

/** Checks commits and tells how far it has come; however it ends, the last word is that it is over. */
async function check(
  { deps, gitDir, payloads }: Parts,
  { verifier, remote }: { readonly verifier: Verifier; readonly remote: string },
  ids: readonly CommitId[],
  signal: AbortSignal,
): Promise<ReadonlyMap<CommitId, CheckedCommit>> {
  const { run, workers, now, onProgress } = deps;
  const expected = ids.length;
  const onRead = (id: CommitId, bytes: Uint8Array) => payloads.note(id, bytes);
  let told = 0;
  const onDone = (done: number) => {
    told = done;
    onProgress({ phase: 'verify', text: `commits of ${remote}`, done, expected });
  };
  try {
    return await checkCommits({ run, gitDir, ...verifier, workers, now, onDone, onRead }, ids, signal);
  } finally {
    if (told > 0 && told < expected) onDone(expected);
  }
}

/** What runs here already is not left because a file cannot be read for a while; nothing new is begun either. */
function unusable(error: unknown, head: CommitId, { deployed }: JudgeBase): JudgedHead {
  if (!(error instanceof Problem) || error.code === 'aborted') throw error;
  const message = `nothing can be verified: ${error.message}`;
  const judged = refusedHead({ commit: head, status: 'rejected', reason: 'verifier_failed', message });
  return head === deployed ? { ...judged, verdict: { ...judged.verdict, candidate: head } } : judged;
}

async function judgeAlone(
  parts: Parts,
  commit: CommitId,
  origin: Origin,
  signal: AbortSignal,
): Promise<Ruling> {
  const { policy, now } = parts.deps;
  if (modeFor(policy, origin.remote) === 'none') {
    return { status: 'accepted', signer: null };
  }
  const verifier = await parts.verifier();
  const checked = await check(parts, { verifier, remote: origin.remote }, [commit], signal);
  const found = checked.get(commit);
  if (!found) throw new Error(`bug: ${commit} was not checked`);
  const known = verifier.home.material.keys;
  const allowed = keysFor(known, policy, origin);
  return judgeCommit(found, { known, allowed, clockSkewMs: policy.clockSkewMs, now: now() });
}
