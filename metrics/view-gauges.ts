import { isBootProven } from '../src/domain/boot-proven.ts';
import { driftBegan, findDrift, knowableDrift, slotCommits } from '../src/domain/drift.ts';
import type { LoopView, ViewedRemote } from '../src/domain/loop-view.ts';
import { rebootReasons } from '../src/domain/observed.ts';
import { rebootNeed } from '../src/domain/reboot-need.ts';
import { epochSeconds } from '../src/domain/rfc3339.ts';
import { isStaged } from '../src/domain/standing.ts';
import { loopStates, type Condition } from '../src/domain/status.ts';
import type { Slot } from './catalogue.ts';
import type { MetricRegistry } from './registry.ts';
import { setStoryGauges } from './story-gauges.ts';

/** Sets every gauge that one view of the loop tells; what cannot be known is 0 or `unknown`. */
export function setViewGauges(
  registry: MetricRegistry,
  view: LoopView,
  conditions: readonly Condition[],
): void {
  setInfo(registry, view);
  setLoop(registry, view);
  setConditions(registry, conditions);
  setDrift(registry, view);
  setHeld(registry, view);
  setStoryGauges(registry, view);
  for (const remote of view.remotes) setRemote(registry, remote, view);
}

function setInfo({ set, clear }: MetricRegistry, view: LoopView): void {
  const { mode, desired, observed, facts } = view;
  for (const name of infos) clear(name);
  set('abide_config_info', 1, { mode });
  if (desired) {
    const { commit, remote, role } = desired;
    set('abide_desired_info', 1, { commit, remote: remote ?? 'none', branch: role });
  }
  if (facts.floor) set('abide_floor_info', 1, { commit: facts.floor.commit });
  const record = facts.commits.find(({ commit }) => commit === desired?.commit);
  set('abide_desired_commit_timestamp_seconds', epochSeconds(record?.committedAt ?? null));
  set('abide_desired_first_seen_timestamp_seconds', epochSeconds(record?.firstSeen ?? null));
  if (!observed) return;
  const system = (slot: Slot, toplevel: string | null, revision: string | null = null) =>
    set('abide_system_info', 1, { slot, commit: commitOf(view, toplevel, revision) });
  system('current', observed.current, observed.currentRevision);
  system('booted', observed.booted, observed.bootedRevision);
  system('profile', observed.profile?.toplevel ?? null);
  system('boot_default', observed.bootDefault);
}

const infos = ['abide_config_info', 'abide_desired_info', 'abide_floor_info', 'abide_system_info'] as const;

/** One commit of those that give a toplevel: the one in question if it is among them, else the newest known. */
function commitOf({ facts, desired }: LoopView, toplevel: string | null, revision: string | null): string {
  const commits = slotCommits(facts, toplevel, revision);
  const wanted = [desired?.commit, facts.expected?.commit].find(
    (commit) => commit && commits.includes(commit),
  );
  return wanted ?? commits.at(-1) ?? 'unknown';
}

function setLoop({ set }: MetricRegistry, view: LoopView): void {
  const { state, observed, nextReconcile, facts } = view;
  for (const one of loopStates) set('abide_state', flag(one === state), { state: one });
  set('abide_last_tick_timestamp_seconds', seconds(observed?.at));
  set('abide_next_reconcile_timestamp_seconds', seconds(nextReconcile));
  set('abide_consecutive_failures', facts.failure?.row ?? 0);
  set('abide_quarantined_commits', facts.quarantine.length);
}

function setConditions({ set }: MetricRegistry, conditions: readonly Condition[]): void {
  for (const { type: condition, status, lastTransitionTime } of conditions) {
    for (const one of ['True', 'False', 'Unknown'] as const) {
      set('abide_condition', flag(one === status), { condition, status: one.toLowerCase() });
    }
    set('abide_condition_transition_timestamp_seconds', epochSeconds(lastTransitionTime), { condition });
  }
}

/** A kind that cannot be told on this host has no series: 0 would say that all is well. */
function setDrift({ set, clear }: MetricRegistry, view: LoopView): void {
  clear('abide_drift');
  clear('abide_drift_since_timestamp_seconds');
  const found = new Set(findDrift(view).map(({ kind }) => kind));
  for (const kind of knowableDrift(view)) {
    const since = found.has(kind) ? driftBegan(kind, view) : null;
    set('abide_drift', flag(found.has(kind)), { kind });
    set('abide_drift_since_timestamp_seconds', epochSeconds(since), { kind });
  }
  const needed = new Set(rebootNeed(view).reasons);
  for (const reason of rebootReasons) set('abide_reboot_required', flag(needed.has(reason)), { reason });
  const booted = view.observed?.booted ?? null;
  set('abide_boot_proven', flag(booted !== null && isBootProven(view.facts, booted)));
  set('abide_reboot_required_since_timestamp_seconds', needed.size > 0 ? rebootSince(view) : 0);
}

/** A staged system is no drift and needs its reboot since it was staged. */
function rebootSince({ facts: { driftSince, expected } }: LoopView): number {
  return epochSeconds(driftSince.boot ?? expected?.since ?? null);
}

function setHeld({ set }: MetricRegistry, view: LoopView): void {
  const { suspended, expected } = view.facts;
  set('abide_suspended', flag(suspended !== null));
  set('abide_suspended_since_timestamp_seconds', epochSeconds(suspended?.since ?? null));
  set('abide_suspend_expiry_timestamp_seconds', epochSeconds(suspended?.until ?? null));
  set('abide_staged_since_timestamp_seconds', isStaged(view) ? epochSeconds(expected?.since ?? null) : 0);
}

function setRemote({ set }: MetricRegistry, { name }: ViewedRemote, view: LoopView): void {
  const remote = { remote: name };
  const judged = view.judgements.filter((judgement) => judgement.remote === name);
  const isRefused = judged.some(({ verdict }) => verdict?.status === 'rejected');
  const main = judged.find(({ role }) => role === 'main')?.relation;
  const isApart = main === 'rewritten' || main === 'diverged';
  set('abide_remote_selected', flag(view.desired?.remote === name), remote);
  set('abide_remote_head_trusted', flag(!isRefused), remote);
  set('abide_remote_diverged', flag(isApart), remote);
  set('abide_remote_behind', flag(main === 'behind'), remote);
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function seconds(ms: number | null | undefined): number {
  return (ms ?? 0) / 1000;
}
