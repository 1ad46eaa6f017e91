import { isForOtherMachine } from './after-evaluation.ts';
import { consentGates, consentTo } from './confirmation.ts';
import { isGoingBack } from './go-back.ts';
import type { Self } from './handover.ts';
import { isInspected } from './inspection.ts';
import type { Loop, Waiting } from './loop.ts';
import { unguardedHandover } from './unguarded-handover.ts';
import { timeLeft } from './time-left.ts';

/** A loop, and the process that would hand over to another one. */
export interface Gated extends Loop {
  readonly self: Self;
}

/** Why a target may not be activated now, or null when the way is open. `now` is epoch milliseconds. */
export function closedGate(loop: Gated, now: number): Waiting | null {
  const since = (gate: string) => (loop.waiting?.gate === gate ? loop.waiting.since : now);
  if (loop.evaluation && isForOtherMachine(loop, loop.evaluation)) {
    return {
      gate: 'machine-id',
      reason: `the configuration is for the machine ${loop.evaluation.machineId}, and this one is ${loop.observed?.machineId}`,
      since: since('machine-id'),
      nextCheck: null,
    };
  }
  if (awaitsNetwork(loop)) {
    return {
      gate: 'network',
      reason:
        'it was undone because the network was gone, and the network did not come back with the system before; it is tried again when a remote on the network answers',
      since: since('network'),
      nextCheck: null,
    };
  }
  if (stillShut(loop, now)) return loop.waiting;
  if (loop.policy.mode === 'observe' && loop.built) {
    return {
      gate: 'mode',
      reason: 'mode is observe: the system is built and stays inactive',
      since: since('mode'),
      nextCheck: null,
    };
  }
  const danger = unconsented(loop);
  if (danger !== null) {
    return {
      gate: 'removal',
      reason: `${danger}; it is activated only by consent: abide confirm, or abide reject --reason TEXT`,
      since: since('removal'),
      nextCheck: null,
    };
  }
  return null;
}

/** How a system might leave this host without abide, while nobody consented to it; null when it does not, or somebody did. */
function unconsented(loop: Gated): string | null {
  const { inspection, policy, target, facts } = loop;
  if (!isInspected(loop) || policy.allowRemovingAbide || isGoingBack(loop)) return null;
  if (target !== null && consentTo(facts, target.commit) !== null) return null;
  return inspection?.removal ?? unguardedHandover(loop);
}

/** True when the gate at which the loop stands was opened by an answer over the network. */
export function isNetworkBack(loop: Loop): boolean {
  return loop.waiting?.gate === 'network' && !awaitsNetwork(loop);
}

/** True when a person consented to what stood at a gate for want of it, or another system runs than the one a reboot was needed from. */
export function isOpened(loop: Gated, now: number): boolean {
  const gate = loop.waiting?.gate ?? '';
  return (consentGates.has(gate) || gate === 'reboot') && closedGate(loop, now) === null;
}

function awaitsNetwork({ target, facts }: Loop): boolean {
  return target !== null && facts.awaitsNetwork?.commit === target.commit;
}

/** No gate that an effect shut is looked at less often. */
const longestLookMs = 60_000;

/** Only gates that an effect shut stand by themselves; `reboot` opens with another commit or another running system. */
function stillShut({ waiting, observed }: Loop, now: number): boolean {
  if (!waiting) return false;
  if (waiting.nextCheck !== null) return timeLeft(waiting.nextCheck, longestLookMs, now) > 0;
  return waiting.gate === 'reboot' && (waiting.beside ?? null) === (observed?.current ?? null);
}
