import type { LoopView } from '../src/domain/loop-view.ts';
import { branchRoles, rejectionReasons, type BranchRole } from '../src/domain/remote.ts';
import { epochSeconds } from '../src/domain/rfc3339.ts';
import { standing } from '../src/domain/standing.ts';
import { summaries } from '../src/domain/status.ts';
import { summarize } from '../src/domain/summary.ts';
import type { MetricRegistry } from './registry.ts';

/** Sets what an operator reads of a host first: its one word, how the last deployment ended, and what needs a person. */
export function setStoryGauges(registry: MetricRegistry, view: LoopView): void {
  const { set } = registry;
  const { summary } = summarize(view);
  for (const one of summaries) set('abide_status', one === summary ? 1 : 0, { summary: one });
  setLastDeployment(registry, view);
  setWaiting(registry, view);
  setRefused(registry, view);
  set('abide_rollback_failed', standing(view) === 'rollbackFailed' ? 1 : 0);
  set('abide_hold_since_timestamp_seconds', epochSeconds(view.facts.hold?.since ?? null));
  for (const branch of branchRoles) {
    set('abide_quarantine_since_timestamp_seconds', quarantinedSince(view, branch), { branch });
  }
}

function setLastDeployment({ set, clear }: MetricRegistry, { facts }: LoopView): void {
  clear('abide_deployment_last_info');
  const [last] = facts.deployments;
  const { outcome = null, reason = null, commit = 'none' } = last ?? {};
  const labels = { outcome: outcome ?? 'none', reason: reason ?? 'none', commit };
  set('abide_deployment_last_info', 1, labels);
  set('abide_deployment_last_timestamp_seconds', epochSeconds(last?.endedAt ?? null));
}

function setWaiting({ set, clear }: MetricRegistry, { waiting }: LoopView): void {
  clear('abide_waiting_info');
  set('abide_waiting_info', 1, { gate: waiting?.gate ?? 'none' });
  set('abide_waiting_since_timestamp_seconds', (waiting?.since ?? 0) / 1000);
}

function setRefused({ set }: MetricRegistry, { judgements }: LoopView): void {
  for (const reason of rejectionReasons) {
    const refused = judgements.filter(
      ({ verdict }) => verdict?.status === 'rejected' && verdict.reason === reason,
    );
    set('abide_trust_refused_heads', refused.length, { reason });
  }
}

/** A quarantined commit that was replaced upstream troubles nobody any more, though it stays in quarantine. */
function quarantinedSince({ facts, judgements, desired }: LoopView, branch: BranchRole): number {
  const offered = new Set([
    desired?.role === branch ? desired.commit : undefined,
    ...judgements
      .filter(({ role }) => role === branch)
      .flatMap(({ candidate, head }) => [candidate, head?.commit.id]),
  ]);
  const times = facts.quarantine
    .filter(({ commit }) => offered.has(commit))
    .map(({ since }) => epochSeconds(since));
  return times.length === 0 ? 0 : Math.min(...times);
}
