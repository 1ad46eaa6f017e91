import type { LoopView } from './loop-view.ts';
import type { RebootReason } from './observed.ts';
import { isStaged } from './standing.ts';

/** What only a reboot brings into effect; a staged system needs one even where nothing else differs (reason `other`). */
export function rebootNeed(view: LoopView): {
  readonly required: boolean;
  readonly reasons: readonly RebootReason[];
} {
  const observed = view.observed?.rebootReasons ?? [];
  const reasons = observed.length === 0 && isStaged(view) ? (['other'] as const) : observed;
  return { required: reasons.length > 0, reasons };
}
