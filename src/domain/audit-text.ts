import type {
  AuditEntry,
  DeploymentEntry,
  DesiredEntry,
  GapEntry,
  PolicyEntry,
  VerdictEntry,
} from './audit.ts';
import { shortId, type CommitId } from './commit.ts';

/** What a record says, in one sentence for people; of a kind that only a newer abide knows, its name. */
export function auditText(entry: AuditEntry): string {
  const { kind }: { readonly kind: string } = entry;
  switch (entry.kind) {
    case 'verdict':
      return verdictText(entry);
    case 'desired':
      return desiredText(entry);
    case 'policy':
      return policyText(entry);
    case 'deployment':
      return deploymentText(entry);
    case 'accept':
      return `${named(entry.actor)} accepted ${shortId(entry.commit)} as the floor in place of ${short(entry.floor)}: ${entry.reason}`;
    case 'suspend':
      return `${named(entry.actor)} suspended this host ${entry.until === null ? 'until resume' : `until ${entry.until}`}: ${entry.reason}`;
    case 'resume':
      return entry.actor === null ? 'the suspension is over' : `${entry.actor} resumed this host`;
    case 'retry':
      return `${named(entry.actor)} asked to try ${shortId(entry.commit)} again`;
    case 'confirm':
      return `${named(entry.actor)} confirmed ${shortId(entry.commit)} ${moment(entry.deployment)}`;
    case 'reject':
      return `${named(entry.actor)} rejected ${shortId(entry.commit)} ${moment(entry.deployment)}: ${entry.reason}`;
    case 'rollback':
      return `${named(entry.actor)} went back from ${shortId(entry.from)} to ${short(entry.commit)}: ${entry.reason}`;
    case 'state':
      return `state was lost (${entry.state}), the floor is ${short(entry.floor)}: ${entry.messages.join('; ')}`;
    case 'gap':
      return gapText(entry);
    default:
      return `a record of the kind ${kind}`;
  }
}

function verdictText(entry: VerdictEntry): string {
  const { remote, role, commit, verdict, reason, message, candidate, signer, base } = entry;
  const why = reason === null ? '' : ` (${reason})${message === null ? '' : `: ${message}`}`;
  const by = signer === null ? '' : `, signed by ${signer.name} with ${signer.kind} ${signer.key}`;
  const judged = `${shortId(commit)} on ${role} of ${remote} is ${verdict}, on top of ${short(base)}`;
  if (candidate === null || candidate === commit) return `${judged}${by}${why}`;
  return `${judged}${why}; it still offers ${shortId(candidate)}${by}`;
}

function desiredText({ commit, previous, remote, role, operation }: DesiredEntry): string {
  if (commit === null) return `no commit is desired any more; before it was ${short(previous)}`;
  return `desired is ${role ?? 'main'} ${shortId(commit)} from ${remote ?? 'this host itself'} (${operation ?? 'switch'}), before it was ${short(previous)}`;
}

function policyText({ mode, digest, signers, versions }: PolicyEntry): string {
  const keys = signers.map(({ name, kind, key }) => `${name} (${kind} ${key})`).join(', ');
  const tools = Object.entries(versions).map(([tool, version]) => `${tool} ${version ?? 'missing'}`);
  return `trust is ${mode}, policy ${digest.slice(0, 12)}; signers: ${keys || 'none'}; checked with ${tools.join(', ')}`;
}

function deploymentText(entry: DeploymentEntry): string {
  const { change, deployment, commit, toplevel, operation, outcome, reason, actor, trigger } = entry;
  const cause = actor === null ? trigger : `${trigger}, ${actor}`;
  if (change === 'started') {
    return `deployment ${deployment} of ${shortId(commit)} began (${operation}; ${cause}): ${toplevel}`;
  }
  return `deployment ${deployment} of ${shortId(commit)} ended: ${outcome ?? 'unknown'}${reason === null ? '' : `, ${reason}`}`;
}

function gapText({ lost, torn }: GapEntry): string {
  const parts = [
    ...(lost > 0 ? [`${lost} records could not be written and are lost`] : []),
    ...(torn > 0 ? [`${torn} bytes before this record are what a crash left of another`] : []),
  ];
  return `the audit log has a gap: ${parts.join('; ') || 'nothing is known of it'}`;
}

function moment(deployment: string | null): string {
  return deployment === null ? 'before its activation' : `on probation (${deployment})`;
}

function named(actor: string | null): string {
  return actor ?? 'somebody';
}

function short(commit: CommitId | null): string {
  return commit === null ? 'nothing' : shortId(commit);
}
