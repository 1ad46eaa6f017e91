import { wayBackText } from './boot-once.ts';
import { choiceText } from './choice.ts';
import { shortId } from './commit.ts';
import { confirmationGate } from './confirmation.ts';
import { because, isStaged } from './staged.ts';
import { findDrift } from './drift.ts';
import { failureText } from './failure-text.ts';
import { rollbackFailedText, rolledBackText, undoneText } from './host-conditions.ts';
import type { LoopView } from './loop-view.ts';
import { plainText } from './plain-text.ts';
import { rebootNeed } from './reboot-need.ts';
import { rfc3339 } from './rfc3339.ts';
import { rowText } from './rollbacks-in-a-row.ts';
import {
  currentFailure,
  currentQuarantine,
  currentRow,
  isChanging,
  stagedDeployment,
  standing,
  type Standing,
} from './standing.ts';
import type { LoopState, Summary } from './status.ts';

/** The one word for a host and the one sentence for people: what, why, and what comes next. */
export function summarize(view: LoopView): { readonly summary: Summary; readonly message: string } {
  const stands = standing(view);
  const summary = words[stands];
  if (view.facts.suspended && summary !== 'Unknown') {
    return { summary: 'Suspended', message: plainText(suspendedText(view)) };
  }
  return { summary, message: plainText(`${texts[stands](view)}${asides(view)}`) };
}

const words: Readonly<Record<Standing, Summary>> = {
  lost: 'Unknown',
  unseen: 'Unknown',
  rollbackFailed: 'Failed',
  rollingBack: 'Failed',
  held: 'Drifted',
  stalled: 'Stalled',
  retrying: 'Failed',
  unsourced: 'Failed',
  waiting: 'Waiting',
  staged: 'Waiting',
  progressing: 'Progressing',
  drifted: 'Drifted',
  inSync: 'InSync',
};

const texts: Readonly<Record<Standing, (view: LoopView) => string>> = {
  lost: ({ host, facts }) =>
    `${host} deploys nothing: ${facts.hold?.reason}; go on with abide accept COMMIT --reason TEXT`,
  unseen: ({ host }) => `${host} has not been looked at yet`,
  rollbackFailed: (view) =>
    `the rollback of ${view.host} failed and needs a person: ${rollbackFailedText(view)}`,
  rollingBack: ({ host, facts: { deployment } }) =>
    `${host} goes back to ${deployment?.previous.toplevel ?? 'the system before'}: ${deployment?.message ?? 'the activation failed'}`,
  held: ({ host, facts: { choice }, observed }) =>
    `${host} is left alone: ${choice ? choiceText(choice, observed?.bootDefault ?? null) : 'a person chose so'}`,
  stalled: stalledText,
  retrying: retryingText,
  unsourced: ({ host, remotes, judgements }) =>
    `no remote offers a commit that ${host} may run: ${remotes
      .map(({ name, health }) => `${name} ${health.error?.message ?? offerText(name, judgements)}`)
      .join('; ')}; every remote is asked again`,
  waiting: waitingText,
  staged: stagedText,
  progressing: progressText,
  drifted: driftedText,
  inSync: (view) =>
    view.desired
      ? `${view.host} runs the desired commit ${named(view)}`
      : `${view.host} runs what was deployed last`,
};

/** What changes no summary and should be known all the same. */
function asides(view: LoopView): string {
  const stands = standing(view);
  if (stands === 'unsourced' || stands === 'unseen' || stands === 'lost') return '';
  const down = view.remotes.filter(({ health }) => health.up === false).map(({ name }) => name);
  const refused = view.judgements.filter(({ verdict }) => verdict?.status === 'rejected');
  const { required, reasons } = rebootNeed(view);
  return [
    ...(down.length > 0 ? [`${down.join(', ')} cannot be reached`] : []),
    ...refused.map(({ remote, ref, verdict }) => `${ref} of ${remote} is refused (${verdict?.reason})`),
    ...(required && stands !== 'staged' ? [`a reboot is needed (${reasons.join(', ')})`] : []),
  ]
    .map((aside) => `; ${aside}`)
    .join('');
}

function stagedText(view: LoopView): string {
  const { facts, host } = view;
  const way = wayBackText(facts, facts.expected?.profile ?? '');
  const staged = stagedDeployment(view);
  const why = staged ? because(staged) : '';
  return `${named(view)} is staged and starts at the next reboot of ${host}${why}; ${way}`;
}

function suspendedText(view: LoopView): string {
  const { reason, by, until } = view.facts.suspended ?? { reason: '', by: null, until: null };
  const end = until ? `until ${until}` : 'until abide resume';
  const running = isChanging(view) ? '; the running deployment comes to its end first' : '';
  return `${view.host} is suspended by ${by ?? 'somebody'}, ${end}: ${reason}${running}`;
}

function stalledText(view: LoopView): string {
  const failure = currentFailure(view);
  const quarantine = currentQuarantine(view);
  if (failure && !quarantine) {
    const when = rfc3339(failure.until);
    return `${named(view)} is given up: ${failureText(failure)}; looked at again at ${when}, at a new commit, or by abide retry`;
  }
  const row = currentRow(view);
  if (row) {
    const when = rfc3339(row.until);
    return `${named(view)} is not tried yet: ${rowText(row)}; tried at ${when}, or at once by abide retry`;
  }
  const { deployments } = view.facts;
  const why = quarantine ? undoneText(quarantine, deployments) : rolledBackText(deployments, null);
  return `${named(view)} was rolled back: ${why}; waiting for a new commit or abide retry`;
}

function retryingText(view: LoopView): string {
  const failure = currentFailure(view);
  if (!failure || view.uncommitted) {
    const why = failure ? `: ${failureText(failure)}` : '';
    const [last] = view.facts.deployments;
    const stands = last && isStaged(last) ? 'is to start at the next reboot' : 'runs and is healthy';
    return `${named(view)} ${stands}, but its profile or boot default could not be set${why}; tried again`;
  }
  const next = view.state === 'backoff' ? `tried again at ${rfc3339(failure.until)}` : 'being tried again';
  return `${named(view)} failed: ${failureText(failure)}; ${next}`;
}

function waitingText(view: LoopView): string {
  const { gate, reason, nextCheck } = view.waiting ?? { gate: '', reason: '', nextCheck: null };
  const what = gate === confirmationGate ? 'without it, it is rolled back at' : 'looked at again at';
  const next = nextCheck === null ? '' : `; ${what} ${rfc3339(nextCheck)}`;
  return `${named(view)} waits at gate ${gate}: ${reason}${next}`;
}

function progressText(view: LoopView): string {
  const { host, desired, remotes, progress } = view;
  if (!desired) return `${host} waits for the first answer of ${remotes.map(({ name }) => name).join(', ')}`;
  const detail = progress ? ` (${progress.text})` : '';
  return `${named(view)} is ${doing[view.state]} on ${host}${detail}`;
}

const doing: Readonly<Record<LoopState, string>> = {
  observing: 'desired',
  settled: 'desired',
  evaluating: 'being evaluated',
  building: 'being built',
  gating: 'at the gates',
  activating: 'being activated',
  probation: 'on probation',
  committing: 'being committed',
  rollingBack: 'being rolled back',
  backoff: 'desired',
  stalled: 'desired',
};

function driftedText(view: LoopView): string {
  const drift = findDrift(view).filter(({ kind }) => kind !== 'boot');
  const told = drift.find(({ kind }) => kind === 'manual') ?? drift.find(({ kind }) => kind !== 'commit');
  return `${view.host} has drifted: ${(told ?? drift[0])?.message}`;
}

function offerText(remote: string, judgements: LoopView['judgements']): string {
  const main = judgements.find((judgement) => judgement.remote === remote && judgement.role === 'main');
  if (!main) return 'is not asked for a main branch';
  if (!main.head) return `has no branch ${main.ref}`;
  return `offers ${shortId(main.head.commit.id)}, ${main.verdict?.status}: ${main.verdict?.message ?? main.verdict?.reason}`;
}

/** The desired commit by its short id and subject. */
function named({ desired, judgements, facts }: LoopView): string {
  if (!desired) return 'nothing';
  const head = judgements.find((judgement) => judgement.head?.commit.id === desired.commit)?.head;
  const record = facts.commits.find(({ commit }) => commit === desired.commit);
  const subject = head?.commit.subject ?? record?.subject;
  return subject ? `${shortId(desired.commit)} "${subject}"` : shortId(desired.commit);
}
