import type { HookOrder, HookResult } from '../domain/hook.ts';
import type { Log } from '../domain/log.ts';
import type { Hooks } from '../host/hooks.ts';

/** What running hooks stands on. */
export interface HookParts {
  readonly hooks: Hooks;
  readonly log: Log;
}

/** Asks the hook before an activation; what it said is in the log, whatever it was. */
export async function askHook(
  { hooks, log }: HookParts,
  order: HookOrder,
  signal: AbortSignal,
): Promise<HookResult> {
  return told(log, order, await hooks.ask(order, signal));
}

/** Runs a hook that is owed. Its own files say that it was begun, so nothing has to be on disk before. */
export async function runHook(
  { hooks, log }: HookParts,
  order: HookOrder,
  signal: AbortSignal,
): Promise<HookResult> {
  return told(log, order, await hooks.run(order, signal));
}

const toldLines = 20;

function told(log: Log, { hook, run }: HookOrder, result: HookResult): HookResult {
  for (const line of result.log.slice(-toldLines)) log.info({ hook, run }, line);
  return result;
}
