import { isStaged } from '../domain/staged.ts';
import { isTrial, type Deployment } from '../domain/deployment.ts';
import { Problem, toProblem } from '../domain/problem.ts';
import type { DeadMan } from '../host/dead-man.ts';
import type { HostObserver } from '../host/observe.ts';

interface HostParts {
  readonly observer: HostObserver;
  readonly deadMan: Pick<DeadMan, 'clear'>;
}

/**
 * Before anything is begun: an older dead-man that is going back is waited for, and what is to be looked at in its place has
 * to run still. Throws Problem `activation_busy`. A first boot's trial does not wait at a gate; arming it says the same.
 */
export async function mustBeAlone({ observer, deadMan }: HostParts, deployment: Deployment): Promise<void> {
  if (isTrial(deployment)) return;
  try {
    await deadMan.clear(deployment.id);
  } catch (error) {
    const problem = toProblem(error);
    if (problem.code !== 'way_back_taken') throw error;
    throw new Problem('activation_busy', 'the dead-man of an earlier deployment is going back', {
      cause: error,
    });
  }
  if (!deployment.inPlace) return;
  const { current } = await observer.observe();
  if (current === deployment.toplevel) return;
  throw new Problem('activation_busy', `${current ?? 'no system'} was activated meanwhile`);
}

/** Nothing becomes the boot default by a commit of what does not run any more. Throws Problem `activation_failed`. */
export async function mustRun(
  { observer }: Pick<HostParts, 'observer'>,
  deployment: Deployment,
): Promise<void> {
  if (isStaged(deployment)) return;
  const { current } = await observer.observe();
  if (current === deployment.toplevel) return;
  throw new Problem(
    'activation_failed',
    `${current ?? 'no system'} runs, and not ${deployment.toplevel}: somebody activated it before the commit was done, and profile and boot default stay as they are`,
    { retry: 'never' },
  );
}
