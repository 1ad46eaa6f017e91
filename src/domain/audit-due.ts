import type { AuditEntry, DeploymentEntry, DesiredEntry, PolicyEntry, VerdictEntry } from './audit.ts';
import type { Deployment } from './deployment.ts';
import type { Desired } from './desired.ts';
import type { Facts } from './facts.ts';
import type { Judgement } from './judgement.ts';

/** What the audit log says already, as far as it decides what need not be said again. */
export interface Audited {
  /** The last of each branch of each remote. */
  readonly verdicts: Readonly<Record<string, VerdictEntry>>;
  readonly desired: DesiredEntry | null;
  readonly policy: PolicyEntry | null;
  /** The deployment that began and has not ended. */
  readonly deployment: DeploymentEntry | null;
  readonly suspended: boolean;
}

/** An audit log that is empty. */
export const nothingAudited: Audited = {
  verdicts: {},
  desired: null,
  policy: null,
  deployment: null,
  suspended: false,
};

/** What one moment of the loop has to say for the record. */
export interface AuditQuestion {
  readonly facts: Facts;
  readonly judgements: readonly Judgement[];
  readonly desired: Desired | null;
  /** False until a remote's offer counts: before it nothing is desired but what was. */
  readonly heard: boolean;
  /** null: not known yet. */
  readonly policy: Omit<PolicyEntry, 'kind'> | null;
  /** The mode in which a remote's heads are judged. */
  readonly modeOf: (remote: string) => VerdictEntry['mode'];
}

/** What is known of the log once this stands in it too. */
export function auditedAfter(known: Audited, entry: AuditEntry): Audited {
  switch (entry.kind) {
    case 'verdict':
      return { ...known, verdicts: { ...known.verdicts, [branchOf(entry)]: entry } };
    case 'desired':
      return { ...known, desired: entry };
    case 'policy':
      return { ...known, policy: entry };
    case 'deployment':
      return { ...known, deployment: entry.change === 'started' ? entry : null };
    case 'suspend':
      return { ...known, suspended: true };
    case 'resume':
      return { ...known, suspended: false };
    default:
      return known;
  }
}

/**
 * What holds now and is not in the log yet. It is found by comparing the two and not by listening, so that whatever a
 * crash kept from being written is made up for by the next daemon.
 */
export function dueEntries(known: Audited, question: AuditQuestion): readonly AuditEntry[] {
  return [
    ...duePolicy(known, question),
    ...dueSuspension(known, question.facts),
    ...(question.heard ? [...dueVerdicts(known, question), ...dueDesired(known, question)] : []),
    ...dueDeployments(known, question.facts),
  ];
}

function duePolicy(known: Audited, { policy }: AuditQuestion): PolicyEntry[] {
  return policy === null || known.policy?.digest === policy.digest ? [] : [{ kind: 'policy', ...policy }];
}

/** A person's suspend and resume are recorded by the command, with who it was; here is what happens without one. */
function dueSuspension(known: Audited, { suspended }: Facts): AuditEntry[] {
  if (known.suspended === (suspended !== null)) return [];
  if (suspended === null) return [{ kind: 'resume', actor: null }];
  const { reason, until, by } = suspended;
  return [{ kind: 'suspend', reason, until, actor: by }];
}

function dueVerdicts(known: Audited, question: AuditQuestion): VerdictEntry[] {
  const found = question.judgements.flatMap((judgement) => verdictEntry(judgement, question));
  return found.filter((entry) => {
    const before = known.verdicts[branchOf(entry)];
    return (
      before?.commit !== entry.commit ||
      before.verdict !== entry.verdict ||
      before.reason !== entry.reason ||
      before.candidate !== entry.candidate
    );
  });
}

function verdictEntry(
  { remote, role, ref, head, verdict }: Judgement,
  { facts, policy, modeOf }: AuditQuestion,
): VerdictEntry[] {
  if (!head || !verdict) return [];
  const { status, reason, message, candidate, signer } = verdict;
  return [
    {
      kind: 'verdict',
      remote,
      role,
      ref,
      commit: head.commit.id,
      base: facts.floor?.commit ?? null,
      mode: modeOf(remote),
      policy: policy?.digest ?? null,
      verdict: status,
      reason,
      message,
      candidate,
      signer,
      rangeSize: head.rangeSize,
    },
  ];
}

function dueDesired(known: Audited, { desired }: AuditQuestion): DesiredEntry[] {
  const before = known.desired;
  const same =
    (before?.commit ?? null) === (desired?.commit ?? null) &&
    (before?.operation ?? null) === (desired?.operation ?? null);
  if (same) return [];
  const { commit = null, remote = null, role = null, operation = null } = desired ?? {};
  return [{ kind: 'desired', commit, previous: before?.commit ?? null, remote, role, operation }];
}

function dueDeployments(known: Audited, facts: Facts): DeploymentEntry[] {
  const { deployment, deployments } = facts;
  const open = known.deployment;
  if (deployment !== null && open?.deployment === deployment.id) return [];
  const ended = deployments.find(({ id }) => id === open?.deployment);
  return [
    ...(ended ? [deploymentEntry('ended', ended, facts)] : []),
    ...(deployment ? [deploymentEntry('started', deployment, facts)] : []),
  ];
}

function deploymentEntry(
  change: DeploymentEntry['change'],
  { id, commit, toplevel, operation, trigger, outcome, reason, by }: Deployment,
  { commits }: Facts,
): DeploymentEntry {
  const derivation = commits.find((record) => record.commit === commit)?.derivation ?? null;
  return {
    kind: 'deployment',
    change,
    deployment: id,
    commit,
    derivation,
    toplevel,
    operation,
    trigger,
    outcome,
    reason,
    actor: by,
  };
}

function branchOf({ remote, role }: Pick<VerdictEntry, 'remote' | 'role'>): string {
  return `${remote} ${role}`;
}
