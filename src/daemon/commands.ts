import type { ActorRefFrom } from 'xstate';
import type { reconcilerMachine } from '../../machines/reconciler.ts';
import type { ApiHandlers } from '../api/handlers.ts';
import { Refused } from '../api/refused.ts';
import type { CommitId } from '../domain/commit.ts';
import { selectFor } from '../domain/select-for.ts';
import type { Trust } from '../git/trust.ts';
import type { Roots } from '../nix/roots.ts';
import type { Auditor } from './auditor.ts';
import { confirm, reject } from './answer.ts';
import { explain, type ExplainParts } from './explain.ts';
import type { InspectParts } from './inspect.ts';
import type { Keeper } from './keeper.ts';
import { rollBackByHand } from './go-back.ts';
import { mustBeOnDisk } from './must-be-on-disk.ts';
import { mustBeTrusted } from './must-be-trusted.ts';
import type { News } from './news.ts';
import type { Planner } from './planner.ts';
import type { Report } from './report.ts';

/** What the API's commands act on. */
export interface CommandParts extends ExplainParts, InspectParts {
  readonly actor: ActorRefFrom<typeof reconcilerMachine>;
  readonly trust: Pick<Trust, 'judgeAlone' | 'payloadHash'>;
  readonly news: News;
  readonly auditor: Pick<Auditor, 'record' | 'read'>;
  readonly keeper: Pick<Keeper, 'problem'>;
  readonly roots: Pick<Roots, 'pin'>;
  readonly report: Pick<Report, 'status' | 'onStatus'>;
  readonly planner: Planner;
  readonly requested: (token: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The API's queries and commands over the running loop; a command is recorded on disk before it is answered. */
export function createCommands(parts: CommandParts): ApiHandlers {
  const { actor, news, auditor, now } = parts;
  const facts = () => actor.getSnapshot().context.facts;
  let tokens = 0;
  return {
    status: () => parts.report.status(),
    onStatus: (listener) => parts.report.onStatus(listener),
    history: () => {
      const { deployment, deployments } = facts();
      return deployment ? [deployment, ...deployments] : deployments;
    },
    deployment: (id) => {
      const { deployment, deployments } = facts();
      return [deployment, ...deployments].find((each) => each?.id === id) ?? null;
    },
    events: news,
    why: (commit) => explain(parts, commit),
    plan: (commit, signal) => parts.planner.plan(commit, signal),
    planProgress: () => parts.planner.progress(),
    audit: (limit) => auditor.read(limit),
    reconcile: () => {
      tokens += 1;
      const token = `${new Date(now()).toISOString()}-${String(tokens).padStart(6, '0')}`;
      parts.requested(token);
      actor.send({ type: 'reconcile', token });
      return { token };
    },
    suspend: ({ reason, forMs, by }) => {
      const since = new Date(now()).toISOString();
      const until = forMs === null ? null : new Date(now() + forMs).toISOString();
      auditor.record({ kind: 'suspend', reason, until, actor: by });
      actor.send({ type: 'suspend', suspension: { reason, by, since, until } });
      mustBeOnDisk(parts);
    },
    resume: ({ by }) => {
      const { suspended, choice } = facts();
      if (!suspended && !choice) throw new Refused('this host is not suspended');
      auditor.record({ kind: 'resume', actor: by });
      actor.send({ type: 'resume', by });
      mustBeOnDisk(parts);
    },
    retry: ({ commit, by }) => retry(parts, commit, by),
    accept: (request) => accept(parts, request),
    confirm: (request) => confirm(parts, request),
    reject: (request) => reject(parts, request),
    rollback: (request) => rollBackByHand(parts, request),
  };
}

async function retry(
  parts: CommandParts,
  commit: string | null,
  by: string | null,
): Promise<{ readonly commits: readonly CommitId[] }> {
  const { context } = parts.actor.getSnapshot();
  const { facts } = context;
  if (facts.suspended) throw new Refused('this host is suspended: abide resume comes first');
  if (facts.hold) throw new Refused(facts.hold.reason);
  const desired = selectFor(context).desired?.commit ?? facts.spentTesting;
  const wanted = commit === null ? desired : await parts.mirror.resolve(commit, parts.stopping);
  if (wanted === null)
    throw new Refused('nothing was ever selected on this host: there is nothing to try again');
  parts.auditor.record({ kind: 'retry', commit: wanted, actor: by });
  parts.actor.send({ type: 'retry', commit: wanted, by });
  mustBeOnDisk(parts);
  const { quarantine } = parts.actor.getSnapshot().context.facts;
  const lifted = facts.quarantine.filter((entry) => !quarantine.some((left) => left.commit === entry.commit));
  return { commits: [...new Set([wanted, ...lifted.map((entry) => entry.commit)])] };
}

async function accept(
  parts: CommandParts,
  { commit: given, reason, by }: Parameters<ApiHandlers['accept']>[0],
): Promise<{ readonly commit: CommitId }> {
  const { mirror, trust, stopping, actor, auditor } = parts;
  const commit = await mirror.resolve(given, stopping);
  const heard = () => actor.getSnapshot().context.heard;
  await mustBeTrusted({ mirror, trust, stopping, heard }, commit, ['main']);
  const payloadHash = await trust.payloadHash(commit, stopping);
  const floor = actor.getSnapshot().context.facts.floor?.commit ?? null;
  auditor.record({ kind: 'accept', commit, floor, reason, actor: by });
  actor.send({ type: 'accept', floor: { commit, payloadHash }, reason, by });
  mustBeOnDisk(parts);
  return { commit };
}
