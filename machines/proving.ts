import { shortId } from '../src/domain/commit.ts';
import { beginFallBack } from '../src/domain/boot-once.ts';
import { beginTrial, condemnTrial, passTrial } from '../src/domain/boot-trial.ts';
import { hasWayBack } from '../src/domain/after-switch.ts';
import { whyItStays } from '../src/domain/rollback-switch.ts';
import { withTimeToHandOver } from '../src/domain/handover.ts';
import type { Ending } from '../src/domain/deploy.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted, endOf, result } from './tell.ts';
import type { Turn } from './turn.ts';
import { adopt } from './working.ts';

/** The trial of the system that this boot started for the first time begins. */
export function beginProving(context: ReconcilerContext): Turn {
  const { policy, self } = context;
  const facts = withTimeToHandOver(beginTrial(context, context.now()), policy.probation, self);
  const { deployment } = facts;
  if (!deployment) return {};
  const { commit, toplevel, previous, id } = deployment;
  const back = whyItStays(deployment) ?? `the way back is ${previous.toplevel}`;
  const message = `${shortId(commit)} was booted for the first time and is on probation: ${toplevel}; ${back}`;
  const severity = hasWayBack({ facts }) ? 'info' : 'warning';
  return {
    change: { facts, phases: [], ...adopt({ ...context, facts }) },
    emit: [asEmitted({ type: 'deployment.started', severity, message, commit, deployment: id })],
  };
}

/** The boot loader has gone back from a staged system by itself: that is made good as the rollback it was. */
export function beginFallingBack(context: ReconcilerContext): Turn {
  const facts = beginFallBack(context, context.now());
  const { deployment } = facts;
  if (!deployment) return {};
  const { commit, id } = deployment;
  const message = `${shortId(commit)}: ${deployment.message}`;
  return {
    change: { facts, phases: [], ...adopt({ ...context, facts }) },
    emit: [asEmitted({ type: 'deployment.started', severity: 'error', message, commit, deployment: id })],
  };
}

/** The booted system proved itself. */
export function proved(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  const ending: Ending = {
    outcome: 'committed',
    reason: 'Succeeded',
    message: 'its first boot proved itself',
  };
  const facts = passTrial(context, ending, context.now());
  const { commit, toplevel, id } = deployment;
  const message = `${shortId(commit)} is boot-proven: ${toplevel}`;
  return {
    change: { facts, supersessions: 0 },
    emit: [
      ...endOf(context.facts, facts),
      asEmitted({ type: 'boot.proven', severity: 'info', message, commit, deployment: id }),
    ],
  };
}

/** The booted system failed, and nothing can or may go back: the host stays as it is, and a person has to look. */
export function condemnBooted(context: ReconcilerContext): Turn {
  const { deployment } = context.facts;
  if (!deployment) return {};
  const message = `${deployment.message ?? 'its first boot failed'}; ${whyItStays(deployment) ?? 'nothing can go back'}, so the host stays as it is and needs a person`;
  const facts = condemnTrial(
    context,
    { outcome: 'failed', reason: deployment.reason, message },
    context.now(),
  );
  return {
    change: { facts, supersessions: 0 },
    emit: [...endOf(context.facts, facts), { type: 'failed', phase: 'probation' }, result('failure')],
  };
}

/** Why a system that a reboot cut off twice is undone. */
export const cutOffTwice = {
  reason: 'Interrupted',
  message: 'the host went down twice before the system had proved that it boots',
} as const;
