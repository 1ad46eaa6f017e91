import type { RebootReason } from './observed.ts';
import { plainText } from './plain-text.ts';

/** A switch inhibitor: something that must not change while a system runs, with what it is now and what it would be. */
export interface Inhibitor {
  readonly key: string;
  readonly running: string;
  readonly candidate: string;
}

/** How a built system differs from the running and the booted one, where that decides how it can be brought. */
export interface Comparison {
  /** Only keys that both systems have, with different values. */
  readonly inhibitors: readonly Inhibitor[];
  /** The parts in which it differs from the booted system. */
  readonly rebootReasons: readonly RebootReason[];
  /** The interface of init, where the new one is another. */
  readonly init: { readonly running: string; readonly candidate: string } | null;
}

/** Why only a reboot may bring a system, as a sentence for people; null when it may be switched to. */
export function rebootBound(
  { inhibitors, init, rebootReasons }: Comparison,
  stageWhen: readonly RebootReason[],
): string | null {
  const staged = rebootReasons.filter((reason) => stageWhen.includes(reason));
  const why = [
    ...inhibitors.map(tellInhibitor),
    ...(init ? [`the interface of init changes from ${init.running} to ${init.candidate}`] : []),
    ...(staged.length > 0
      ? [`it differs from the booted system in ${staged.join(', ')} (activate.stageWhen)`]
      : []),
  ];
  return why.length === 0 ? null : plainText(why.join('; '));
}

/** With an inhibitor the new system's own check refuses, whatever its other checks say; then it tells nothing. */
export function isCheckable({ inhibitors }: Comparison): boolean {
  return inhibitors.length === 0;
}

function tellInhibitor({ key, running, candidate }: Inhibitor): string {
  return `the switch inhibitor ${key} changes from ${running} to ${candidate}`;
}
