import type { SwitchResult } from '../domain/deployment.ts';
import type { Observed } from '../domain/observed.ts';
import { Problem } from '../domain/problem.ts';
import type { Activator } from './activate.ts';
import { runWhenFree, type Patience } from './run-when-free.ts';

/**
 * Goes back to a deployment's previous toplevel by that one's own switch-to-configuration, and returns when it runs. Ends
 * the deployment's own switch first. Throws Problem `rollback_failed`; calling it again tries again.
 */
export type RollBack = (way: { readonly deployment: string; readonly previous: string }) => Promise<void>;

/** What a rollback stands on. */
export interface RollBackDeps extends Patience {
  readonly activator: Activator;
  readonly observer: { readonly observe: () => Promise<Pick<Observed, 'current'>> };
  /** Longest run of one try in milliseconds, default half an hour. */
  readonly timeoutMs?: number;
}

const label = 'rollback';

/** Makes the rollback of one host. */
export function createRollBack(deps: RollBackDeps): RollBack {
  const { activator, observer, timeoutMs = 30 * 60_000 } = deps;
  return async ({ deployment, previous }) => {
    await activator.end(deployment, label);
    const order = {
      deployment,
      toplevel: previous,
      action: 'test',
      label,
      noCheck: true,
      timeoutMs,
    } as const;
    const result = await runWhenFree(activator, order, deps);
    const { current } = await observer.observe();
    if (current !== previous || !wentThrough(result)) throw failed(result, previous, current);
  };
}

/** These come at the end of an activation; every other ending leaves it open how far it got. */
function wentThrough({ exitCode }: SwitchResult): boolean {
  return exitCode !== null && [0, 2, 3, 4].includes(exitCode);
}

function failed(result: SwitchResult, previous: string, current: string | null): Problem {
  const ending = result.timedOut
    ? 'its switch-to-configuration is still running at the time limit'
    : `its switch-to-configuration ended with ${endingOf(result)}`;
  const runs = current === null ? 'no system can be seen running' : `${current} runs`;
  return new Problem('rollback_failed', `could not go back to ${previous}: ${ending}, and ${runs}`, {
    log: result.log,
  });
}

function endingOf({ exitCode, signal }: SwitchResult): string {
  if (exitCode === null) return signal === 'lost' ? 'nobody to see it' : `signal ${signal}`;
  return `exit code ${exitCode}`;
}
