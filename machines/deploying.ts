import { announceStart } from '../src/domain/announce.ts';
import { afterUndoneTrial, leaveTrialUncommitted } from '../src/domain/boot-trial.ts';
import { wayBackText } from '../src/domain/boot-once.ts';
import { profileChosen } from '../src/domain/choice.ts';
import type { CheckSeen } from '../src/domain/check.ts';
import { shortId } from '../src/domain/commit.ts';
import {
  beginDeployment,
  commitDeployment,
  endDeployment,
  leaveUncommitted as uncommittedFacts,
  type Ending,
} from '../src/domain/deploy.ts';
import { quarantineDeployment } from '../src/domain/quarantine.ts';
import { cutOffAt, wasCutOffBefore } from '../src/domain/cut-off.ts';
import { isTrial, type Deployment, type SwitchResult } from '../src/domain/deployment.ts';
import { withTimeToHandOver } from '../src/domain/handover.ts';
import { whyItStays } from '../src/domain/rollback-switch.ts';
import { fail as failFacts } from '../src/domain/fail.ts';
import { byHandText } from '../src/domain/go-back.ts';
import { lastResortText } from '../src/domain/last-resort.ts';
import { rebootBound, type Comparison } from '../src/domain/preflight.ts';
import type { Problem } from '../src/domain/problem.ts';
import { because, isStaged } from '../src/domain/staged.ts';
import { unwellText, withUnwell, worseAfterRollback } from '../src/domain/unwell.ts';
import { beforeIn } from './probing.ts';
import { condemnBooted, proved } from './proving.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted, endOf, result } from './tell.ts';
import type { Turn } from './turn.ts';

/** The target's deployment begins. */
export function begin(context: ReconcilerContext): Turn {
  const { policy, self } = context;
  const begun = beginDeployment(context, context.phases, context.now());
  if (!begun.deployment) return {};
  const facts = withTimeToHandOver(begun, policy.probation, self);
  return { change: { facts, phases: [] }, emit: [asEmitted(announceStart(begun.deployment))] };
}

/** True for a test that only a reboot may bring: it belongs to one boot, so that nothing can be staged for the next. */
export function waitsForReboot({ facts, policy }: ReconcilerContext, comparison: Comparison): boolean {
  return facts.deployment?.operation === 'test' && rebootBound(comparison, policy.stageWhen) !== null;
}

/** A switch that only a reboot may bring is staged: profile and boot default move, and nothing is activated. */
export function stage(
  { facts, policy }: ReconcilerContext,
  comparison: Comparison,
): Partial<ReconcilerContext> {
  const { deployment } = facts;
  const staged = rebootBound(comparison, policy.stageWhen);
  if (deployment?.operation !== 'switch' || staged === null) return {};
  return { facts: { ...facts, deployment: { ...deployment, staged } } };
}

/** Why nothing can go back from the running deployment; null: the dead-man is armed, or nothing is to be. */
export function keepArmed(
  { facts }: ReconcilerContext,
  noWayBack: string | null,
): Partial<ReconcilerContext> {
  const { deployment } = facts;
  return deployment ? { facts: { ...facts, deployment: { ...deployment, noWayBack } } } : {};
}

/** What switch-to-configuration said. */
export function keepResult({ facts }: ReconcilerContext, switched: SwitchResult): Partial<ReconcilerContext> {
  const { deployment } = facts;
  if (!deployment) return { switched, fault: null };
  return {
    switched,
    fault: null,
    facts: { ...facts, deployment: { ...deployment, exitCode: switched.exitCode, log: switched.log } },
  };
}

/** Once more after exit 4: one retry mends many. */
export function tryAgain({ facts }: ReconcilerContext): Partial<ReconcilerContext> {
  const { deployment } = facts;
  return deployment ? { facts: { ...facts, deployment: { ...deployment, retried: true } } } : {};
}

/** The running deployment is the host's system from here on. */
export function commit(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  if (isTrial(deployment)) return proved(context);
  const ending: Ending = isStaged(deployment)
    ? {
        outcome: 'staged',
        reason: 'RebootPending',
        message: `the next boot starts it${because(deployment)}; ${deployment.message ?? wayBackText(context.facts, deployment.toplevel)}`,
      }
    : { outcome: 'committed', reason: 'Succeeded', message: wentBackText(context) };
  const facts = commitDeployment(context, ending, context.now());
  return {
    change: { facts, supersessions: 0 },
    emit: [
      ...endOf(context.facts, facts),
      ...(deployment.goesBackFrom === null ? [] : [{ type: 'wentBack' as const, deployment }]),
      result('success'),
    ],
  };
}

function wentBackText({ facts: { deployment, goingBack } }: ReconcilerContext): string | null {
  if (!deployment?.goesBackFrom || !goingBack) return null;
  return `${shortId(deployment.goesBackFrom)} was ${byHandText(goingBack)}`;
}

/** The way back of a healthy system could not be called off, which is tried again and again: said once for each reason. */
export function tellUnpassed({ facts }: ReconcilerContext, problem: Problem): Turn {
  const { deployment } = facts;
  const message = `it proved itself, and is not committed before its way back is called off: ${problem.message}`;
  if (!deployment || isStaged(deployment) || deployment.message === message) return {};
  const { id, commit } = deployment;
  const text = `${shortId(commit)}: ${message}`;
  return {
    change: { facts: { ...facts, deployment: { ...deployment, message } } },
    emit: [asEmitted({ type: 'stalled', severity: 'warning', message: text, commit, deployment: id })],
  };
}

/** The healthy system keeps running although profile or boot loader could not be set; just that is tried again. */
export function leaveUncommitted(context: ReconcilerContext): Turn {
  const { target, fault: problem, policy, now, random } = context;
  if (!target || !problem) return {};
  const leave = isTrial(target) ? leaveTrialUncommitted : uncommittedFacts;
  const uncommitted = leave(context, problem, now());
  const isTheirs = problem.code === 'profile_moved';
  const left = isTheirs
    ? profileChosen(uncommitted, target.commit, new Date(now()).toISOString())
    : uncommitted;
  const facts = failFacts(left, {
    commit: target.commit,
    phase: 'commit',
    problem,
    policy,
    now: now(),
    random,
  });
  return {
    change: { facts, supersessions: 0 },
    emit: [...endOf(context.facts, facts), { type: 'failed', phase: 'commit' }, result('failure')],
  };
}

/** Why the running deployment is to be undone. */
export function blame(
  { facts }: ReconcilerContext,
  why: { readonly reason: string; readonly message: string },
): Partial<ReconcilerContext> {
  const { deployment } = facts;
  if (!deployment || deployment.reason !== null) return {};
  return { facts: { ...facts, deployment: { ...deployment, ...why } } };
}

/** The previous system runs again, as well as it was before or not; the commit is quarantined. */
export function recordRollback(context: ReconcilerContext, after: readonly CheckSeen[]): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  const { byItself, note } = context.went ?? { byItself: false, note: null };
  const { reason } = deployment;
  const { observed, now } = context;
  const before = beforeIn(context);
  const worse = worseAfterRollback({ deployment, before, after, observed });
  const isWell = worse.length === 0;
  const said = [deployment.message, note, lastResortText(context.facts, deployment)];
  const message =
    [...said, isWell ? null : unwellText(worse)].filter((part) => part !== null).join('; ') || null;
  const ending: Ending = { outcome: isWell ? 'rolled_back' : 'rollback_failed', reason, message };
  const undone = withUnwell(quarantineDeployment(context, ending, now()), isWell ? null : before, now());
  const facts = isTrial(deployment) ? afterUndoneTrial(undone, deployment, now()) : undone;
  return {
    change: { facts, supersessions: 0, rollbackFailures: 0 },
    emit: [
      ...endOf(context.facts, facts),
      { type: 'rolledBack', deployment, byItself },
      { type: 'failed', phase: 'activate' },
      result('rolled_back'),
    ],
  };
}

/** There is nothing to go back to: the commit is quarantined and the host stays as the switch left it. */
export function condemn(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  if (isTrial(deployment)) return condemnBooted(context);
  const message = `${deployment.message ?? 'the activation failed'}; ${staysText(deployment)}`;
  const facts = quarantineDeployment(
    context,
    { outcome: 'failed', reason: deployment.reason, message },
    context.now(),
  );
  return {
    change: { facts, supersessions: 0 },
    emit: [...endOf(context.facts, facts), { type: 'failed', phase: 'activate' }, result('failure')],
  };
}

function staysText(deployment: Deployment): string {
  const { noRollback, previous } = deployment;
  const stays = `${whyItStays(deployment) ?? 'nothing can go back'}, so the host stays as it is`;
  if (noRollback === null) return stays;
  const boots =
    previous.bootDefault === null ? '' : `, and ${previous.bootDefault} still is the boot default`;
  return `${stays}${boots}; abide rollback goes back by hand`;
}

/** The rollback itself failed: the loudest there is, and tried again until it is done. */
export function rollbackFailed(context: ReconcilerContext, problem: Problem): Turn {
  const { facts, rollbackFailures } = context;
  const { deployment } = facts;
  const message = `the rollback of ${deployment ? shortId(deployment.commit) : 'a deployment'} failed and is tried again: ${problem.message}`;
  return {
    change: { rollbackFailures: rollbackFailures + 1 },
    emit: [
      asEmitted({ type: 'stalled', severity: 'error', message, deployment: deployment?.id ?? null }),
      { type: 'failed', phase: 'rollback' },
    ],
  };
}

/** A deployment that a crash or a reboot ended before it was decided: tried once more, quarantined at the second time. */
export function interrupt(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  const at = cutOffAt(deployment);
  const again = at !== undefined && wasCutOffBefore(context.facts, deployment);
  const ending: Ending = {
    outcome: 'interrupted',
    reason: 'Interrupted',
    message: at ? 'the host went down in the middle of it' : 'the daemon ended before anything was changed',
  };
  const now = context.now();
  const cutOff = { ...context.facts, deployment: { ...deployment, cutOffAt: at } };
  const facts = again
    ? quarantineDeployment({ ...context, facts: cutOff }, ending, now)
    : endDeployment(cutOff, ending, context.policy.keepDeployments, now);
  return { change: { facts }, emit: endOf(context.facts, facts) };
}
