import { ask } from '../api/client.ts';
import { shortId } from '../domain/commit.ts';
import type { Deployment, DeploymentOutcome } from '../domain/deployment.ts';
import { exitCodes } from './exit.ts';
import { createPaint, type Paint, type Tone } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { timeAgo, timeLasting } from './relative-time.ts';
import type { Look } from './render-status.ts';
import type { Terminal } from './terminal.ts';
import { cutText, padText, textWidth, wrapText } from './text-width.ts';

const indent = '    ';

/** GET /v1/history as the daemon gives it. */
export interface DeploymentList {
  readonly apiVersion: 'abide/v1';
  readonly kind: 'DeploymentList';
  readonly deployments: readonly Deployment[];
}

/** `abide history`: deployments, newest first; `limit` null shows all that are kept. */
export async function history(
  terminal: Terminal,
  { limit }: { readonly limit: number | null },
): Promise<number> {
  const { socket, json, color, width, now, out } = terminal;
  const list = await readHistory(socket);
  const deployments = limit === null ? list.deployments : list.deployments.slice(0, limit);
  if (json) out(jsonText({ ...list, deployments }));
  else out(renderHistory(deployments, { now: now(), color, width }));
  return exitCodes.done;
}

/** All deployments that the daemon keeps. */
export async function readHistory(socket: string): Promise<DeploymentList> {
  return (await ask({ socket, path: '/v1/history' })) as DeploymentList;
}

/** What each outcome's colour means. */
export const outcomeTones: Readonly<Record<DeploymentOutcome, Tone>> = {
  committed: 'good',
  staged: 'busy',
  uncommitted: 'busy',
  rolled_back: 'bad',
  rollback_failed: 'bad',
  failed: 'bad',
  interrupted: 'busy',
  superseded: 'quiet',
};

/** The list for people: id and outcome, below it the commit, and why it did not go well. */
function renderHistory(given: readonly Deployment[], { now, color, width }: Look): string {
  if (given.length === 0) return 'nothing was deployed yet';
  const paint = createPaint(color);
  const deployments = plainData(given);
  const idWidth = Math.max(...deployments.map(({ id }) => textWidth(id)));
  return deployments
    .flatMap((deployment) => historyLines(deployment, { now, width, paint, idWidth }))
    .join('\n');
}

interface HistoryPage {
  readonly now: number;
  readonly width: number;
  readonly paint: Paint;
  readonly idWidth: number;
}

function historyLines(
  deployment: Deployment,
  { now, width, paint, idWidth }: HistoryPage,
): readonly string[] {
  const { id, commit, subject, outcome, operation, message } = deployment;
  const tone = outcome ? outcomeTones[outcome] : 'busy';
  const word = outcome?.replace('_', ' ') ?? 'running';
  const room = width - indent.length;
  const why = outcome === 'committed' || message === null ? [] : wrapText(message, room);
  return [
    `${padText(id, idWidth)}  ${paint(tone, word)} ${timeText(deployment, now)}, ${operation}`,
    indent + cutText(`${shortId(commit)} ${subject ?? ''}`.trimEnd(), room),
    ...why.map((line) => indent + paint(tone, line)),
  ];
}

function timeText({ startedAt, endedAt }: Deployment, now: number): string {
  const start = Date.parse(startedAt);
  if (!endedAt) return `for ${timeLasting(now - start)}`;
  return `${timeAgo(endedAt, now)}, took ${timeLasting(Date.parse(endedAt) - start)}`;
}
