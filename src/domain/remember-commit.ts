import type { CommitId } from './commit.ts';
import type { Evaluation } from './evaluation.ts';
import type { CommitRecord, Facts, Floor } from './facts.ts';
import type { Candidate, Signer } from './remote.ts';

const keptCommits = 200;

/** A desired commit, with what the remote that offers it tells; null where none does. */
export interface SeenCommit {
  readonly commit: CommitId;
  readonly candidate: Candidate | null;
  /** null also for a commit at or below the floor, which nobody verifies again. */
  readonly signer: Signer | null;
}

/** The facts with what is known of a desired commit, newest last; what was known before is completed, never lost. */
export function rememberCommit(facts: Facts, seen: SeenCommit, now: number): Facts {
  const { commit: id, candidate } = seen;
  const known = facts.commits.find((record) => record.commit === id);
  const signer = seen.signer ?? known?.signer ?? null;
  const isComplete = known?.subject !== null && known?.payloadHash !== null && known?.signer === signer;
  if (known && (isComplete || !candidate)) return facts;
  const record: CommitRecord = {
    commit: id,
    subject: candidate?.commit.subject ?? null,
    author: candidate?.commit.author ?? null,
    committedAt: candidate?.commit.committedAt ?? null,
    payloadHash: candidate?.payloadHash ?? null,
    firstSeen: known?.firstSeen ?? new Date(now).toISOString(),
    derivation: known?.derivation ?? null,
    toplevel: known?.toplevel ?? null,
    signer,
  };
  return withRecord(facts, record);
}

/** The facts with what an evaluation gave; several commits may share one toplevel. */
export function rememberEvaluation(facts: Facts, { commit, derivation, toplevel }: Evaluation): Facts {
  const known = facts.commits.find((record) => record.commit === commit);
  return known ? withRecord(facts, { ...known, derivation, toplevel }) : facts;
}

/** The floor at a commit, with what is known of it. */
export function floorAt({ commits }: Facts, commit: CommitId): Floor {
  const known = commits.find((record) => record.commit === commit);
  return { commit, payloadHash: known?.payloadHash ?? null };
}

/** The commits known to give this toplevel, oldest first. */
export function commitsOf({ commits }: Facts, toplevel: string | null): readonly CommitId[] {
  if (toplevel === null) return [];
  return commits.filter((record) => record.toplevel === toplevel).map(({ commit }) => commit);
}

function withRecord(facts: Facts, record: CommitRecord): Facts {
  const others = facts.commits.filter(({ commit }) => commit !== record.commit);
  const commits = [...others, record];
  const inUse = new Set([facts.expected?.commit, facts.committedMain?.commit, facts.deployment?.commit]);
  const excess = commits.length - keptCommits;
  return {
    ...facts,
    commits: excess > 0 ? commits.filter(({ commit }, i) => i >= excess || inUse.has(commit)) : commits,
  };
}
