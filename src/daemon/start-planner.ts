import type { ActorRefFrom } from 'xstate';
import type { reconcilerMachine } from '../../machines/reconciler.ts';
import type { Config } from '../config/schema.ts';
import type { LoopView } from '../domain/loop-view.ts';
import type { Adapters } from './adapters.ts';
import { createPlanner, type Planner } from './planner.ts';
import { policyOf } from './policy-of.ts';

/** The planner beside a loop: it reads what the loop knows and tells it nothing. */
export function startPlanner(
  { config, stopping }: { readonly config: Config; readonly stopping: AbortSignal },
  adapters: Adapters,
  { actor, view }: { readonly actor: ActorRefFrom<typeof reconcilerMachine>; readonly view: () => LoopView },
): Planner {
  const context = () => actor.getSnapshot().context;
  return createPlanner({
    ...adapters,
    source: config.source,
    policy: policyOf(config),
    view,
    facts: () => context().facts,
    heard: () => context().heard,
    working: () => context().target?.commit ?? null,
    stopping,
  });
}
