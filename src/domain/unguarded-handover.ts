import type { Self } from './handover.ts';
import type { Loop } from './loop.ts';
import { rollbackSwitch } from './rollback-switch.ts';

/**
 * Why nothing would undo an abide that this target brings and that does not work; null when something would, when none takes
 * over, and where the host does without on purpose. A host on which no abide ran before has none that changes.
 */
export function unguardedHandover({
  inspection,
  evaluation,
  policy,
  target,
  self,
}: Loop & { readonly self: Self }): string | null {
  if (inspection?.abide !== 'changed' || !self.supervised || target?.operation === 'boot') return null;
  if (!policy.rollback.enabled) return null;
  const noRollback = evaluation?.asks?.noRollback ?? null;
  if (noRollback !== null) return `${unguarded}: ${rollbackSwitch(noRollback)}`;
  if (inspection.canGoBack) return null;
  return `${unguarded}: ${inspection.against}, which runs, has no switch-to-configuration`;
}

const unguarded =
  'abide itself changes, and nothing would undo a new abide that does not work, so that nobody could reach this host any more';
