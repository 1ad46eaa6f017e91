import type { HostStatus, Summary } from '../domain/status.ts';
import { describeCommits } from './describe-commit.ts';
import { createPaint, type Paint, type Tone } from './paint.ts';
import { plainData } from './plain-data.ts';
import { renderRemotes } from './render-remotes.ts';
import { renderRows } from './rows.ts';
import { runningRows, systemRows } from './system-rows.ts';
import { textWidth, wrapText } from './text-width.ts';
import { troubleRows } from './trouble-rows.ts';

/** How a page for people is drawn. */
export interface Look {
  /** Epoch milliseconds, for relative times. */
  readonly now: number;
  readonly color: boolean;
  /** Columns of the page. */
  readonly width: number;
}

/** What each summary's colour means. */
export const summaryTones: Readonly<Record<Summary, Tone>> = {
  InSync: 'good',
  Progressing: 'busy',
  Waiting: 'busy',
  Drifted: 'busy',
  Failed: 'bad',
  Stalled: 'bad',
  Suspended: 'held',
  Unknown: 'held',
};

/** The whole status for people; text of others cannot act on the terminal, whatever the daemon let through. */
export function renderStatus(given: HostStatus, { now, color, width }: Look): string {
  const status = plainData(given);
  const paint = createPaint(color);
  const describe = describeCommits(status);
  const groups = [runningRows, troubleRows, systemRows].map((rowsOf) =>
    renderRows(rowsOf(status, now, describe), width, paint),
  );
  const remotes = renderRemotes(status.remotes, { now, width, paint });
  return [title(status, width, paint), ...groups, remotes]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** The status in one line without colour: host, summary, commit, message. */
export function renderOneline(given: HostStatus): string {
  const { host, summary, desired, message } = plainData(given);
  const commit = desired ? `${desired.commit.slice(0, 8)} ` : '';
  return `${host} ${summary} ${commit}${message}`.trimEnd();
}

function title({ host, summary, message, mode }: HostStatus, width: number, paint: Paint): readonly string[] {
  const head = `${host}  ${summary}  `;
  const indent = textWidth(head);
  const said = mode === 'observe' ? `${message} (mode observe: nothing is activated)` : message;
  const narrow = width - indent < 30;
  const lines = wrapText(said, narrow ? width - 2 : width - indent);
  const first = `${paint('strong', host)}  ${paint(summaryTones[summary], summary)}`;
  if (narrow) return [first, ...lines.map((line) => `  ${line}`)];
  return lines.map((line, index) => (index === 0 ? `${first}  ${line}` : `${' '.repeat(indent)}${line}`));
}
