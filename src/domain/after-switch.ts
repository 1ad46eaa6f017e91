import type { Loop } from './loop.ts';
import type { Observed } from './observed.ts';
import { Problem } from './problem.ts';
import type { SwitchResult } from './deployment.ts';
import { judgeSwitch, type SwitchVerdict } from './switch-verdict.ts';

/** A loop whose deployment's switch has ended. */
export interface Switched extends Loop {
  readonly switched: SwitchResult | null;
  /** Why it could not be begun or seen to its end; null where `switched` says how it ended. */
  readonly fault: Problem | null;
}

interface HasDeployment {
  readonly facts: Pick<Loop['facts'], 'deployment'>;
}

/** The verdict on the running deployment's switch, from what it said and from the links as they are. */
export function afterSwitch(
  { facts: { deployment }, switched, fault }: Switched,
  observed: Observed,
): SwitchVerdict {
  const result = switched ?? { exitCode: null, signal: 'lost', timedOut: false, log: [] };
  return judgeSwitch({
    result,
    toplevel: deployment?.toplevel ?? '',
    before: deployment?.previous.toplevel ?? null,
    after: observed.current,
    retried: deployment?.retried ?? true,
    fault: fault?.message ?? null,
  });
}

/** The failed switch as a problem of its commit, with its log. */
export function switchProblem(loop: Switched, observed: Observed): Problem {
  if (loop.fault) return loop.fault;
  const { reason } = afterSwitch(loop, observed);
  return new Problem('activation_failed', reason, { log: loop.switched?.log ?? [] });
}

/** Why the running deployment is undone, for its record. */
export function faultOf(
  loop: Switched,
  observed: Observed,
): { readonly reason: string; readonly message: string } {
  return { reason: 'ActivationFailed', message: afterSwitch(loop, observed).reason };
}

/** True when a rollback may be begun without a person and has somewhere to go: another system ran before. */
export function hasWayBack({ facts: { deployment } }: HasDeployment): boolean {
  const previous = deployment?.previous.toplevel ?? null;
  if (deployment?.noRollback !== null || deployment.noWayBack !== null) return false;
  return previous !== null && previous !== deployment.toplevel;
}
