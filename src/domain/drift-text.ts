import { choiceText, wentBack, type Choice } from './choice.ts';
import { shortId, type CommitId } from './commit.ts';
import type { Expected } from './facts.ts';
import type { Observed, UnitChange } from './observed.ts';
import { rfc3339 } from './rfc3339.ts';

/** What runs instead of what is expected, and by whose choice where that is known. */
export function runtimeText(expected: Expected, observed: Observed, chosen: Choice | null): string {
  const why = chosen === null ? '' : `: ${choiceText(chosen, observed.bootDefault)}`;
  return `${observed.current} runs, expected since ${expected.since} is ${expected.current}${why}`;
}

/**
 * The sentence for a change that only a person or another tool can have made, with the time that the link itself gives; null
 * when a reboot explains it. Who it was leaves no trace.
 */
export function manualChange(
  changes: { readonly current: string | null; readonly profile: string | null },
  observed: Observed,
  commit: CommitId | null,
): string | null {
  const { current, profile } = changes;
  if (profile !== null)
    return current === profile ? switched(observed, commit) : profileSet(profile, observed);
  // A running system that is the booted one may as well have been chosen in the boot menu.
  if (current === null || runningToplevel(observed) === observed.booted) return null;
  const details = inBrackets([commit && `commit ${shortId(commit)}`]);
  return `${current}${details} was activated by hand${at(observed.currentSince)}, without changing the system profile`;
}

/** Which units were changed at run time, the first few by name. */
export function unitsText(units: readonly UnitChange[]): string {
  const told = units.slice(0, mostUnits).map(unitText);
  const rest = units.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}

const mostUnits = 5;

function unitText({ unit, is, where }: UnitChange): string {
  return is === 'unlinked' ? `${where} is not that of the running system` : `${unit} is ${is} in ${where}`;
}

function switched(observed: Observed, commit: CommitId | null): string {
  const { current, profileSince } = observed;
  const details = inBrackets([generationOf(observed), commit && `commit ${shortId(commit)}`]);
  const back = wentBack(observed) ? ' back' : '';
  const how = wentBack(observed) ? ', an older generation' : '';
  return `the system was switched${back} by hand to ${current}${details}${how}${at(profileSince)}`;
}

function profileSet(toplevel: string, observed: Observed): string {
  const details = inBrackets([generationOf(observed)]);
  const how = wentBack(observed) ? ', an older generation' : '';
  const when = at(observed.profileSince);
  return `the system profile was set by hand to ${toplevel}${details}${how}${when}; it starts at the next boot`;
}

function generationOf({ profile }: Observed): string | null {
  const generation = profile?.generation ?? null;
  return generation === null ? null : `profile generation ${generation}`;
}

function inBrackets(parts: readonly (string | null)[]): string {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}

function at(ms: number | null): string {
  return ms === null ? '' : ` at ${rfc3339(ms)}`;
}

function runningToplevel({ specialisation, current }: Observed): string | null {
  return specialisation?.toplevel ?? current;
}
