import type { Inspection } from '../domain/inspection.ts';
import { fateOf, removalText, type OwnUnit } from '../domain/own-unit.ts';
import { isSwitchable } from '../host/activate.ts';
import { findOwnFault, type OwnCheckDeps } from '../host/check-own-config.ts';
import type { CandidateHealth } from './candidate-health.ts';

/** What looking into a built system stands on. */
export interface InspectParts {
  readonly readOwnUnit: (toplevel: string) => Promise<OwnUnit>;
  readonly ownCheck: OwnCheckDeps;
  readonly candidateHealth: CandidateHealth;
}

/** Finds out what a built system means before anything of it runs; changes nothing. Throws Problem `aborted`. */
export async function inspect(
  parts: InspectParts,
  { running, toplevel }: { readonly running: string | null; readonly toplevel: string },
  signal: AbortSignal,
): Promise<Inspection> {
  const { readOwnUnit, candidateHealth } = parts;
  const before = running === null ? nothing : await readOwnUnit(running);
  const after = await readOwnUnit(toplevel);
  const fault = await faultIn(parts, before, after, signal);
  const { rules } = await candidateHealth(toplevel);
  return {
    against: running,
    abide: fateOf(before, after, fault !== null),
    removal: removalText(before, after, fault),
    canGoBack: running !== null && isSwitchable(running),
    probation: rules,
  };
}

const nothing: OwnUnit = { is: 'absent', why: 'does not run' };

/** What runs already has shown that it can start. */
async function faultIn(
  { ownCheck }: InspectParts,
  before: OwnUnit,
  after: OwnUnit,
  signal: AbortSignal,
): Promise<string | null> {
  if (before.is === 'absent' || after.is === 'absent') return null;
  if (fateOf(before, after, false) === 'unchanged') return null;
  return findOwnFault(ownCheck, after, signal);
}
