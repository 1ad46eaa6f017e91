import { isBootProven } from './boot-proven.ts';
import { deriveConditions } from './conditions.ts';
import type { Desired } from './desired.ts';
import { driftBegan, findDrift, runningCommits, slotCommits } from './drift.ts';
import type { Judgement } from './judgement.ts';
import type { LoopView, ViewedRemote } from './loop-view.ts';
import type { Observed } from './observed.ts';
import { rebootNeed } from './reboot-need.ts';
import { rfc3339 } from './rfc3339.ts';
import { currentFailure } from './standing.ts';
import type { BranchStatus, Condition, HostStatus, RemoteStatus } from './status.ts';
import { summarize } from './summary.ts';

/** The whole status as the contract has it; missing things are null, never absent. */
export function hostStatus(view: LoopView, previous: readonly Condition[], nowIso: string): HostStatus {
  const { facts } = view;
  const [last = null] = facts.deployments;
  return {
    apiVersion: 'abide/v1',
    kind: 'HostStatus',
    host: view.host,
    version: view.version,
    mode: view.mode,
    ...summarize(view),
    state: view.state,
    desired: view.desired && desiredStatus(view.desired, view),
    observed: view.observed && observedStatus(view.observed, view),
    drift: findDrift(view).map((drift) => ({ ...drift, since: driftBegan(drift.kind, view) ?? nowIso })),
    rebootRequired: rebootNeed(view),
    floor: facts.floor?.commit ?? null,
    remotes: view.remotes.map((remote) => remoteStatus(remote, view)),
    conditions: deriveConditions(view, previous, nowIso),
    health: (facts.deployment ?? last)?.checks ?? [],
    deployment: facts.deployment,
    lastDeployment: last,
    quarantine: facts.quarantine.map((entry) => ({ ...entry, message: entry.message ?? null })),
    suspended: facts.suspended,
    ...troubleStatus(view),
    progress: progressStatus(view),
    reconcile: view.reconcile,
    nextReconcile: rfc3339(view.nextReconcile),
  };
}

function desiredStatus(desired: Desired, { judgements, facts }: LoopView): HostStatus['desired'] {
  const { commit, remote, branch, role, operation } = desired;
  const offers = judgements.filter(({ candidate }) => candidate === commit);
  const offer = offers.find((judgement) => judgement.remote === remote && judgement.role === role);
  const head = offer?.head?.candidate?.commit;
  const record = facts.commits.find((known) => known.commit === commit);
  const { subject = null, author = null, committedAt = null } = head ?? record ?? {};
  return {
    commit,
    remote,
    branch,
    testing: role === 'testing',
    operation,
    subject,
    author,
    committedAt,
    signer: offer?.verdict?.signer ?? record?.signer ?? null,
  };
}

function observedStatus(observed: Observed, { facts }: LoopView): HostStatus['observed'] {
  const { current, specialisation, booted, bootedRevision, profile, bootDefault } = observed;
  const proven = booted === null ? null : isBootProven(facts, booted);
  return {
    current: {
      toplevel: current,
      commits: runningCommits(facts, observed),
      specialisation: specialisation?.name ?? null,
    },
    booted: { toplevel: booted, commits: slotCommits(facts, booted, bootedRevision), proven },
    profile: { generation: profile?.generation ?? null, toplevel: profile?.toplevel ?? null },
    bootDefault: { toplevel: bootDefault },
  };
}

function remoteStatus({ name, url, health }: ViewedRemote, view: LoopView): RemoteStatus {
  const branch = (role: Judgement['role']) =>
    branchStatus(view.judgements.find((judgement) => judgement.remote === name && judgement.role === role));
  return {
    name,
    url,
    up: health.up,
    lastAttempt: rfc3339(health.lastAttempt),
    lastSuccess: rfc3339(health.lastSuccess),
    error: health.error && { code: health.error.code, message: health.error.message },
    selected: view.desired?.remote === name,
    main: branch('main'),
    testing: branch('testing'),
  };
}

function branchStatus(judgement: Judgement | undefined): BranchStatus | null {
  if (!judgement) return null;
  const { ref, head, relation, verdict, candidate } = judgement;
  return {
    ref,
    head: head?.commit.id ?? null,
    subject: head?.commit.subject ?? null,
    relation,
    verdict: verdict?.status ?? null,
    reason: verdict?.reason ?? null,
    message: verdict?.message ?? null,
    candidate,
  };
}

function troubleStatus(view: LoopView): Pick<HostStatus, 'waiting' | 'backoff' | 'failure'> {
  const { waiting, state } = view;
  const failed = currentFailure(view);
  return {
    waiting: waiting && {
      gate: waiting.gate,
      reason: waiting.reason,
      since: rfc3339(waiting.since),
      nextCheck: rfc3339(waiting.nextCheck),
    },
    backoff:
      failed && state === 'backoff'
        ? {
            class: failed.class,
            attempt: failed.attempt,
            attempts: failed.attempts,
            until: rfc3339(failed.until),
          }
        : null,
    failure: failed && {
      commit: failed.commit,
      class: failed.class,
      code: failed.code,
      message: failed.message,
      log: failed.log,
      since: failed.since,
      stalled: failed.stalled,
    },
  };
}

function progressStatus({ progress }: LoopView): HostStatus['progress'] {
  if (!progress) return null;
  const { phase, text, done, expected, since } = progress;
  return { phase, text, done, expected, since: rfc3339(since) };
}
