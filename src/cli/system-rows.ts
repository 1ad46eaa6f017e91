import type { Deployment } from '../domain/deployment.ts';
import type { HostStatus, SlotStatus } from '../domain/status.ts';
import type { DescribeCommit } from './describe-commit.ts';
import { timeAgo, timeLasting, timeUntil } from './relative-time.ts';
import type { Row } from './rows.ts';
import { systemName } from './system-name.ts';

/** What should run, and what does. */
export function runningRows(status: HostStatus, now: number, describe: DescribeCommit): readonly Row[] {
  return [...desiredRows(status, now, describe), ...currentRows(status, describe)];
}

/** The rest of the system: booted, profile, boot default, the last deployment, the next look. */
export function systemRows(status: HostStatus, now: number, describe: DescribeCommit): readonly Row[] {
  const { lastDeployment, nextReconcile } = status;
  return [
    ...slotRows(status, describe),
    ...rebootRows(status),
    ...(lastDeployment ? [deploymentRow('Last', lastDeployment, now, describe)] : []),
    ...(nextReconcile ? [{ label: 'Next look', text: timeUntil(nextReconcile, now) }] : []),
  ];
}

/** A deployment in one row: commit, outcome, when, how long. */
function deploymentRow(label: string, deployment: Deployment, now: number, describe: DescribeCommit): Row {
  const { commit, outcome, startedAt, endedAt, message } = deployment;
  const took = endedAt ? `, took ${timeLasting(Date.parse(endedAt) - Date.parse(startedAt))}` : '';
  const when = timeAgo(endedAt ?? startedAt, now);
  const said = outcome === 'committed' || message === null ? '' : `: ${message}`;
  return {
    label,
    text: `${outcome?.replace('_', ' ') ?? 'running'} ${when}${took}: ${describe(commit)}${said}`,
    tone: outcome === 'committed' || outcome === 'staged' || outcome === null ? 'plain' : 'bad',
  };
}

function desiredRows({ desired }: HostStatus, now: number, describe: DescribeCommit): readonly Row[] {
  if (!desired) return [{ label: 'Desired', text: 'nothing was selected yet', tone: 'busy' }];
  const { commit, remote, branch, testing, operation, author, committedAt, signer } = desired;
  const origin = `${branch}${testing ? ' (testing)' : ''} of ${remote ?? 'this host itself'}`;
  const facts = [
    `${origin}, operation ${operation}`,
    author ? `by ${author}` : null,
    committedAt ? timeAgo(committedAt, now) : null,
    signer ? `signed by ${signer.name} (${signer.kind})` : null,
  ];
  return [
    { label: 'Desired', text: describe(commit), tone: 'strong', cut: true },
    { label: '', text: facts.filter((fact) => fact !== null).join(', ') },
  ];
}

function variantOf({ specialisation }: NonNullable<HostStatus['observed']>['current']): string {
  return specialisation === null ? '' : `specialisation ${specialisation} of `;
}

function currentRows({ observed, desired }: HostStatus, describe: DescribeCommit): readonly Row[] {
  if (!observed) return [{ label: 'Running', text: 'not looked at yet', tone: 'busy' }];
  const { current } = observed;
  const system: Row[] = current.toplevel
    ? [{ label: '', text: `${variantOf(current)}${systemName(current.toplevel)}`, cut: true }]
    : [];
  if (desired && current.commits.includes(desired.commit)) {
    return [{ label: 'Running', text: 'the desired commit', tone: 'good' }, ...system];
  }
  const running: Row = { label: 'Running', text: slotText(current, describe), cut: true };
  if (!desired) return [running];
  const named = current.commits.length > 0 ? system : [];
  return [
    { ...running, tone: 'busy' },
    ...named,
    { label: '', text: 'not the desired commit', tone: 'busy' },
  ];
}

function slotRows({ observed }: HostStatus, describe: DescribeCommit): readonly Row[] {
  if (!observed) return [];
  const { current, booted, profile, bootDefault } = observed;
  const textOf = (slot: SlotStatus) =>
    slot.toplevel !== null && slot.toplevel === current.toplevel ? 'as running' : slotText(slot, describe);
  const generation = profile.generation === null ? '' : `generation ${profile.generation}, `;
  return [
    { label: 'Booted', text: textOf(booted), cut: true },
    { label: 'Profile', text: generation + textOf({ ...profile, commits: [] }), cut: true },
    { label: 'Boot default', text: textOf({ ...bootDefault, commits: [] }), cut: true },
  ];
}

function slotText({ toplevel, commits }: SlotStatus, describe: DescribeCommit): string {
  if (toplevel === null) return 'cannot be read';
  const [commit] = commits;
  return commit === undefined ? systemName(toplevel) : describe(commit);
}

function rebootRows({ rebootRequired }: HostStatus): readonly Row[] {
  const { required, reasons } = rebootRequired;
  if (!required) return [];
  return [{ label: 'Reboot', text: `required: ${reasons.join(', ') || 'no reason given'}`, tone: 'busy' }];
}
