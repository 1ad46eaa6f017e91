import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/schema.ts';
import type { CheckSeen } from '../domain/check.ts';
import type { ProbationRules } from '../domain/probation.ts';
import type { Health } from '../host/health/health.ts';
import { probationRulesOf } from './policy-of.ts';

/** The health checks that a system is to pass, by its own configuration. */
export interface Candidate {
  readonly health: Health;
  /** null: as the running configuration says. */
  readonly rules: ProbationRules | null;
  /** A baseline in which a check that the system brings along excuses nothing: it could not pass before. */
  readonly excusing: (before: readonly CheckSeen[]) => readonly CheckSeen[];
}

/** Finds a toplevel's candidate; the newest is kept, because checks remember what they saw last. */
export type CandidateHealth = (toplevel: string) => Promise<Candidate>;

/** Reads candidates' configurations, and falls back to the running one for a system that carries none. */
export function createCandidateHealth(deps: {
  readonly running: Config['health'];
  readonly make: (health: Config['health']) => Health;
  /** The `health` part of the configuration that a toplevel carries; null where it carries none that can be read. */
  readonly read: (toplevel: string) => Promise<Config['health'] | null>;
}): CandidateHealth {
  const { running, make, read } = deps;
  const own: Candidate = { health: make(running), rules: null, excusing: (before) => before };
  let newest: { readonly toplevel: string; readonly candidate: Candidate } | null = null;
  return async (toplevel) => {
    if (newest?.toplevel === toplevel) return newest.candidate;
    const health = await read(toplevel);
    const isSame = health === null || isDeepStrictEqual(health, running);
    const candidate = isSame ? own : candidateOf(health, running, make(health));
    newest = { toplevel, candidate };
    return candidate;
  };
}

function candidateOf(health: Config['health'], running: Config['health'], made: Health): Candidate {
  const isKnown = (name: string) => {
    const check = health.checks.find((each) => each.name === name);
    return check === undefined || running.checks.some((other) => isDeepStrictEqual(other, check));
  };
  return {
    health: made,
    rules: probationRulesOf(health),
    excusing: (before) =>
      before.map((seen) =>
        seen.status === 'failing' && !isKnown(seen.name) ? { ...seen, status: 'unknown' } : seen,
      ),
  };
}
