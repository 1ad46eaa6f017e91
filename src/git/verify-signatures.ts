import type { Signature } from '../domain/checked-commit.ts';
import type { CommitId } from '../domain/commit.ts';
import { succeeded, type Finished, type Run } from '../process.ts';
import { readGpgStatus, splitGpgStatus } from './gpg-status.ts';
import type { ClaimedSignature } from './signature-armor.ts';
import type { VerifierHome } from './verifier-home.ts';

/** A commit whose structure is sound, with what its signature claims. */
export interface SignedCommit {
  readonly id: CommitId;
  readonly claimed: ClaimedSignature;
}

/** What git verifies with. */
export interface VerifyDeps {
  readonly run: Run;
  readonly gitDir: string;
  readonly home: VerifierHome;
}

/**
 * Lets git verify the signatures. Commits of one kind go to one git; what it says of them counts only when it says of
 * each that it is good, in their order. Otherwise each is asked about alone, because a fault of one can hide the
 * others. Never throws for a commit's sake.
 */
export async function verifySignatures(
  deps: VerifyDeps,
  commits: readonly SignedCommit[],
  signal: AbortSignal,
): Promise<ReadonlyMap<CommitId, Signature>> {
  const found = new Map<CommitId, Signature>();
  const asked: SignedCommit[] = [];
  for (const commit of commits) {
    const known = withoutAsking(commit.claimed, deps.home);
    if (known) found.set(commit.id, known);
    else asked.push(commit);
  }
  for (const kind of ['ssh', 'gpg'] as const) {
    const those = asked.filter(({ claimed }) => claimed.kind === kind);
    for (const [id, signature] of await verifyTogether(deps, those, signal)) found.set(id, signature);
  }
  return found;
}

/** What no verifier is needed for; only keys that are configured and not revoked are worth a process. */
function withoutAsking(
  claimed: ClaimedSignature,
  { material, gpgKeys, revokedSsh }: VerifierHome,
): Signature | null {
  if (claimed.kind === 'gpg') {
    const message = 'is signed with an OpenPGP key, and trust.signers has none';
    return gpgKeys.size > 0 ? null : { good: false, reason: 'unknown_key', message };
  }
  const { key, namespace, hasStrongDigest } = claimed;
  if (!material.sshKeys.has(key)) {
    const message = `is signed with ssh key ${key}, which is no signer's; add it to trust.signers if it should be`;
    return { good: false, reason: 'unknown_key', message };
  }
  if (revokedSsh.has(key)) {
    const message = `is signed with ssh key ${key}, which trust.revokedKeysFile revokes`;
    return { good: false, reason: 'revoked_key', message };
  }
  if (namespace !== 'git') {
    const message = `has an ssh signature of key ${key} that is not made for git`;
    return { good: false, reason: 'bad_signature', message };
  }
  if (hasStrongDigest) return null;
  const message = 'is signed with a digest that can be forged; sign it with SHA-256 or stronger';
  return { good: false, reason: 'weak_digest', message };
}

type Found = readonly (readonly [CommitId, Signature])[];

async function verifyTogether(
  deps: VerifyDeps,
  commits: readonly SignedCommit[],
  signal: AbortSignal,
): Promise<Found> {
  if (commits.length === 0) return [];
  const [only] = commits;
  const asked = await ask(deps, commits, signal);
  if (only && commits.length === 1) return [[only.id, readOne(only, asked, deps.home)]];
  const found = readAll(commits, asked, deps.home);
  if (found) return found;
  const apart: (readonly [CommitId, Signature])[] = [];
  for (const commit of commits) apart.push(...(await verifyTogether(deps, [commit], signal)));
  return apart;
}

interface Asked {
  readonly finished: Finished;
  readonly lines: readonly string[];
}

async function ask(
  { run, gitDir, home }: VerifyDeps,
  commits: readonly SignedCommit[],
  signal: AbortSignal,
): Promise<Asked> {
  const lines: string[] = [];
  const finished = await run(
    {
      file: 'git',
      args: [`--git-dir=${gitDir}`, 'verify-commit', '--raw', ...commits.map(({ id }) => id)],
      env: home.env,
      timeoutMs: 30_000 + 1000 * commits.length,
      onErrorLine: (line) => lines.push(line),
    },
    signal,
  );
  return { finished, lines };
}

function readAll(
  commits: readonly SignedCommit[],
  { finished, lines }: Asked,
  home: VerifierHome,
): Found | null {
  if (!succeeded(finished)) return null;
  const isGpg = commits[0]?.claimed.kind === 'gpg';
  const groups = isGpg ? splitGpgStatus(lines, commits.length) : sshGroups(lines, commits.length);
  if (groups === null) return null;
  const found = commits.map(({ id, claimed }, index) => {
    const group = groups[index] ?? [];
    return [id, read(claimed, { finished, lines: group }, home)] as const;
  });
  return found.every(([, { good }]) => good) ? found : null;
}

function readOne({ claimed }: SignedCommit, asked: Asked, home: VerifierHome): Signature {
  return read(claimed, asked, home);
}

function read(claimed: ClaimedSignature, { finished, lines }: Asked, { gpgKeys }: VerifierHome): Signature {
  return claimed.kind === 'gpg'
    ? readGpgStatus(lines, succeeded(finished), gpgKeys)
    : readSshResult(claimed.key, lines, succeeded(finished));
}

const goodLine = /^Good "git" signature for (\S+) with \S+ key (SHA256:[A-Za-z0-9+/]{43})$/;

function sshGroups(lines: readonly string[], commits: number): string[][] | null {
  const groups = lines.filter((line) => goodLine.test(line)).map((line) => [line]);
  return groups.length === commits ? groups : null;
}

/** "Good" alone is also said of a key that nobody allowed, so the name, the key and the exit code all have to fit. */
function readSshResult(key: string, lines: readonly string[], exitedWell: boolean): Signature {
  const good = lines.flatMap((line) => [goodLine.exec(line)].filter((match) => match !== null));
  const [only] = good;
  if (exitedWell && good.length === 1 && only?.[1] === key && only[2] === key) {
    return { good: true, kind: 'ssh', key, signedAt: null, until: null };
  }
  // Whatever else went wrong (a verifier that was killed, one that is missing) says nothing about the signature.
  if (lines.some((line) => line.startsWith('Signature verification failed'))) {
    return {
      good: false,
      reason: 'bad_signature',
      message: `has a signature of ssh key ${key} that does not fit its content`,
    };
  }
  const message = 'could not be verified: ssh-keygen said nothing of use; is it installed?';
  return { good: false, reason: 'verifier_failed', message };
}
