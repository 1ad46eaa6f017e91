import { shortId } from '../domain/commit.ts';
import type { BranchStatus, Relation, RemoteStatus } from '../domain/status.ts';
import type { Paint, Tone } from './paint.ts';
import { timeAgo } from './relative-time.ts';
import { renderTable, type Cell } from './table.ts';
import { cutText, wrapText } from './text-width.ts';

interface Page {
  readonly now: number;
  readonly width: number;
  readonly paint: Paint;
}

const indent = '    ';
const longestRef = 24;

/** Each remote with its branches and what is wrong with it; a star marks the one that desired came from. */
export function renderRemotes(remotes: readonly RemoteStatus[], page: Page): readonly string[] {
  const { paint, width } = page;
  const cells = remotes.flatMap(branchesOf).map(branchCells);
  const table = renderTable(cells, width - indent.length, paint);
  const lines = [paint('quiet', 'Remotes')];
  let shown = 0;
  for (const remote of remotes) {
    lines.push(remoteLine(remote, page), ...noteLines(remote.error?.message ?? null, page));
    for (const { branch } of branchesOf(remote)) {
      lines.push(`${indent}${table[shown++] ?? ''}`.trimEnd(), ...notesOf(branch, page));
    }
  }
  return lines;
}

interface RoleBranch {
  readonly branch: BranchStatus;
  readonly words: Readonly<Record<Relation, string>>;
}

function branchesOf({ main, testing }: RemoteStatus): readonly RoleBranch[] {
  return [
    ...(main ? [{ branch: main, words: mainWords }] : []),
    ...(testing ? [{ branch: testing, words: testingWords }] : []),
  ];
}

function remoteLine({ name, selected, up, lastSuccess }: RemoteStatus, { now, width, paint }: Page): string {
  const [tone, word]: readonly [Tone, string] =
    up === null ? ['quiet', 'not asked yet'] : up ? ['good', 'up'] : ['bad', 'down'];
  const seen = lastSuccess
    ? `, answered ${timeAgo(lastSuccess, now)}`
    : up === false
      ? ', never answered'
      : '';
  const shown = cutText(name, width - 2 - word.length - seen.length - 2);
  return `${selected ? '*' : ' '} ${paint('strong', shown)}  ${paint(tone, word)}${seen}`;
}

const mainWords: Readonly<Record<Relation, string>> = {
  same: 'at the floor',
  ahead: 'ahead of the floor',
  behind: 'behind the floor',
  rewritten: 'rewritten',
  diverged: 'diverged',
  missing: 'no such branch',
};
const testingWords: Readonly<Record<Relation, string>> = {
  same: 'same as main',
  ahead: 'ahead of main',
  behind: 'behind main',
  rewritten: 'rewritten',
  diverged: 'not on top of main',
  missing: 'no such branch',
};

function branchCells({ branch, words }: RoleBranch): readonly Cell[] {
  const { ref, head, subject, relation, verdict, reason } = branch;
  const refused = verdict === 'rejected';
  const judged = refused ? `refused (${reason ?? 'no reason given'})` : verdict;
  const tone = refused ? 'bad' : relation === 'missing' ? 'quiet' : 'plain';
  return [
    { text: cutText(ref, longestRef) },
    { text: head ? shortId(head) : '-' },
    { text: judged && head ? `${words[relation]}, ${judged}` : words[relation], tone },
    { text: (head && subject) ?? '', tone: 'quiet' },
  ];
}

function notesOf({ head, verdict, message, candidate }: BranchStatus, page: Page): readonly string[] {
  if (verdict !== 'rejected' && verdict !== 'pending') return [];
  const instead = candidate !== null && candidate !== head ? `${shortId(candidate)} counts instead` : null;
  return [...noteLines(message, page), ...noteLines(instead, page)];
}

function noteLines(note: string | null, { width, paint }: Page): readonly string[] {
  if (note === null) return [];
  const room = width - indent.length - 2;
  return wrapText(note, room).map((line) => `${indent}  ${paint('bad', line)}`);
}
