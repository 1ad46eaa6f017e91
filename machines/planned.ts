import type { Evaluation } from '../src/domain/evaluation.ts';
import type { Target } from '../src/domain/target.ts';

/** A target with what its evaluation gave. */
export interface Planned {
  readonly target: Target;
  readonly evaluation: Evaluation;
  /** The system that runs now, with which the built one is compared. */
  readonly running: string | null;
}
