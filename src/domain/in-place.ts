import { bootProvenBeside } from './boot-proven.ts';
import type { CheckSeen } from './check.ts';
import type { Deployment } from './deployment.ts';
import type { Facts } from './facts.ts';
import type { Observed } from './observed.ts';
import { commitsOf } from './remember-commit.ts';

/**
 * The way back from a system that runs without having proved itself: to what the next boot would start, and where that is
 * the same system, or was itself undone here, to the newest other one that proved that it boots.
 */
export function previousInPlace(
  facts: Facts,
  { profile, bootDefault }: Observed,
  running: string,
): Deployment['previous'] {
  const isFit = (toplevel: string | null) =>
    toplevel !== null &&
    toplevel !== running &&
    facts.quarantine.every((entry) => entry.toplevel !== toplevel);
  const before = [bootDefault, profile?.toplevel ?? null].find(isFit);
  const toplevel = before ?? bootProvenBeside(facts, running);
  return {
    toplevel,
    commit: commitsOf(facts, toplevel).at(-1) ?? null,
    profile: profile?.toplevel ?? null,
    bootDefault,
    specialisation: null,
  };
}

/**
 * What the checks said before that system was activated, as far as it is known: what they say now is no baseline, because
 * it is just this system that is to prove itself. null: every check has to hold.
 */
export function baselineInPlace(
  { unproved, expected }: Facts,
  running: string,
  previous: string | null,
): readonly CheckSeen[] | null {
  if (unproved?.toplevel === running) return unproved.checks;
  return expected !== null && expected.current === previous ? (expected.firstBoot?.checks ?? null) : null;
}
