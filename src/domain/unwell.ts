import { connectivityCheck, isWorse, resultsOf, tellChecks, type CheckSeen } from './check.ts';
import { isTrial, type CheckResult, type Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';
import { lastResortText } from './last-resort.ts';
import type { Observed } from './observed.ts';

/** A system that is worse after its rollback than it was before the deployment; looked at until it is well. */
export interface Unwell {
  /** The deployment that was rolled back, the newest of history. */
  readonly deployment: string;
  /** What the checks said before the deployment. */
  readonly before: readonly CheckSeen[];
  /** Looks that found it unwell, as far as they are counted. */
  readonly looks: number;
  /** RFC 3339. */
  readonly since: string;
}

/** What a look found worse than before; a check that did not pass before says nothing about the system before. */
function worseThanBefore(
  after: readonly CheckSeen[],
  before: readonly CheckSeen[] | null,
): readonly CheckResult[] {
  return resultsOf(after, before).filter((check) => check.baseline === 'passing' && isWorse(check));
}

/** True when a look after a rollback need not be taken again: nothing is worse that may still become well. */
export function isSettled(after: readonly CheckSeen[], before: readonly CheckSeen[] | null): boolean {
  const worse = resultsOf(after, before).filter(isWorse);
  // A check that the undone commit brought along cannot pass without it.
  return worse.every(
    ({ name, baseline }) => before !== null && baseline !== 'passing' && name !== connectivityCheck,
  );
}

/**
 * What is worse after the rollback than before the deployment. Nothing can be said where another system runs than before,
 * and after a first boot, whose baseline is another system's.
 */
export function worseAfterRollback(from: {
  readonly deployment: Deployment;
  readonly before: readonly CheckSeen[] | null;
  readonly after: readonly CheckSeen[];
  readonly observed: Observed | null;
}): readonly CheckResult[] {
  const { deployment, before, after, observed } = from;
  const isBack = observed !== null && observed.current === deployment.previous.toplevel;
  return isBack && !isTrial(deployment) ? worseThanBefore(after, before) : [];
}

/** The facts with the newest deployment's system before found unwell; null for `before`: it is well. */
export function withUnwell(facts: Facts, before: readonly CheckSeen[] | null, now: number): Facts {
  const [newest] = facts.deployments;
  if (before === null || !newest) return facts;
  const since = new Date(now).toISOString();
  return { ...facts, unwell: { deployment: newest.id, before, looks: 1, since } };
}

/** What is wrong with the system before, in one clause. */
export function unwellText(worse: readonly CheckResult[]): string {
  return `the system before runs again and is worse than it was: ${tellChecks(worse)}`;
}

/** The facts after a look at the unwell system: well, its deployment was a rollback like any other; else why not. */
export function afterLook(facts: Facts, worse: readonly CheckResult[], nowIso: string): Facts {
  const { unwell } = facts;
  if (!unwell) return facts;
  const isWell = worse.length === 0;
  const deployments = facts.deployments.map((past) => {
    if (past.id !== unwell.deployment || !isWell) return past;
    const said = [
      past.message ?? 'rolled back',
      lastResortText(facts, past),
      `it is well again since ${nowIso}`,
    ];
    const message = said.filter((each) => each !== null).join('; ');
    return { ...past, outcome: 'rolled_back' as const, message };
  });
  const looks = Math.min(unwell.looks + 1, countedLooks);
  return { ...facts, deployments, unwell: isWell ? null : { ...unwell, looks } };
}

/** More looks than this change nothing any more. */
const countedLooks = 5;
