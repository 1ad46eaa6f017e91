import { isTrial, type Deployment } from './deployment.ts';

/** True when only the next boot starts it; read from the deployment alone, so that a restart in between changes nothing. */
export function isStaged(deployment: Deployment): boolean {
  const { operation, exitCode, staged, inPlace } = deployment;
  if (isTrial(deployment) || inPlace) return false;
  return operation === 'boot' || staged !== null || exitCode === stagedExit;
}

/** Why only the next boot starts it, to be put behind that sentence; empty where that is simply its operation. */
export function because({ staged, exitCode }: Deployment): string {
  const init = exitCode === stagedExit ? 'the interface of init changes (exit code 100)' : null;
  const why = staged ?? init;
  return why === null ? '' : `: ${why}`;
}

/** switch-to-configuration: the init interface changed, so only a reboot brings the new system. */
const stagedExit = 100;
