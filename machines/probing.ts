import { afterUndoneTrial } from '../src/domain/boot-trial.ts';
import { isExonerated, isWorse, tellChecks, unchecked, type CheckSeen } from '../src/domain/check.ts';
import { announceQuestion } from '../src/domain/announce.ts';
import { shortId } from '../src/domain/commit.ts';
import { awaitsWord, confirmationWait } from '../src/domain/confirmation.ts';
import { isOvertaken } from '../src/domain/decide.ts';
import { lastingOf } from '../src/domain/first-boot.ts';
import { exonerateDeployment } from '../src/domain/quarantine.ts';
import { isTrial, type CheckResult, type Deployment } from '../src/domain/deployment.ts';
import {
  afterRound,
  endOf as endOfProbation,
  nextInProbation,
  noticeSleep,
  rulesFor,
  startClock,
} from '../src/domain/probation.ts';
import type { Probation, ProbationClock, ProbationRules, ProbationStep } from '../src/domain/probation.ts';
import { judgeProbe, sameButTimes, type Probe, type ProbeOrder } from '../src/domain/probe.ts';
import type { Problem } from '../src/domain/problem.ts';
import type { Waiting } from '../src/domain/loop.ts';
import { isFresh } from './hearing.ts';
import { deploymentIn } from './in-context.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted, endOf, result } from './tell.ts';
import type { Turn } from './turn.ts';

/** What the checks said before the activation: only what gets worse counts. */
export function keepBaseline(
  { facts }: ReconcilerContext,
  before: readonly CheckSeen[] | null,
): Partial<ReconcilerContext> {
  const { deployment } = facts;
  if (!deployment) return {};
  const rules = facts.probation?.rules ?? null;
  const probation: Probation = { deployment: deployment.id, rules, before, clock: null };
  return { facts: { ...facts, probation, deployment: { ...deployment, checks: unchecked(before ?? []) } } };
}

/** The activation has ended: the clock starts, or goes on where an earlier daemon left it. */
export function beginProbation(context: ReconcilerContext): Turn {
  const { facts, observed } = context;
  const { deployment, probation } = facts;
  if (!deployment) return {};
  const kept = probation?.deployment === deployment.id ? probation : null;
  const clock = startClock(kept?.clock ?? null, observed?.bootId ?? null, context.uptime());
  const begun = { rules: null, before: null, ...kept, deployment: deployment.id, clock };
  const asks = awaitsWord(deployment) && kept?.clock !== clock;
  return {
    change: { round: null, facts: { ...facts, probation: begun } },
    emit: asks ? [asEmitted(announceQuestion(deployment))] : [],
  };
}

/** Looks at how long the host has slept: after a sleep it settles again. */
export function noticeSleeping(context: ReconcilerContext): Turn {
  const { facts, uptime, asleep } = context;
  const { probation, deployment } = facts;
  if (!probation?.clock || !deployment) return {};
  const clock = noticeSleep(probation.clock, asleep(), uptime());
  if (clock === probation.clock) return {};
  const change = { facts: { ...facts, probation: { ...probation, clock } } };
  if (clock.resumedAt === probation.clock.resumedAt) return { change };
  const message = `the host slept while ${shortId(deployment.commit)} was on probation; it settles again`;
  const { id, commit } = deployment;
  return {
    change,
    emit: [asEmitted({ type: 'host.resumed', severity: 'info', message, commit, deployment: id })],
  };
}

/** What the running probation waits for a person for; null when it does not. */
export function awaitedWord(context: ReconcilerContext): Waiting | null {
  const { deployment, probation } = context.facts;
  const [now, uptime] = [context.now(), context.uptime()];
  return confirmationWait({ deployment, probation, rules: rulesOf(context), now, uptime });
}

/** What ends a probation without a commit: a failure, a newer commit while it fails, or a person. */
export type ProbationEnd = 'probationFailed' | 'probationOver' | 'rejected';

/** True when the running probation ends by this now. */
export function endsBy(context: ReconcilerContext, end: ProbationEnd): boolean {
  if (end === 'rejected') return context.facts.deployment?.reason === 'Rejected';
  return end === 'probationOver' ? isOver(context) : probationStep(context).do === 'fail';
}

/** The next step of the running probation. */
export function probationStep(context: ReconcilerContext): ProbationStep {
  const { round } = context;
  const { deployment } = context.facts;
  return nextInProbation({
    rules: rulesOf(context),
    clock: clockOf(context),
    round,
    awaitsWord: deployment !== null && awaitsWord(deployment),
    now: context.uptime(),
  });
}

/** Milliseconds until the running probation's next step. */
export function probationPause(context: ReconcilerContext): number {
  const step = probationStep(context);
  return 'ms' in step ? Math.ceil(step.ms) : 0;
}

/** The next look at the system on probation. */
export function probeOrder(context: ReconcilerContext): ProbeOrder {
  const left = endOfProbation(rulesOf(context), clockOf(context)) - context.uptime();
  return { deployment: deploymentIn(context), before: beforeIn(context), withinMs: Math.max(1, left) };
}

/** The look at the system before, once it runs again; what it starts may take a moment to come up. */
export function reviewOrder(context: ReconcilerContext): ProbeOrder {
  const { settleMs } = rulesOf(context);
  const deployment = deploymentIn(context);
  const before = beforeIn(context);
  const isLookedAt = before !== null || deployment.reason === 'HealthCheckFailed';
  return { deployment, before, withinMs: isLookedAt ? settleMs + reviewMs : 1 };
}

const reviewMs = 10_000;

/** True when the newest look failed and a newer commit waits: then there is nothing to be gained by the rest of the time. */
function isOver(context: ReconcilerContext): boolean {
  const { round, polls, health } = context;
  // A daemon that has just started knows of a newer commit only once it has asked everybody.
  const isHeardOut = polls.every(({ name }) => health[name] !== undefined);
  return round?.standing === 'failing' && isHeardOut && isFresh(context) && isOvertaken(context);
}

/** Takes in one look at the system on probation. */
export function keepProbe(context: ReconcilerContext, probe: Probe): Turn {
  const { facts } = context;
  const { deployment, probation } = facts;
  if (!deployment || !probation) return {};
  const { before } = probation;
  const { round, results } = judgeProbe(probe, { deployment, before, now: context.uptime() });
  const clock = afterRound(clockOf(context), round);
  const next = { ...deployment, checks: sameButTimes(deployment.checks, results) };
  const last = lastingOf(probe.checks);
  const isNews =
    next.checks !== deployment.checks ||
    clock.steadySince !== (probation.clock?.steadySince ?? null) ||
    JSON.stringify(last) !== JSON.stringify(probation.last);
  const changed = { ...facts, deployment: next, probation: { ...probation, clock, last } };
  return {
    change: { observed: probe.observed, round, facts: isNews ? changed : facts },
    emit: worseOf(deployment) === worseOf(next) ? [] : [tell(next)],
  };
}

/** A look that itself failed proves nothing good; the next one may. */
export function probeFailed(context: ReconcilerContext, problem: Problem): Turn {
  const { facts } = context;
  const { deployment, probation } = facts;
  if (!deployment || !probation) return {};
  const round = { endedAt: context.uptime(), standing: 'failing' } as const;
  const clock = afterRound(clockOf(context), round);
  const message = `${shortId(deployment.commit)} cannot be looked at: ${problem.message}`;
  return {
    change: { round, facts: { ...facts, probation: { ...probation, clock } } },
    emit: [asEmitted({ type: 'health.failing', severity: 'warning', message, deployment: deployment.id })],
  };
}

/** Why the running probation failed, for the deployment's record. */
export function probationFault(context: ReconcilerContext): {
  readonly reason: string;
  readonly message: string;
} {
  const step = probationStep(context);
  const reason = step.do === 'fail' && step.why === 'unconfirmed' ? 'NotConfirmed' : 'HealthCheckFailed';
  return { reason, message: faultText(context) };
}

/** True when the network is to blame for the running deployment's end, and not its commit. */
export function isNetworkLost({ facts }: ReconcilerContext, after: readonly CheckSeen[]): boolean {
  const { deployment } = facts;
  return deployment?.reason === 'HealthCheckFailed' && isExonerated(deployment.checks, after);
}

/** The previous system runs again and the network is still gone: the commit is not quarantined and waits for it. */
export function recordExoneration(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  const { byItself, note } = context.went ?? { byItself: false, note: null };
  const proof = 'the system before has no network either, so nothing is proved against the commit';
  const message = [deployment.message, note, proof].filter((part) => part !== null).join('; ');
  const now = context.now();
  const exonerated = exonerateDeployment(context, message, now);
  const facts = isTrial(deployment) ? afterUndoneTrial(exonerated, deployment, now) : exonerated;
  return {
    change: { facts, supersessions: 0, rollbackFailures: 0 },
    emit: [
      ...endOf(context.facts, facts),
      { type: 'rolledBack', deployment: { ...deployment, reason: 'Inconclusive' }, byItself },
      { type: 'failed', phase: 'probation' },
      result('rolled_back'),
    ],
  };
}

function rulesOf({ policy, facts }: ReconcilerContext): ProbationRules {
  return rulesFor(facts.probation?.rules ?? policy.probation, facts.deployment?.branch ?? 'main');
}

function clockOf(context: ReconcilerContext): ProbationClock {
  return context.facts.probation?.clock ?? startClock(null, null, context.uptime());
}

/** What the checks said before the running deployment; null where nothing was asked. */
export function beforeIn({
  facts: { probation, deployment },
}: ReconcilerContext): readonly CheckSeen[] | null {
  return probation?.deployment === deployment?.id ? (probation?.before ?? null) : null;
}

function worseOf({ checks }: Deployment): string {
  const worse = checks.filter(isWorse).filter(({ status }) => status === 'failing');
  return worse.map(({ name }) => name).join();
}

function tell({ id, commit, checks }: Deployment) {
  const worse = checks.filter(isWorse);
  if (worse.length === 0) {
    const message = `${shortId(commit)} passes its health checks again`;
    return asEmitted({ type: 'health.passing', severity: 'info', message, commit, deployment: id });
  }
  const message = `${shortId(commit)} fails health checks: ${tellChecks(worse)}`;
  return asEmitted({ type: 'health.failing', severity: 'warning', message, commit, deployment: id });
}

function faultText(context: ReconcilerContext): string {
  const { facts, round } = context;
  const step = probationStep(context);
  const worse = (facts.deployment?.checks ?? []).filter(isWorse);
  if (step.do === 'fail' && step.why === 'lost') {
    return 'another system was activated while the new one was on probation';
  }
  const said = saying(worse, round === null);
  if (step.do === 'fail' && step.why === 'broken') return `health checks failed: ${said}`;
  if (step.do !== 'fail') return `health checks failed, and a newer commit is desired: ${said}`;
  const { deadlineMs, stableForMs } = rulesOf(context);
  const limit = `${deadlineMs / 1000} s after the activation`;
  if (step.why === 'unconfirmed') return `nobody confirmed it by the deadline, ${limit}`;
  if (round?.standing === 'holding') {
    return `the health checks had not held for ${stableForMs / 1000} s by the deadline, ${limit}`;
  }
  return `health checks did not pass by the deadline, ${limit}: ${said}`;
}

function saying(worse: readonly CheckResult[], unseen: boolean): string {
  if (unseen) return 'there was no time left to look';
  return worse.length > 0 ? tellChecks(worse) : 'the system could not be looked at';
}
