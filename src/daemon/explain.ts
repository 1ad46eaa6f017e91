import type { LoopView } from '../domain/loop-view.ts';
import { toProblem } from '../domain/problem.ts';
import { commitsForWhy, explainCommit, explainUnknown, offeredHeads, whyRemarks } from '../domain/why.ts';
import type { CommitWhy, WhyAnswer } from '../domain/why-answer.ts';
import type { Mirror } from '../git/mirror.ts';

/** What an explanation is read from. */
export interface ExplainParts {
  readonly view: () => LoopView;
  readonly mirror: Pick<Mirror, 'resolve' | 'ancestry'>;
  readonly stopping: AbortSignal;
}

/** Why a commit runs here or does not; null asks about every head. `commit` may be abbreviated. */
export async function explain(parts: ExplainParts, commit: string | null): Promise<WhyAnswer> {
  const commits = commit === null ? await explainHeads(parts) : [await explainOne(parts, commit)];
  return { apiVersion: 'abide/v1', kind: 'Why', commits, remarks: whyRemarks(parts.view()) };
}

async function explainHeads({ view, mirror, stopping }: ExplainParts): Promise<readonly CommitWhy[]> {
  const seen = view();
  const ancestry = await mirror.ancestry(commitsForWhy(seen), stopping);
  return offeredHeads(seen).map((head) => explainCommit({ view: seen, ancestry }, head));
}

async function explainOne({ view, mirror, stopping }: ExplainParts, commit: string): Promise<CommitWhy> {
  try {
    const id = await mirror.resolve(commit, stopping);
    const seen = view();
    const ancestry = await mirror.ancestry([...new Set([id, ...commitsForWhy(seen)])], stopping);
    return explainCommit({ view: seen, ancestry }, id);
  } catch (error) {
    const problem = toProblem(error);
    if (problem.code !== 'unknown_commit') throw error;
    return explainUnknown(commit, problem.message);
  }
}
