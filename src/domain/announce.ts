import { shortId } from './commit.ts';
import { commands } from './confirmation.ts';
import type { Deployment } from './deployment.ts';
import type { NewEvent } from './event.ts';
import type { Failure } from './facts.ts';
import type { Judgement } from './judgement.ts';
import type { Loop } from './loop.ts';
import { rollbackSwitch, whyItStays } from './rollback-switch.ts';
import type { Selection } from './select.ts';

/** What changed between two selections, as events for people; nothing changed gives none. */
export function announceSelection(before: Selection, after: Selection, loop: Loop): readonly NewEvent[] {
  const events = after.judgements.flatMap((judgement) =>
    announceHead(before.judgements.find((other) => sameHead(other, judgement)) ?? null, judgement),
  );
  if (after.diverged && !before.diverged) {
    events.push({
      type: 'heads.diverged',
      severity: 'warning',
      message:
        'remotes offer main commits that do not descend from one another; the remote listed first wins',
    });
  }
  const { desired } = after;
  if (desired && desired.commit !== before.desired?.commit) {
    const subject = subjectOf(desired.commit, loop);
    events.push({
      type: 'desired.changed',
      severity: 'info',
      message: `desired is ${desired.role} ${shortId(desired.commit)}${subject} from ${desired.remote ?? 'this host itself'}`,
      commit: desired.commit,
      remote: desired.remote,
    });
  }
  return events;
}

/** A system on probation that a person has to confirm. */
export function announceQuestion({ id, commit, confirmation }: Deployment): NewEvent {
  return {
    type: 'confirmation.asked',
    severity: 'warning',
    message: `${shortId(commit)} runs on probation and has to be confirmed (${confirmation?.askedBy}): ${commands(id)}`,
    commit,
    deployment: id,
  };
}

/** A deployment's begin. */
export function announceStart({
  id,
  commit,
  operation,
  toplevel,
  trigger,
  noRollback,
}: Deployment): NewEvent {
  const stays =
    noRollback === null ? '' : `; a failure is not undone by itself (${rollbackSwitch(noRollback)})`;
  return {
    type: 'deployment.started',
    severity: 'info',
    message: `deploying ${shortId(commit)} with operation ${operation} (${trigger}): ${toplevel}${stays}`,
    commit,
    deployment: id,
  };
}

/** This process ends so that the new system's abide decides. */
export function announceHandover(deployment: Deployment): NewEvent {
  const { id, commit } = deployment;
  const unguarded = whyItStays(deployment);
  const next =
    unguarded === null
      ? 'the new one commits or is undone'
      : `the new one commits; nothing undoes one that does not work: ${unguarded}`;
  return {
    type: 'handover',
    severity: unguarded === null ? 'info' : 'warning',
    message: `${shortId(commit)} changes abide itself: this abide ends, and ${next}`,
    commit,
    deployment: id,
  };
}

/** A deployment's end; anything but committed, staged and superseded is an error. */
export function announceEnd({ id, commit, outcome, message }: Deployment): NewEvent {
  const fine = outcome === 'committed' || outcome === 'staged' || outcome === 'superseded';
  return {
    type: 'deployment.ended',
    severity: fine ? 'info' : 'error',
    message: `deployment of ${shortId(commit)}: ${outcome}${message ? `, ${message}` : ''}`,
    commit,
    deployment: id,
  };
}

/** A failure of the desired commit, and what comes next. */
export function announceFailure(failure: Failure): NewEvent {
  const { class: kind, code, commit, message, attempt, attempts, stalled } = failure;
  const count = attempts === null ? '' : ` (attempt ${attempt} of ${attempts})`;
  return {
    type:
      kind === 'evaluate'
        ? 'evaluation.failed'
        : kind === 'build'
          ? 'build.failed'
          : stalled
            ? 'stalled'
            : 'waiting',
    severity: 'error',
    message: `${shortId(commit)} failed in ${kind}${count}: ${message}${stalled ? '; stalled until a new commit or abide retry' : ''}`,
    commit,
    phase: kind,
    code,
  };
}

function announceHead(
  before: Judgement | null,
  { remote, role, head, relation, verdict }: Judgement,
): NewEvent[] {
  if (!head || (before && isSame(before, { head, relation, verdict }))) return [];
  const commit = head.commit.id;
  if (relation === 'rewritten') {
    const message = verdict?.message ?? `${remote} rewrote its ${role} branch`;
    return [{ type: 'head.rewritten', severity: 'error', message, remote, commit }];
  }
  if (verdict?.status === 'rejected') {
    const message = `${remote} offers ${shortId(commit)} on ${role}, refused: ${verdict.message ?? verdict.reason}`;
    return [{ type: 'head.rejected', severity: 'error', message, remote, commit }];
  }
  if (verdict?.status === 'pending') {
    const message = `${remote} offers ${shortId(commit)} on ${role}, which has to wait: ${verdict.message ?? verdict.reason}`;
    return [{ type: 'head.pending', severity: 'warning', message, remote, commit }];
  }
  if (before?.head?.commit.id === commit && before.verdict?.status === 'accepted') return [];
  const message = `${remote} has ${shortId(commit)} "${head.commit.subject}" on ${role}`;
  return [{ type: 'head.moved', severity: 'info', message, remote, commit }];
}

type HeadNews = Pick<Judgement, 'head' | 'relation' | 'verdict'>;

function isSame(before: HeadNews, now: HeadNews): boolean {
  return (
    before.head?.commit.id === now.head?.commit.id &&
    before.relation === now.relation &&
    before.verdict?.status === now.verdict?.status &&
    before.verdict?.reason === now.verdict?.reason
  );
}

function sameHead(a: Judgement, b: Judgement): boolean {
  return a.remote === b.remote && a.role === b.role;
}

function subjectOf(commit: string, { facts }: Loop): string {
  const subject = facts.commits.find((record) => record.commit === commit)?.subject;
  return subject ? ` "${subject}"` : '';
}
