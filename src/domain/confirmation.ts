import type { CommitId } from './commit.ts';
import { shortId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { Consent, Facts } from './facts.ts';
import type { Loop, Waiting } from './loop.ts';
import type { Policy } from './policy.ts';
import type { Probation, ProbationRules } from './probation.ts';

/** The gate at which a system on probation stands that a person has to confirm. */
export const confirmationGate = 'confirmation';

/** Gates before an activation that a person's `confirm` opens, and at which `reject` gives the commit up. */
export const consentGates: ReadonlySet<string> = new Set(['removal']);

/** What a person's `confirm` or `reject` is about, or why there is nothing to answer. */
export type Question =
  | { readonly about: 'probation'; readonly deployment: Deployment }
  | { readonly about: 'gate'; readonly commit: CommitId; readonly toplevel: string | null }
  | { readonly about: 'nothing'; readonly message: string };

/** The one thing that can be answered now; `named` is what the person typed: a deployment, a commit, or the beginning of one. */
export function openQuestion(
  { facts, target, waiting, evaluation }: Pick<Loop, 'facts' | 'target' | 'waiting' | 'evaluation'>,
  named: string | null,
): Question {
  const { deployment } = facts;
  if (deployment) {
    if (!isNamed(named, deployment.id, deployment.commit)) return nothing(otherText(named, deployment.id));
    if (deployment.step === 'probation') return { about: 'probation', deployment };
    return nothing(tooEarlyOrLate(deployment));
  }
  if (!target || !waiting || !consentGates.has(waiting.gate)) {
    return nothing('nothing waits for an answer: no deployment is on probation, and no commit at a gate');
  }
  if (!isNamed(named, target.commit)) return nothing(otherText(named, target.commit));
  return { about: 'gate', commit: target.commit, toplevel: evaluation?.toplevel ?? null };
}

/** Who consented to a commit before its activation; null when nobody did. */
export function consentTo({ confirmed }: Pick<Facts, 'confirmed'>, commit: CommitId): Consent | null {
  return confirmed.find((consent) => consent.commit === commit) ?? null;
}

/** The facts once a person consented to a commit; the newest 20 are kept. */
export function withConsent(facts: Facts, consent: Consent): Facts {
  const others = facts.confirmed.filter(({ commit }) => commit !== consent.commit);
  return { ...facts, confirmed: [...others, consent].slice(-20) };
}

/** True while the deployment may not be committed for want of a person's word. */
export function awaitsWord({ confirmation }: Pick<Deployment, 'confirmation'>): boolean {
  return confirmation !== null && confirmation.at === null;
}

/** The confirmation that a deployment begins with; `asking` is a commit that asks for one. */
export function askedFor(
  { confirm }: Pick<Policy, 'confirm'>,
  asking: CommitId | null,
): Deployment['confirmation'] {
  const askedBy = confirm ? 'health.confirm' : asking;
  return askedBy === null ? null : { askedBy, by: null, at: null };
}

/** What a system on probation waits for that a person has to confirm, for people; null when it waits for nobody. */
export function confirmationWait(from: {
  readonly deployment: Deployment | null;
  readonly probation: Probation | null;
  readonly rules: ProbationRules;
  /** Epoch milliseconds, and milliseconds of the boot's own clock, of one moment. */
  readonly now: number;
  readonly uptime: number;
}): Waiting | null {
  const { deployment, probation, rules, now, uptime } = from;
  if (!deployment || !probation?.clock || !awaitsWord(deployment)) return null;
  const since = wholeSecond(now - uptime + probation.clock.activatedAt);
  return {
    gate: confirmationGate,
    reason: `a person has to confirm it (${deployment.confirmation?.askedBy}): ${commands(deployment.id)}`,
    since,
    nextCheck: since + rules.deadlineMs,
  };
}

/** What to type, for people. */
export function commands(id: string): string {
  return `abide confirm ${id} keeps it, abide reject ${id} --reason TEXT undoes it at once`;
}

/** The two clocks are read one after the other; without this the times would differ from look to look. */
function wholeSecond(ms: number): number {
  return Math.round(ms / 1000) * 1000;
}

function nothing(message: string): Question {
  return { about: 'nothing', message };
}

function isNamed(named: string | null, ...ids: readonly string[]): boolean {
  return named === null || ids.some((id) => id.startsWith(named));
}

function otherText(named: string | null, id: string): string {
  return `${named} is not what waits for an answer; ${id} is`;
}

function tooEarlyOrLate({ id, commit, step }: Deployment): string {
  const what = `deployment ${id} of ${shortId(commit)}`;
  if (step === 'rollback') return `${what} is being rolled back already`;
  if (step === 'passed' || step === 'profile' || step === 'loader') {
    return `${what} has passed its probation and is being committed; abide rollback goes back once it is`;
  }
  return `${what} is being activated, which nothing interrupts; answer once it is on probation`;
}
