import { shortId } from './commit.ts';
import type { Deployment, SwitchResult } from './deployment.ts';
import type { NewEvent } from './event.ts';
import type { Loop } from './loop.ts';

/** Where a deployment runs a command of the user's own. */
export const hookKinds = ['preActivate', 'postCommit', 'postRollback'] as const;
export type HookKind = (typeof hookKinds)[number];

/** A hook's run as it is asked for. */
export interface HookOrder {
  readonly hook: HookKind;
  /** Names its files and its unit; the same name is the same run, also for another daemon. */
  readonly run: string;
  /** What it is told; missing things are empty texts. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a hook ended. */
export type HookResult = SwitchResult;

/** A hook that an ended deployment is still owed; journalled together with that end, so that no crash loses it. */
export interface PendingHook {
  readonly hook: Exclude<HookKind, 'preActivate'>;
  readonly deployment: string;
  readonly commit: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A hook that said no before an activation is asked again after this long, in milliseconds. */
export const askAgainMs = 60_000;

/** More than so many are owed only where a hook hangs while commits come in fast; then the oldest are given up. */
export const mostPending = 50;

/** The hook that a deployment's end calls for; null where none does. */
export function hookAfter(ended: Deployment): PendingHook | null {
  const { id, commit, outcome } = ended;
  const hook = outcome === null ? null : (hookOf[outcome] ?? null);
  return hook && { hook, deployment: id, commit, environment: environmentAfter(ended) };
}

const hookOf: Partial<Record<NonNullable<Deployment['outcome']>, PendingHook['hook']>> = {
  committed: 'postCommit',
  staged: 'postCommit',
  rolled_back: 'postRollback',
  rollback_failed: 'postRollback',
};

/** The run of an owed hook. */
export function orderAfter({ hook, deployment, environment }: PendingHook): HookOrder {
  return { hook, run: deployment, environment };
}

/** The question before an activation of the loop's target. */
export function orderBefore({ target, evaluation, observed, facts }: Loop): HookOrder {
  const commit = target?.commit ?? '';
  return {
    hook: 'preActivate',
    run: `before-${shortId(commit)}`,
    environment: variables({
      HOOK: 'preActivate',
      COMMIT: commit,
      PREVIOUS_COMMIT: facts.expected?.commit,
      TOPLEVEL: evaluation?.toplevel,
      PREVIOUS_TOPLEVEL: observed?.current,
      BRANCH: target?.role,
      OPERATION: target?.operation,
    }),
  };
}

/** What is wrong with a hook's end, in a few words; null when it ended well. */
export function hookFault({ exitCode, signal, timedOut, log }: HookResult): string | null {
  if (exitCode === 0 && !timedOut) return null;
  const said = log.findLast((line) => line !== '');
  const ending = endingOf({ exitCode, signal, timedOut });
  return said === undefined ? ending : `${ending}: ${said}`;
}

function endingOf({ exitCode, signal, timedOut }: Omit<HookResult, 'log'>): string {
  if (timedOut) return 'it did not end within hooks.timeout';
  if (signal === 'lost') return 'it was cut off, and nobody saw how';
  return exitCode === null ? `it was ended by ${signal}` : `exit code ${exitCode}`;
}

/** A hook that failed; what it was run for stands as it is. */
export function announceHookFailure({ hook, deployment, commit }: PendingHook, fault: string): NewEvent {
  const message = `hooks.${hook} failed for ${shortId(commit)}: ${fault}`;
  return { type: 'hook.failed', severity: 'warning', message, commit, deployment };
}

function environmentAfter(ended: Deployment): Readonly<Record<string, string>> {
  const { id, commit, toplevel, previous, branch, operation, outcome, reason, message } = ended;
  return variables({
    HOOK: outcome === null ? null : hookOf[outcome],
    COMMIT: commit,
    PREVIOUS_COMMIT: previous.commit,
    TOPLEVEL: toplevel,
    PREVIOUS_TOPLEVEL: previous.toplevel,
    BRANCH: branch,
    OPERATION: operation,
    DEPLOYMENT: id,
    OUTCOME: outcome,
    REASON: reason,
    MESSAGE: message,
  });
}

const names = [
  'HOOK',
  'COMMIT',
  'PREVIOUS_COMMIT',
  'TOPLEVEL',
  'PREVIOUS_TOPLEVEL',
  'BRANCH',
  'OPERATION',
  'DEPLOYMENT',
  'OUTCOME',
  'REASON',
  'MESSAGE',
] as const;

/** Every name is always there, so that a script under `set -u` needs no defaults. */
function variables(
  known: Readonly<Partial<Record<(typeof names)[number], string | null | undefined>>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [`ABIDE_${name}`, known[name] ?? '']));
}
