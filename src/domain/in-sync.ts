import type { Observed } from './observed.ts';
import type { Operation } from './remote.ts';

/** A toplevel, how it is meant to be brought to the host, and the host as it is. */
export interface SyncQuestion {
  readonly operation: Operation;
  readonly toplevel: string;
  readonly observed: Observed;
}

/**
 * True when the host is where the operation would bring it: `test` running; `switch` running, profile and boot default;
 * `boot` profile and boot default. What cannot be read never counts against, except for the one place that the operation is
 * about (running, or the profile for `boot`): there, not knowing is no proof.
 */
export function inSync({ operation, toplevel, observed }: SyncQuestion): boolean {
  const profile = observed.profile?.toplevel ?? null;
  const staged = isOrUnknown(profile, toplevel) && isOrUnknown(observed.bootDefault, toplevel);
  if (operation === 'boot') return profile === toplevel && staged;
  const running = observed.current === toplevel;
  return operation === 'test' ? running : running && staged;
}

function isOrUnknown(place: string | null, toplevel: string): boolean {
  return place === null || place === toplevel;
}
