import { isTrial, type Deployment, type DeploymentStep } from './deployment.ts';
import type { Facts } from './facts.ts';

/** Steps in which nothing has changed yet. */
const untouched: ReadonlySet<DeploymentStep> = new Set<DeploymentStep>(['prepare', 'preflight', 'arm']);

/** The step at which the end of host or daemon cuts the deployment off; nothing where it had not begun to change anything. */
export function cutOffAt(deployment: Deployment): DeploymentStep | undefined {
  const { step } = deployment;
  // What a first boot puts on trial runs already.
  return step === null || (!isTrial(deployment) && untouched.has(step)) ? undefined : step;
}

/**
 * True when the same was cut off before: whoever takes the host down twice must not do so for ever. Anything but that since,
 * or a person who asks for it once more, begins the count anew.
 */
export function wasCutOffBefore({ deployments }: Facts, deployment: Deployment): boolean {
  if (deployment.trigger === 'operator') return false;
  for (const past of deployments.filter((each) => isOfSame(each, deployment))) {
    if (past.outcome !== 'interrupted' || isTrial(past) !== isTrial(deployment)) return false;
    if (past.cutOffAt !== undefined) return true;
    if (past.trigger === 'operator') return false;
  }
  return false;
}

function isOfSame(past: Deployment, deployment: Deployment): boolean {
  if (isTrial(deployment)) return past.toplevel === deployment.toplevel;
  return past.commit === deployment.commit && !isTrial(past);
}
