import type { SnapshotFrom } from 'xstate';
import type { reconcilerMachine } from '../../machines/reconciler.ts';
import type { Progress } from '../domain/evaluation.ts';
import type { LoopView, ViewedRemote } from '../domain/loop-view.ts';
import type { RemoteHealth } from '../domain/remote.ts';
import { selectFor } from '../domain/select-for.ts';
import { awaitedWord } from '../../machines/probing.ts';
import { loopStates, type LoopState } from '../domain/status.ts';

/** What a view needs beside the machine's snapshot; none of it changes while the daemon runs, but the progress. */
export interface ViewParts {
  readonly host: string;
  readonly version: string;
  readonly mode: 'enforce' | 'observe';
  readonly remotes: readonly Omit<ViewedRemote, 'health'>[];
  readonly progress: () => (Progress & { readonly since: number }) | null;
  readonly verifying: () => (Progress & { readonly since: number }) | null;
  /** The token of the newest `reconcile`. */
  readonly requested: () => string | null;
}

/** The loop as the world may see it, from one snapshot of the reconciler. */
export function viewOf(snapshot: SnapshotFrom<typeof reconcilerMachine>, parts: ViewParts): LoopView {
  const { context } = snapshot;
  const { facts, observed, waiting } = context;
  const { desired, judgements, diverged } = selectFor(context);
  const { host, version, mode } = parts;
  const state = stateOf(snapshot.value);
  return {
    host,
    version,
    mode,
    state,
    facts,
    observed,
    desired,
    judgements,
    diverged,
    everSelected: desired !== null || facts.expected !== null,
    remotes: parts.remotes.map((remote) => ({ ...remote, health: context.health[remote.name] ?? unheard })),
    waiting: state === 'gating' ? waiting : state === 'probation' ? awaitedWord(context) : null,
    progress: isWorking(state) ? parts.progress() : parts.verifying(),
    reconcile: { requested: parts.requested(), handled: context.handled },
    nextReconcile: nextLook(context.health, facts.failure?.until ?? null, waiting?.nextCheck ?? null),
    uncommitted: facts.failure?.class === 'commit',
    rollbackFailures: state === 'rollingBack' ? context.rollbackFailures : 0,
  };
}

const unheard: RemoteHealth = {
  up: null,
  lastAttempt: null,
  lastSuccess: null,
  error: null,
  failures: 0,
  nextPoll: null,
};

const working: ReadonlySet<LoopState> = new Set<LoopState>([
  'evaluating',
  'building',
  'activating',
  'probation',
  'committing',
  'rollingBack',
]);

function isWorking(state: LoopState): boolean {
  return working.has(state);
}

function stateOf(value: unknown): LoopState {
  const { pipeline } = value as { readonly pipeline: string | Readonly<Record<string, unknown>> };
  const name = typeof pipeline === 'string' ? pipeline : Object.keys(pipeline)[0];
  const state = loopStates.find((known) => known === (name === 'admitting' ? 'gating' : name));
  if (!state) throw new Error(`bug: the state ${name} has no public name`);
  return state;
}

/** The earliest of what may move the loop next: a poll, a retry, a gate. */
function nextLook(
  health: Readonly<Record<string, RemoteHealth>>,
  ...others: readonly (number | null)[]
): number | null {
  const polls = Object.values(health).map(({ nextPoll }) => nextPoll);
  const times = [...polls, ...others].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
