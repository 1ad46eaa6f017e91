import { shortId } from '../domain/commit.ts';
import type { AuditedCommit, TrustAudit } from '../domain/trust-audit.ts';
import { exitCodes, UsageError } from './exit.ts';
import { createPaint, type Paint } from './paint.ts';
import { jsonText, plainData } from './plain-data.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';
import { wrapText } from './text-width.ts';

/** What the composition root does for this command. */
export type AuditRepository = (request: {
  readonly repository: string;
  readonly configPath: string;
  readonly count: number;
}) => Promise<TrustAudit | { readonly configError: string }>;

/** `abide trust audit`: who signed the last commits, newest first; exit code 1 when the policy would refuse one. */
export async function trustAudit(
  terminal: Terminal,
  audit: AuditRepository,
  request: Parameters<AuditRepository>[0],
): Promise<number> {
  const found = await audit(request);
  if ('configError' in found) throw new UsageError(found.configError);
  const { json, color, width, out } = terminal;
  out(json ? jsonText(found) : render(plainData(found), width, createPaint(color)));
  return found.refused === 0 ? exitCodes.done : exitCodes.failed;
}

function render(
  { repository, branch, mode, commits, refused }: TrustAudit,
  width: number,
  paint: Paint,
): string {
  const rows = renderTable(
    commits.map((commit) => [
      { text: shortId(commit.id) },
      { text: commit.committedAt.slice(0, 10), tone: 'quiet' as const },
      {
        text: wordFor(commit, mode),
        tone: commit.verdict === 'accepted' ? ('good' as const) : ('bad' as const),
      },
      { text: commit.subject, tone: 'quiet' as const },
    ]),
    width,
    paint,
  );
  const lines = commits.flatMap((commit, index) => [rows[index] ?? '', ...why(commit, width, paint)]);
  return [...lines, '', ...wrapText(summary({ repository, branch, mode, commits, refused }), width)].join(
    '\n',
  );
}

function wordFor({ verdict, reason, signer }: AuditedCommit, mode: TrustAudit['mode']): string {
  if (verdict !== 'accepted') return `${verdict === 'pending' ? 'has to wait' : 'refused'} (${reason})`;
  if (mode === 'none') return 'not asked for a signature';
  return signer ? `${signer.name} (${signer.kind})` : 'accepted';
}

function why({ message }: AuditedCommit, width: number, paint: Paint): string[] {
  return message === null ? [] : wrapText(message, width - 4).map((line) => `    ${paint('bad', line)}`);
}

function summary({
  repository,
  branch,
  mode,
  commits,
  refused,
}: Omit<TrustAudit, 'apiVersion' | 'kind'>): string {
  const what = `the newest ${commits.length === 1 ? 'commit' : `${commits.length} commits`} of ${branch} in ${repository}`;
  if (mode === 'none') return `Looked at ${what}: in mode none nothing is refused, whoever made it.`;
  if (refused === 0) return `Looked at ${what}: nothing would be refused.`;
  const rule =
    mode === 'tip'
      ? 'in mode tip only the newest counts'
      : 'those at or below the floor are not asked any more';
  return `${refused} of ${what} would be refused; ${rule}.`;
}
