import { ApiError, ask } from '../api/client.ts';
import { shortId } from '../domain/commit.ts';
import { rollbackSwitch } from '../domain/rollback-switch.ts';
import type { Deployment } from '../domain/deployment.ts';
import { exitCodes } from './exit.ts';
import { outcomeTones, readHistory } from './history.ts';
import { createPaint } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { timeAgo, timeLasting } from './relative-time.ts';
import type { Look } from './render-status.ts';
import { logRows, renderRows, type Row } from './rows.ts';
import type { Terminal } from './terminal.ts';

/** `abide show ID`: one deployment with all that is kept of it; the first characters of an id are enough. */
export async function show(terminal: Terminal, { id }: { readonly id: string }): Promise<number> {
  const { socket, json, color, width, now, out, err } = terminal;
  const found = await findDeployments(socket, id);
  const [deployment] = found;
  if (!deployment || found.length > 1) {
    err(
      `abide: ${deployment ? `${found.length} deployments begin` : 'no deployment begins'} with ${id}; abide history lists them`,
    );
    return exitCodes.failed;
  }
  out(json ? jsonText(deployment) : renderDeployment(deployment, { now: now(), color, width }));
  return exitCodes.done;
}

async function findDeployments(socket: string, id: string): Promise<readonly Deployment[]> {
  try {
    return [(await ask({ socket, path: `/v1/deployments/${encodeURIComponent(id)}` })) as Deployment];
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'not_found') throw error;
    const { deployments } = await readHistory(socket);
    return deployments.filter((deployment) => deployment.id.startsWith(id));
  }
}

/** A deployment for people, with its log in full. */
function renderDeployment(given: Deployment, { now, color, width }: Look): string {
  const deployment = plainData(given);
  const rows = [
    ...headRows(deployment, now),
    ...systemRows(deployment),
    ...phaseRows(deployment),
    ...endRows(deployment),
  ];
  return renderRows(rows, width, createPaint(color)).join('\n');
}

function headRows(deployment: Deployment, now: number): readonly Row[] {
  const { id, outcome, step, commit, subject, remote, branch, operation, trigger, by, startedAt, endedAt } =
    deployment;
  const { confirmation } = deployment;
  const ended = endedAt
    ? `${endedAt}, took ${timeLasting(Date.parse(endedAt) - Date.parse(startedAt))}`
    : 'not yet';
  return [
    { label: 'Deployment', text: id, tone: 'strong' },
    outcome
      ? { label: 'Outcome', text: outcome, tone: outcomeTones[outcome] }
      : { label: 'Outcome', text: `running, step ${step ?? 'none'}`, tone: 'busy' },
    { label: 'Commit', text: commit },
    ...(subject ? [{ label: '', text: subject }] : []),
    { label: 'From', text: `${branch} of ${remote ?? 'this host itself'}, operation ${operation}` },
    { label: 'Cause', text: `${trigger}${by ? `, asked for by ${by}` : ''}` },
    ...(deployment.noRollback
      ? [
          {
            label: 'Rollback',
            text: `not by itself (${rollbackSwitch(deployment.noRollback)})`,
            tone: 'busy' as const,
          },
        ]
      : []),
    ...(deployment.noWayBack
      ? [{ label: 'Rollback', text: deployment.noWayBack, tone: 'busy' as const }]
      : []),
    ...(confirmation ? [{ label: 'Confirmation', text: confirmationText(confirmation) }] : []),
    { label: 'Started', text: `${startedAt}, ${timeAgo(startedAt, now)}` },
    { label: 'Ended', text: ended },
  ];
}

function confirmationText({ askedBy, by, at }: NonNullable<Deployment['confirmation']>): string {
  return `asked for by ${askedBy}; ${at === null ? 'nobody gave it' : `given by ${by ?? 'somebody'} at ${at}`}`;
}

function systemRows({ toplevel, previous }: Deployment): readonly Row[] {
  const known = previous.commit ? ` (${shortId(previous.commit)})` : '';
  const commit = `${known}${previous.specialisation ? `, specialisation ${previous.specialisation.name}` : ''}`;
  return [
    { label: 'System', text: toplevel },
    { label: 'Before', text: previous.toplevel ? `${previous.toplevel}${commit}` : 'no system ran' },
  ];
}

function phaseRows({ phases, checks }: Deployment): readonly Row[] {
  return [
    ...phases.map(({ phase, durationSeconds }, index) => ({
      label: index === 0 ? 'Phases' : '',
      text: `${phase} ${timeLasting(durationSeconds * 1000)}`,
    })),
    ...checks.map(({ name, status, baseline, message }, index) => ({
      label: index === 0 ? 'Checks' : '',
      text: `${name} ${status}${baseline ? ` (before: ${baseline})` : ''}${message ? `: ${message}` : ''}`,
      tone: status === 'failing' ? ('bad' as const) : ('plain' as const),
    })),
  ];
}

function endRows({ outcome, reason, message, exitCode, log }: Deployment): readonly Row[] {
  const fine = outcome === 'committed' || outcome === null;
  return [
    ...(exitCode === null ? [] : [{ label: 'Switch', text: `exit code ${exitCode}` }]),
    ...(reason ? [{ label: 'Reason', text: reason }] : []),
    ...(message
      ? [{ label: 'Message', text: message, tone: fine ? ('plain' as const) : ('bad' as const) }]
      : []),
    ...logRows(log),
  ];
}
