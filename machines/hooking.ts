import {
  announceHookFailure,
  askAgainMs,
  hookFault,
  orderAfter,
  type HookOrder,
  type HookResult,
  type PendingHook,
} from '../src/domain/hook.ts';
import type { ReconcilerContext } from './reconciler-context.ts';
import { asEmitted } from './tell.ts';
import type { Turn } from './turn.ts';
import { waitFor } from './working.ts';

/** True when nothing asks before an activation, or what asks has let the target pass. */
export function isAdmitted({ admitted, policy }: ReconcilerContext): boolean {
  return admitted || !policy.hooks.includes('preActivate');
}

/** The target may be activated as far as hooks.preActivate goes. */
export function admit(): Partial<ReconcilerContext> {
  return { admitted: true, waiting: null };
}

/** hooks.preActivate said no, or could not be asked: never a failure, because nothing was changed. */
export function waitForHook(context: ReconcilerContext, fault: string): Turn {
  return waitFor(context, 'hook', `hooks.preActivate does not let it pass: ${fault}`, askAgainMs);
}

/** The first hook that is owed; null when none is. */
export function owed({ facts }: ReconcilerContext): PendingHook | null {
  return facts.pendingHooks[0] ?? null;
}

/** True when the first hook that is owed is configured: it may no longer be. */
export function isOwed(context: ReconcilerContext): boolean {
  const first = owed(context);
  return first !== null && context.policy.hooks.includes(first.hook);
}

/** The run of the first hook that is owed; a bug when there is none. */
export function owedOrder(context: ReconcilerContext): HookOrder {
  const first = owed(context);
  if (!first) throw new Error('bug: this state needs a hook');
  return orderAfter(first);
}

/** The first hook that is owed is settled, and told when it did not end well. */
export function settleHook(context: ReconcilerContext, fault: string | null): Turn {
  const first = owed(context);
  if (!first) return {};
  const { facts } = context;
  return {
    change: { facts: { ...facts, pendingHooks: facts.pendingHooks.slice(1) } },
    emit: fault === null ? [] : [asEmitted(announceHookFailure(first, fault))],
  };
}

/** As `hookFault`, for a guard. */
export function isFine(result: HookResult): boolean {
  return hookFault(result) === null;
}
