import { descends } from './ancestry.ts';
import { shortId, type CommitId } from './commit.ts';
import { runningCommits } from './drift.ts';
import type { Judgement } from './judgement.ts';
import type { LoopView } from './loop-view.ts';
import { plainText } from './plain-text.ts';
import { isStaged } from './standing.ts';
import type { CommitWhy, WhyQuestion, WhyReason } from './why-answer.ts';
import { hostReasons } from './why-host.ts';
import { historyReasons, notChosen, offerReasons } from './why-offer.ts';

/** The distinct heads that remotes offer, in their order. */
export function offeredHeads({ judgements }: Pick<LoopView, 'judgements'>): readonly CommitId[] {
  return [...new Set(judgements.flatMap(({ head }) => (head ? [head.commit.id] : [])))];
}

/** The commits whose ancestry an answer needs beside those that are asked about. */
export function commitsForWhy({ judgements, facts, desired }: LoopView): readonly CommitId[] {
  const offered = judgements.flatMap(({ head, candidate }) => [head?.commit.id, candidate]);
  const all = [...offered, facts.floor?.commit, desired?.commit];
  return [...new Set(all.filter((commit) => typeof commit === 'string'))];
}

/** Why a commit runs here or does not: every decision against it, each with what would make it acceptable. */
export function explainCommit(question: WhyQuestion, commit: CommitId): CommitWhy {
  const { judgements, facts } = question.view;
  const own = judgements.filter(({ head }) => head?.commit.id === commit);
  const record = facts.commits.find((known) => known.commit === commit);
  const subject = own[0]?.head?.commit.subject ?? record?.subject ?? null;
  const found = standingOf(question, commit, own);
  return {
    commit,
    subject: subject === null ? null : plainText(subject),
    offers: own.map(({ remote, role, ref }) => ({ remote, role, ref })),
    ...found,
    message: plainText(found.message),
    reasons: found.reasons.map(({ decision, message, next }) => ({
      decision,
      message: plainText(message),
      next: next === null ? null : plainText(next),
    })),
  };
}

/** The answer for what is no commit of any remote; `message` says why not. */
export function explainUnknown(commit: string, message: string): CommitWhy {
  const next = 'push it to a branch that this host follows (abide status lists them), then abide reconcile';
  const reason = { decision: 'unknown', message, next } as const;
  const said = 'nothing is known of it here';
  return { commit, subject: null, standing: 'unknown', message: said, offers: [], reasons: [reason] };
}

/** Remotes that could not be asked, or that have nothing to offer. */
export function whyRemarks({ remotes, judgements }: LoopView): readonly string[] {
  return remotes.flatMap(({ name, health }) => {
    if (health.up === null) return [`${name} has not been asked yet`];
    if (!health.up) {
      const why = health.error?.message ?? 'no answer';
      return [`${name} cannot be reached, so what it had last counts: ${plainText(why)}`];
    }
    const heads = judgements.filter((judgement) => judgement.remote === name && judgement.head);
    return heads.length === 0 ? [`${name} has none of the branches that it is asked for`] : [];
  });
}

type Found = Pick<CommitWhy, 'standing' | 'message' | 'reasons'>;

function standingOf(question: WhyQuestion, commit: CommitId, own: readonly Judgement[]): Found {
  const { view } = question;
  const standIns = view.judgements.filter(
    ({ candidate, head }) => candidate === commit && head?.commit.id !== commit,
  );
  const offers = [
    ...own.flatMap((judgement) => offerReasons(question, judgement, commit)),
    ...standIns.flatMap((judgement) => notChosen(question, judgement, commit)),
  ];
  if (isRunning(view, commit)) {
    const message = `it runs on ${view.host}${replacement(view, commit)}`;
    return { standing: 'running', message, reasons: offers.filter(({ decision }) => decision === 'verdict') };
  }
  if (view.desired?.commit === commit && isStaged(view)) {
    return { standing: 'staged', message: `it starts at the next reboot of ${view.host}`, reasons: [] };
  }
  if (isPast(question, commit)) return past(question, commit);
  const history = own.length > 0 || standIns.length > 0 ? [] : historyReasons(question, commit);
  const all = [...hostReasons(view, commit), ...unlessDesired(view, commit, offers), ...history];
  const reasons = all.filter(
    ({ message }, index) => all.findIndex((one) => one.message === message) === index,
  );
  if (reasons.length > 0) {
    const message = `${reasons.length === 1 ? 'this keeps' : `these ${reasons.length} keep`} it from running`;
    return { standing: 'held', message, reasons };
  }
  return { standing: 'coming', message: `nothing keeps it from running: ${doing(view)}`, reasons };
}

/** One remote's refusal keeps nothing from running that another one's word made desired. */
function unlessDesired(
  { desired }: WhyQuestion['view'],
  commit: CommitId,
  reasons: readonly WhyReason[],
): readonly WhyReason[] {
  return desired?.commit === commit ? [] : reasons;
}

function isRunning({ facts, observed }: WhyQuestion['view'], commit: CommitId): boolean {
  return observed !== null && runningCommits(facts, observed).includes(commit);
}

function replacement({ desired }: WhyQuestion['view'], commit: CommitId): string {
  if (!desired || desired.commit === commit) return ' and is desired';
  return `; ${shortId(desired.commit)} is desired in its place`;
}

function isPast({ view, ancestry }: WhyQuestion, commit: CommitId): boolean {
  const floor = view.facts.floor?.commit;
  if (floor === undefined || view.desired?.commit === commit) return false;
  return floor === commit || descends(ancestry, floor, commit);
}

function past({ view }: WhyQuestion, commit: CommitId): Found {
  const floor = view.facts.floor?.commit ?? commit;
  const where = floor === commit ? 'it is the floor' : `it lies below the floor ${shortId(floor)}`;
  const message = `${where}: the newest main commit that was deployed here, and abide never goes back below it by itself`;
  const next = `to have its content back, push a commit that reverts what came after it; to go back to it: abide accept ${shortId(commit)} --reason TEXT`;
  const said =
    floor === commit ? 'this host was deployed to it and has moved on' : 'this host has left it behind';
  return { standing: 'past', message: said, reasons: [{ decision: 'floor', message, next }] };
}

function doing({ state, desired }: WhyQuestion['view']): string {
  return desired ? `it is on its way (${state})` : `the loop is ${state}`;
}
