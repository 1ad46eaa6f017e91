import type { Inspection } from '../domain/inspection.ts';
import { fateOf, type OwnUnit } from '../domain/own-unit.ts';
import type { CandidateHealth } from './candidate-health.ts';

/** What looking into a built system stands on. */
export interface InspectParts {
  readonly readOwnUnit: (toplevel: string) => Promise<OwnUnit>;
  readonly candidateHealth: CandidateHealth;
}

/** Finds out what a built system means before anything of it runs; changes nothing. */
export async function inspect(
  { readOwnUnit, candidateHealth }: InspectParts,
  { running, toplevel }: { readonly running: string | null; readonly toplevel: string },
  signal: AbortSignal,
): Promise<Inspection> {
  signal.throwIfAborted();
  const before: OwnUnit =
    running === null ? { is: 'absent', why: 'does not run' } : await readOwnUnit(running);
  const after = await readOwnUnit(toplevel);
  const { rules } = await candidateHealth(toplevel);
  return { against: running, abide: fateOf(before, after, false), removal: null, probation: rules };
}
