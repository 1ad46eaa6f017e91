import type { SwitchResult } from '../domain/deployment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import { Problem } from '../domain/problem.ts';
import type { Activator } from './activate.ts';
import { busyExit } from './run-when-free.ts';

/** A deployment's toplevel, asked before anything changes. */
export interface CheckOrder {
  readonly deployment: string;
  readonly toplevel: string;
  readonly onProgress: OnProgress;
}

/**
 * Runs the new system's own pre-switch checks, which change nothing. One that hangs is ended. Throws Problem
 * `no_switch_program`, `activation_busy` when somebody else is switching, and `check_failed` with the log.
 */
export type CheckSwitch = (order: CheckOrder) => Promise<void>;

/** What the check stands on. */
export interface CheckSwitchDeps {
  readonly activator: Pick<Activator, 'run' | 'end'>;
  /** Longest run in milliseconds. */
  readonly timeoutMs: number;
}

/** Makes the check of one host. */
export function createCheckSwitch({ activator, timeoutMs }: CheckSwitchDeps): CheckSwitch {
  return async ({ deployment, toplevel, onProgress }) => {
    const order = { deployment, toplevel, action: 'check', label: 'check' } as const;
    const result = await activator.run({ ...order, noCheck: false, timeoutMs, onProgress });
    if (result.timedOut) await activator.end(deployment, 'rollback');
    if (result.exitCode === busyExit) {
      throw new Problem('activation_busy', "somebody else holds switch-to-configuration's lock");
    }
    if (result.exitCode !== 0 && !isUnknownVerb(result)) throw failed(result, timeoutMs);
  };
}

/** Systems from before the verb existed print how they are used, and nothing else. */
function isUnknownVerb({ exitCode, log }: SwitchResult): boolean {
  const [usage = '', ...verbs] = log;
  return (
    exitCode === 1 &&
    /^usage:/i.test(usage) &&
    !/\bcheck\b/.test(usage.replace(/^.*?\[/, '')) &&
    verbs.every((line) => /^(switch|boot|test|dry-activate):/.test(line))
  );
}

function failed({ exitCode, signal, timedOut, log }: SwitchResult, timeoutMs: number): Problem {
  const said = log.findLast((line) => line !== '');
  const ending = timedOut
    ? `did not end within ${timeoutMs / 1000} s and was ended`
    : `ended with ${exitCode === null ? signal : `exit code ${exitCode}`}`;
  const message = `the new system's own pre-switch checks ${ending}`;
  return new Problem('check_failed', said === undefined ? message : `${message}: ${said}`, { log });
}
