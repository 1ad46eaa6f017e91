import { ask } from '../api/client.ts';
import { shortId } from '../domain/commit.ts';
import type { CommitWhy, WhyAnswer, WhyStanding } from '../domain/why-answer.ts';
import { checkCommit } from './check-commit.ts';
import { exitCodes } from './exit.ts';
import { createPaint, type Paint, type Tone } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import type { Terminal } from './terminal.ts';
import { wrapText } from './text-width.ts';

/** `abide why`: what keeps a commit from running, and what would help; without one, of every head that remotes offer. */
export async function why(
  { socket, json, color, width, out }: Terminal,
  { commit }: { readonly commit: string | null },
): Promise<number> {
  const path = commit === null ? '/v1/why' : `/v1/why?commit=${checkCommit(commit)}`;
  const answer = (await ask({ socket, path, timeoutMs: 60_000 })) as WhyAnswer;
  out(json ? jsonText(answer) : renderWhy(answer, { width, paint: createPaint(color) }));
  return exitCodes.done;
}

interface Page {
  readonly width: number;
  readonly paint: Paint;
}

const tones: Readonly<Record<WhyStanding, Tone>> = {
  running: 'good',
  staged: 'busy',
  coming: 'busy',
  held: 'bad',
  past: 'quiet',
  unknown: 'held',
};

function renderWhy(given: WhyAnswer, page: Page): string {
  const { commits, remarks } = plainData(given);
  const nothing = commits.length === 0 ? ['no remote offers a commit'] : [];
  return [
    ...nothing,
    ...commits.map((commit) => commitLines(commit, page).join('\n')),
    ...remarks.map((remark) => page.paint('busy', remark)),
  ].join('\n\n');
}

function commitLines(
  { commit, subject, standing, message, offers, reasons }: CommitWhy,
  page: Page,
): string[] {
  const { paint } = page;
  const branches = offers.map(({ remote, ref }) => `${ref} of ${remote}`).join(', ');
  const title = [shortId(commit), subject, branches && `(${branches})`].filter(Boolean).join(' ');
  return [
    ...indented(title, 0, page).map((line) => paint('strong', line)),
    ...indented(`${standing}: ${message}`, 2, page).map((line) => paint(tones[standing], line)),
    ...reasons.flatMap((reason) => [
      ...indented(`- ${reason.message}`, 2, page),
      ...(reason.next === null ? [] : indented(`next: ${reason.next}`, 4, page)),
    ]),
  ];
}

function indented(text: string, columns: number, { width }: Page): readonly string[] {
  return wrapText(text, width - columns).map((line) => ' '.repeat(columns) + line);
}
