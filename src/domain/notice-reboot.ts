import { isBootProven, withBootProven } from './boot-proven.ts';
import { forgetChoice, noticeChoice, noticeWentBack } from './choice.ts';
import type { Facts } from './facts.ts';
import type { Observed } from './observed.ts';

/**
 * The facts as a fresh observation corrects them: after a reboot a `test` deployment is over, because the reboot was the
 * user's way out of it, and main's committed system is what is expected; a staged one is now the running one. What came up
 * for the first time is to be proved, unless a person chose it. `before` is what this daemon saw last.
 */
export function noticeReboot(known: Facts, observed: Observed, before: Observed | null = null): Facts {
  const facts = withFirstProven(known, observed);
  const { expected, bootId } = facts;
  if (observed.bootId === null || observed.bootId === bootId)
    return noticeWentBack(forgetChoice(facts, observed), observed, before);
  const rebooted = { ...facts, bootId: observed.bootId };
  if (bootId === null || !(expected ?? facts.deployment)) return rebooted;
  const booted = noticeChoice(withTrial(arrived(rebooted, observed), observed), observed);
  return noticeWentBack(booted, observed, before);
}

/** What is booted when abide comes to a host counts as proven: it brought the host up, and abide with it. */
function withFirstProven(facts: Facts, { at, bootId, booted }: Observed): Facts {
  if (facts.bootProven !== null) return facts;
  const isNewBoot = facts.bootId !== null && facts.bootId !== bootId;
  const since = new Date(at).toISOString();
  return { ...facts, bootProven: booted === null || isNewBoot ? [] : withBootProven([], booted, since) };
}

function arrived(facts: Facts, observed: Observed): Facts {
  const { expected } = facts;
  if (expected?.operation === 'test') {
    return { ...facts, spentTesting: expected.commit, expected: facts.committedMain };
  }
  const isThere = expected !== null && observed.current !== null && observed.current === expected.profile;
  return isThere ? { ...facts, expected: { ...expected, current: observed.current } } : facts;
}

/** What was undone here before is not tried again by booting it. */
function withTrial(facts: Facts, { booted }: Observed): Facts {
  const isRefused = facts.quarantine.some(({ toplevel }) => toplevel === booted);
  const isNew = booted !== null && !isRefused && !isBootProven(facts, booted);
  return { ...facts, bootToProve: isNew ? booted : null };
}
