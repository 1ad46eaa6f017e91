import type { Facts } from './facts.ts';
import type { Observed } from './observed.ts';

/**
 * The facts as a fresh observation corrects them: after a reboot a `test` deployment is over, because the reboot was the
 * user's way out of it, and main's committed system is what is expected; a staged one is now the running one.
 */
export function noticeReboot(facts: Facts, observed: Observed): Facts {
  const { expected, bootId } = facts;
  if (observed.bootId === null || observed.bootId === bootId) return facts;
  const rebooted = { ...facts, bootId: observed.bootId };
  if (!expected || bootId === null) return rebooted;
  if (expected.operation === 'test') {
    return { ...rebooted, spentTesting: expected.commit, expected: facts.committedMain };
  }
  const arrived = observed.current !== null && observed.current === expected.profile;
  return arrived ? { ...rebooted, expected: { ...expected, current: observed.current } } : rebooted;
}
