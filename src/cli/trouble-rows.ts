import { shortId } from '../domain/commit.ts';
import { confirmationGate } from '../domain/confirmation.ts';
import { rollbackSwitch } from '../domain/rollback-switch.ts';
import type { HostStatus } from '../domain/status.ts';
import type { DescribeCommit } from './describe-commit.ts';
import { timeAgo, timeFor, timeLasting, timeUntil } from './relative-time.ts';
import { logRows, type Row } from './rows.ts';

const shownLogLines = 10;

/** What keeps the desired commit from running, or is worth a look besides; none of it when all is well. */
export function troubleRows(status: HostStatus, now: number, describe: DescribeCommit): readonly Row[] {
  return [
    ...workRows(status, now, describe),
    ...suspendedRows(status, now),
    ...waitingRows(status, now),
    ...failureRows(status, now),
    ...status.drift.map(driftRow(now)),
    ...healthRows(status),
    ...trustRows(status),
    ...status.quarantine.map(({ commit, reason, since, message }) => ({
      label: 'Quarantine',
      text: `${describe(commit)}: ${message ?? reason}, ${timeAgo(since, now)}; abide retry ${shortId(commit)} lifts it`,
      tone: 'bad' as const,
    })),
  ].map(withoutRepeatedLabel);
}

/** What long work is doing, in one line: phase, time so far, text, how far. */
export function workText({ state, progress }: HostStatus, now: number): string | null {
  if (!progress) return restingStates.has(state) ? null : stateWords[state];
  const { phase, text, done, expected, since } = progress;
  const doing = phase === 'verify' ? 'verifying' : stateWords[state];
  const far = done !== null && expected !== null && expected > 0 ? ` (${done} of ${expected})` : '';
  return `${doing}, ${timeLasting(now - Date.parse(since))} so far: ${text}${far}`;
}

const restingStates = new Set<string>(['observing', 'settled', 'gating', 'backoff', 'stalled']);
const stateWords: Readonly<Record<HostStatus['state'], string>> = {
  observing: 'looking at the host and its remotes',
  settled: 'at rest',
  evaluating: 'evaluating',
  building: 'building',
  gating: 'waiting',
  activating: 'switching',
  probation: 'on probation',
  committing: 'committing',
  rollingBack: 'rolling back',
  backoff: 'between two tries',
  stalled: 'stalled',
};

function workRows(status: HostStatus, now: number, describe: DescribeCommit): readonly Row[] {
  const text = workText(status, now);
  const { deployment } = status;
  return [
    ...(text === null ? [] : [{ label: 'Working', text, tone: 'busy' as const }]),
    ...(deployment
      ? [
          {
            label: 'Deploying',
            text: `${describe(deployment.commit)}, operation ${deployment.operation}, step ${deployment.step ?? 'none'}, ${timeAgo(deployment.startedAt, now)}${deployment.noRollback ? `; a failure is not undone by itself (${rollbackSwitch(deployment.noRollback)})` : ''}`,
          },
        ]
      : []),
  ];
}

function suspendedRows({ suspended }: HostStatus, now: number): readonly Row[] {
  if (!suspended) return [];
  const { reason, by, since, until } = suspended;
  const end = until ? `ends ${timeUntil(until, now)}` : 'until abide resume';
  const text = `${timeAgo(since, now)}${by ? ` by ${by}` : ''}, ${end}: ${reason}`;
  return [{ label: 'Suspended', text, tone: 'held' }];
}

function waitingRows({ waiting }: HostStatus, now: number): readonly Row[] {
  if (!waiting) return [];
  const { gate, reason, since, nextCheck } = waiting;
  const what = gate === confirmationGate ? 'rolled back' : 'next look';
  const next = nextCheck ? `; ${what} ${timeUntil(nextCheck, now)}` : '';
  const text = `for ${gate}, ${timeFor(since, now)} so far: ${reason}${next}`;
  return [{ label: 'Waiting', text, tone: 'busy' }];
}

function failureRows({ failure, backoff }: HostStatus, now: number): readonly Row[] {
  const rows: Row[] = [];
  if (failure) {
    const what = `${failure.class} of ${shortId(failure.commit)} failed ${timeAgo(failure.since, now)}`;
    rows.push({ label: failure.stalled ? 'Stalled' : 'Failing', text: what, tone: 'bad' });
    rows.push(
      { label: '', text: failure.message, tone: 'bad' },
      ...logRows(failure.log.slice(-shownLogLines)),
    );
  }
  if (backoff) {
    const { class: kind, attempt, attempts, until } = backoff;
    const count = `attempt ${attempt}${attempts === null ? '' : ` of ${attempts}`}`;
    rows.push({
      label: 'Next try',
      text: `${timeUntil(until, now)} (${kind}, ${count} failed)`,
      tone: 'busy',
    });
  }
  if (failure?.stalled) {
    rows.push({ label: '', text: 'tried again on the next commit, a config change or abide retry' });
  }
  return rows;
}

function driftRow(now: number) {
  return ({ kind, since, message }: HostStatus['drift'][number]): Row => ({
    label: 'Drift',
    text: `${kind}, for ${timeFor(since, now)}: ${message}`,
    tone: 'busy',
  });
}

function healthRows({ health }: HostStatus): readonly Row[] {
  return health
    .filter(({ status }) => status === 'failing')
    .map(({ name, message, baseline }) => {
      const before = baseline === 'failing' ? ' (it failed before the deployment too)' : '';
      return { label: 'Health', text: `${name} fails${message ? `: ${message}` : ''}${before}`, tone: 'bad' };
    });
}

/** All but plainly verified is worth a line: refused heads, diverged remotes, and that nothing is verified at all. */
function trustRows({ conditions }: HostStatus): readonly Row[] {
  const trust = conditions.find(({ type }) => type === 'SourceTrusted');
  if (!trust || trust.message === '' || (trust.status === 'True' && trust.reason === 'Verified')) return [];
  return [{ label: 'Trust', text: trust.message, tone: trust.status === 'False' ? 'bad' : 'busy' }];
}

function withoutRepeatedLabel(row: Row, index: number, rows: readonly Row[]): Row {
  return row.label !== '' && rows[index - 1]?.label === row.label ? { ...row, label: '' } : row;
}
