import type { SwitchResult } from './deployment.ts';

/** What to do after a switch-to-configuration; the closed set that the deployment machine branches on. */
export const switchVerdicts = [
  'healthy',
  'again',
  'roll-back',
  'nothing-happened',
  'busy',
  'staged',
] as const;

/** The verdict with a sentence for people: what was seen, never a guess at a cause. */
export interface SwitchVerdict {
  readonly verdict: (typeof switchVerdicts)[number];
  readonly reason: string;
}

/** What a switch said, and run/current-system before and after it; null is a link that cannot be read. */
export interface SwitchEvidence {
  readonly result: SwitchResult;
  readonly toplevel: string;
  readonly before: string | null;
  readonly after: string | null;
  /** True when this was already the second try. */
  readonly retried: boolean;
  /** Why the switch could not be begun, or not be seen to its end; null where it said how it ended. */
  readonly fault?: string | null;
}

/**
 * Judges an activation by the links first and the exit code second: the exit code alone is never the truth,
 * because 1 and 4 come with the new system running as well as without. `healthy` only opens probation.
 */
export function judgeSwitch(evidence: SwitchEvidence): SwitchVerdict {
  if (evidence.fault) return judgeUnseen(evidence, evidence.fault);
  const { exitCode, timedOut } = evidence.result;
  if (evidence.result.signal === 'dead-man') {
    return saying('roll-back', 'abide had not answered in time, and the dead-man went back');
  }
  if (timedOut) return saying('roll-back', 'switch-to-configuration was still running at the time limit');
  if (exitCode === busyExit) return busy(evidence);
  if (exitCode === stagedExit) return saying('staged', 'the new init needs a reboot (exit code 100)');
  if (exitCode === activationExit) {
    return saying('roll-back', 'the activation script of the new system failed (exit code 2)');
  }
  if (isForeign(evidence)) {
    return saying('nothing-happened', `${ending(evidence)}, but ${evidence.after} was activated meanwhile`);
  }
  return hasMoved(evidence) ? judgeMoved(evidence) : judgeUnmoved(evidence);
}

const activationExit = 2;
const unitsExit = 4;
const busyExit = 11;
const stagedExit = 100;

function saying(verdict: SwitchVerdict['verdict'], reason: string): SwitchVerdict {
  return { verdict, reason };
}

// The second try only mends; when it cannot have the lock, the first one's system runs and probation judges it.
function busy({ toplevel, before, after, retried }: SwitchEvidence): SwitchVerdict {
  if (retried && after === toplevel && before !== toplevel) {
    return saying('healthy', 'the new system runs; its second activation found the lock held');
  }
  return saying('busy', "somebody else holds switch-to-configuration's lock (exit code 11)");
}

/**
 * Nobody says how it ended, so only the links do. A second try only mends what the first one did: when it cannot be begun,
 * probation judges what runs, and when that is gone it was undone meanwhile.
 */
function judgeUnseen(evidence: SwitchEvidence, fault: string): SwitchVerdict {
  const { toplevel, after, retried } = evidence;
  if (isForeign(evidence)) return saying('nothing-happened', `${fault}; ${after} was activated meanwhile`);
  if (retried && after === toplevel) {
    return saying('healthy', `the new system runs, and its second activation failed: ${fault}`);
  }
  if (retried || hasMoved(evidence))
    return saying('roll-back', `the switch was not seen to its end: ${fault}`);
  return saying('nothing-happened', fault);
}

/** A third system runs: a person or another tool acted, and what they did is not ours to undo. */
function isForeign({ toplevel, before, after }: SwitchEvidence): boolean {
  return after !== null && after !== toplevel && after !== before;
}

// A link that could be read before and cannot be read after was moved by somebody: by the new system, it must be feared.
function hasMoved({ toplevel, before, after }: SwitchEvidence): boolean {
  return before !== toplevel && (after === toplevel || (after === null && before !== null));
}

function judgeMoved(evidence: SwitchEvidence): SwitchVerdict {
  const { result, after, retried } = evidence;
  if (after === null) {
    return saying('roll-back', `${ending(evidence)}, and run/current-system cannot be read any more`);
  }
  if (result.exitCode === 0) return saying('healthy', 'the new system runs');
  if (result.exitCode === unitsExit) return unitsFailed(retried);
  return saying('roll-back', `${ending(evidence)} after the new system had been activated`);
}

function judgeUnmoved(evidence: SwitchEvidence): SwitchVerdict {
  const { result, toplevel, after, retried } = evidence;
  if (after === toplevel && result.exitCode === 0) return saying('healthy', 'the system runs');
  if (after === toplevel && result.exitCode === unitsExit) return unitsFailed(retried);
  const still = after === null ? 'no system is activated' : `${after} still runs`;
  return saying('nothing-happened', `${ending(evidence)} and ${still}`);
}

function unitsFailed(retried: boolean): SwitchVerdict {
  return retried
    ? saying('healthy', 'the new system runs; some units failed again (exit code 4)')
    : saying('again', 'the new system runs, but some units failed (exit code 4)');
}

function ending({ result: { exitCode, signal } }: SwitchEvidence): string {
  if (exitCode !== null) return `switch-to-configuration ended with exit code ${exitCode}`;
  return signal === null || signal === 'lost'
    ? 'switch-to-configuration ended unseen'
    : `switch-to-configuration was ended by ${signal}`;
}
