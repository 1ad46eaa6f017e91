import type { Deployment } from '../src/domain/deployment.ts';
import type { Target } from '../src/domain/target.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import type { Planned } from './planned.ts';

/** The target of a state that cannot be without one; a bug when there is none. */
export function targetIn({ target }: ReconcilerContext): Target {
  if (!target) throw new Error('bug: this state needs a target');
  return target;
}

/** The target with its evaluation; a bug when it was not evaluated. */
export function planIn(context: ReconcilerContext): Planned {
  if (!context.evaluation) throw new Error('bug: this state needs an evaluation');
  const { evaluation, observed } = context;
  return { target: targetIn(context), evaluation, running: observed?.current ?? null };
}

/** The running deployment of a state that cannot be without one; a bug when there is none. */
export function deploymentIn({ facts }: ReconcilerContext): Deployment {
  if (!facts.deployment) throw new Error('bug: this state needs a running deployment');
  return facts.deployment;
}
