import type { Deployment, Trigger } from './deployment.ts';
import type { Desired } from './desired.ts';

/** The desired commit that the pipeline took up, and why it did. */
export interface Target extends Desired {
  readonly trigger: Trigger;
  /** The operator as the client claimed it. */
  readonly by: string | null;
}

/** The target of a deployment that an earlier daemon began. */
export function targetOf(deployment: Deployment): Target {
  const { commit, remote, branch: role, operation, trigger, by } = deployment;
  return { commit, remote, role, branch: role, operation, trigger, by };
}
