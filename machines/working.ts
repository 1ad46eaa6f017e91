import { announceFailure } from '../src/domain/announce.ts';
import { noAncestry } from '../src/domain/ancestry.ts';
import { shortId } from '../src/domain/commit.ts';
import type { Decision } from '../src/domain/decide.ts';
import { endDeployment, recordWithoutChange } from '../src/domain/deploy.ts';
import type { Evaluation } from '../src/domain/evaluation.ts';
import { fail as failFacts } from '../src/domain/fail.ts';
import { closedGate } from '../src/domain/gate.ts';
import { evaluationBack } from '../src/domain/go-back.ts';
import type { Waiting } from '../src/domain/loop.ts';
import type { Problem } from '../src/domain/problem.ts';
import { rememberEvaluation } from '../src/domain/remember-commit.ts';
import { selectFor } from '../src/domain/select-for.ts';
import { targetOf } from '../src/domain/target.ts';
import type { ReconcilerContext, ReconcilerInput } from './reconciler-context.ts';
import { tellStall } from './stalling.ts';
import { asEmitted, endOf, result } from './tell.ts';
import type { Turn } from './turn.ts';

/** Phases in which the desired commit can fail. */
export type FailingPhase = 'evaluate' | 'build' | 'activate' | 'commit';

/** The context of a reconciler that begins. */
export function begun(input: ReconcilerInput): ReconcilerContext {
  return {
    ...input,
    offers: {},
    ancestry: noAncestry,
    assessed: null,
    assessing: null,
    observed: null,
    health: {},
    request: null,
    handled: null,
    ...atRest,
    asked: null,
    supersessions: 0,
    phaseSince: 0,
    rollbackFailures: 0,
  };
}

const atRest = {
  target: null,
  evaluation: null,
  built: false,
  inspection: null,
  waiting: null,
  admitted: false,
  phases: [],
  switched: null,
  fault: null,
  round: null,
  went: null,
} as const;

/** Nothing is worked on. */
export function rest(): Partial<ReconcilerContext> {
  return atRest;
}

/** Takes up what was decided. It uses up a person's request to try again, and standing still is an end for supersessions. */
export function aim(context: ReconcilerContext, decision: Decision): Turn {
  if (!('target' in decision)) return {};
  const { target } = decision;
  const supersessions = decision.do === 'work' ? context.supersessions : 0;
  const change = { target, asked: null, supersessions };
  return decision.do === 'stall' ? { change, emit: tellStall(context, target.commit) } : { change };
}

/** What a person asked to go back to was evaluated and built long ago; it is still to be looked into. */
export function planBack({ facts }: ReconcilerContext): Partial<ReconcilerContext> {
  return facts.goingBack ? { evaluation: evaluationBack(facts.goingBack) } : {};
}

/** Goes on with a deployment that an earlier daemon began. */
export function adopt({ facts }: ReconcilerContext): Partial<ReconcilerContext> {
  const { deployment } = facts;
  if (!deployment) return {};
  const evaluation: Evaluation = {
    commit: deployment.commit,
    derivation: '',
    toplevel: deployment.toplevel,
    hostName: null,
    machineId: null,
    configurationRevision: null,
  };
  return { target: targetOf(deployment), evaluation, built: true };
}

/** Notes how long a phase took, in the running deployment if there is one. */
export function endPhase(context: ReconcilerContext, phase: string): Turn {
  const { facts, phaseSince, phases, now } = context;
  const durationSeconds = Math.max(0, now() - phaseSince) / 1000;
  const timing = { phase, startedAt: new Date(phaseSince).toISOString(), durationSeconds };
  const { deployment } = facts;
  const noted = deployment
    ? { facts: { ...facts, deployment: { ...deployment, phases: [...deployment.phases, timing] } } }
    : { phases: [...phases, timing] };
  const commit = context.target?.commit ?? null;
  return { change: noted, emit: [{ type: 'phase', phase, seconds: durationSeconds, commit }] };
}

/** Gives the target up for another commit, or because the loop was suspended. */
export function supersede(context: ReconcilerContext): Turn {
  const { target, facts, supersessions } = context;
  if (!target || facts.suspended || facts.hold) return {};
  const by = selectFor(context).desired;
  const message = `${shortId(target.commit)} is no longer wanted; ${by ? shortId(by.commit) : 'nothing'} is`;
  return {
    change: { supersessions: supersessions + 1 },
    emit: [
      asEmitted({ type: 'superseded', severity: 'info', message, commit: target.commit }),
      result('superseded'),
    ],
  };
}

/** Remembers what the target gives. */
export function keepEvaluation(
  { facts }: ReconcilerContext,
  evaluation: Evaluation,
): Partial<ReconcilerContext> {
  return { evaluation, facts: rememberEvaluation(facts, evaluation) };
}

/** The host runs the target's toplevel already: recorded, without a deployment. */
export function recordNoChange(context: ReconcilerContext): Turn {
  const { target } = context;
  const message = `${target ? shortId(target.commit) : 'the desired commit'} needs no change on this host`;
  return {
    change: { facts: recordWithoutChange(context, context.now()), supersessions: 0 },
    emit: [
      asEmitted({ type: 'reconciled', severity: 'info', message, commit: target?.commit ?? null }),
      result('noop'),
    ],
  };
}

/** A cache has not the closure yet: looked at again when the driver says. */
export function waitForCache(context: ReconcilerContext, problem: Problem): Turn {
  const afterMs = typeof problem.retry === 'object' ? problem.retry.afterMs : 60_000;
  return waitFor(context, 'cache', problem.message, afterMs);
}

/** Somebody else is switching this host. */
export function waitForLock(context: ReconcilerContext): Turn {
  const reason = 'another switch-to-configuration holds the lock of this host';
  return waitFor(withoutDeployment(context), 'lock', reason, 15_000);
}

/** The system says that only a reboot can bring it, and a test cannot be staged. */
export function waitForReboot(context: ReconcilerContext, why: string): Turn {
  const reason = `${why}; only a reboot may bring that, and operation test belongs to one boot`;
  return waitFor(withoutDeployment(context), 'reboot', reason, null);
}

/** Asks the gates; since when a cache or a hook is waited for is kept until it has an answer. */
export function gate(context: ReconcilerContext): Turn {
  const waiting = closedGate(context, context.now());
  const forCache = context.waiting?.gate === 'cache' && !context.built;
  const forHook = context.waiting?.gate === 'hook' && !context.admitted;
  if (!waiting) return { change: { waiting: forCache || forHook ? context.waiting : null } };
  return shutBy(context, waiting);
}

/** The target failed before anything changed on the host. */
export function fail(context: ReconcilerContext, phase: FailingPhase, problem: Problem): Turn {
  const { target, policy, now, random } = context;
  if (!target || problem.code === 'aborted') return {};
  const ended = endDeployment(
    context.facts,
    { outcome: 'failed', reason: reasonOf(phase), message: problem.message, log: problem.log },
    policy.keepDeployments,
    now(),
  );
  const facts = failFacts(ended, {
    commit: target.commit,
    phase,
    problem,
    policy,
    now: now(),
    random,
  });
  return {
    change: { facts, supersessions: 0 },
    emit: [
      ...endOf(context.facts, facts),
      ...(facts.failure ? [asEmitted(announceFailure(facts.failure))] : []),
      { type: 'failed', phase },
      result('failure'),
    ],
  };
}

function withoutDeployment(context: ReconcilerContext): ReconcilerContext {
  return { ...context, facts: { ...context.facts, deployment: null } };
}

/** The target stands at a gate that an effect shut, and is looked at again after so long; null: when something else moves. */
export function waitFor(
  context: ReconcilerContext,
  name: string,
  reason: string,
  afterMs: number | null,
): Turn {
  const now = context.now();
  const since = context.waiting?.gate === name ? context.waiting.since : now;
  const { change, emit = [] } = shutBy(context, {
    gate: name,
    reason,
    since,
    nextCheck: afterMs === null ? null : now + afterMs,
    beside: context.observed?.current ?? null,
  });
  return { change: { ...change, facts: context.facts }, emit };
}

/** A gate that was open is told and is an end for supersessions; one that was shut already is neither. */
function shutBy(context: ReconcilerContext, waiting: Waiting): Turn {
  const change = { waiting, admitted: false };
  if (context.waiting?.gate === waiting.gate) return { change };
  const commit = context.target?.commit ?? null;
  const message = `waiting at gate ${waiting.gate}: ${waiting.reason}`;
  return {
    change: { ...change, supersessions: 0 },
    emit: [asEmitted({ type: 'waiting', severity: 'info', message, commit }), result('blocked')],
  };
}

function reasonOf(phase: FailingPhase): string {
  return {
    evaluate: 'EvaluationFailed',
    build: 'BuildFailed',
    activate: 'ActivationFailed',
    commit: 'ActivationFailed',
  }[phase];
}
