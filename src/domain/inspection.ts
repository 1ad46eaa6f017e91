import type { Loop } from './loop.ts';
import type { OwnFate } from './own-unit.ts';
import type { ProbationRules } from './probation.ts';

/** What was found in a built system before anything of it runs. */
export interface Inspection {
  /** The running system that it was compared with; null where none ran. */
  readonly against: string | null;
  /** What becomes of abide's own service by it. */
  readonly abide: OwnFate;
  /** Why it would leave this host without an abide that works; null when it does not. */
  readonly removal: string | null;
  /** False where what runs has no switch-to-configuration, so that nothing can go back to it. */
  readonly canGoBack: boolean;
  /** How long it is to be watched by its own configuration; null: as the running one says. */
  readonly probation: ProbationRules | null;
}

/** True when the target is in the store and was looked into with the system in mind that runs now. */
export function isInspected({ built, inspection, observed }: Loop): boolean {
  return built && inspection !== null && inspection.against === (observed?.current ?? null);
}
