import { shortId, type CommitId } from '../src/domain/commit.ts';
import { quarantineTwin } from '../src/domain/quarantine.ts';
import { rfc3339 } from '../src/domain/rfc3339.ts';
import { openRow, rowText } from '../src/domain/rollbacks-in-a-row.ts';
import type { ReconcilerContext, ReconcilerEmitted } from './reconciler-context.ts';
import { asEmitted, result } from './tell.ts';
import type { Turn } from './turn.ts';

/** The evaluated target is not built: it gives a toplevel that was rolled back, or too many were rolled back before it. */
export function refuse(context: ReconcilerContext): Turn {
  const { evaluation, facts, now } = context;
  if (!evaluation) return {};
  const { commit, toplevel } = evaluation;
  const isTwin = facts.quarantine.some((entry) => entry.toplevel === toplevel);
  if (!isTwin) return { change: { supersessions: 0 }, emit: [result('blocked')] };
  const message = `${shortId(commit)} gives a system that was rolled back here before`;
  return {
    change: { facts: quarantineTwin(facts, evaluation, now()), supersessions: 0 },
    emit: [asEmitted({ type: 'quarantined', severity: 'error', message, commit }), result('failure')],
  };
}

/** Why the loop stalls on a commit; a failure was told when it came. */
export function tellStall(context: ReconcilerContext, commit: CommitId): readonly ReconcilerEmitted[] {
  const { failure, quarantine } = context.facts;
  const isQuarantined = quarantine.some((entry) => entry.commit === commit);
  const row = isQuarantined ? null : openRow(context);
  if (failure && !row) return [];
  const message = row
    ? `${shortId(commit)} is not tried before ${rfc3339(row.until)} without abide retry: ${rowText(row)}`
    : `${shortId(commit)} was rolled back here and is not tried again until a new commit or abide retry`;
  return [asEmitted({ type: 'stalled', severity: 'error', message, commit })];
}
