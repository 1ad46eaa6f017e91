import { choiceText, wentBack, type Choice } from './choice.ts';
import { shortId, type CommitId } from './commit.ts';
import type { Expected } from './facts.ts';
import type { LeftUndone, Observed, UnitChange } from './observed.ts';
import { rfc3339 } from './rfc3339.ts';

/** What differs from expected, by its toplevel as observed; null is no difference. */
export interface Differences {
  readonly current: string | null;
  readonly profile: string | null;
  readonly bootDefault: string | null;
}

/** What runs instead of what is expected, and by whose choice where that is known. */
export function runtimeText(expected: Expected, observed: Observed, chosen: Choice | null): string {
  const why = chosen === null ? '' : `: ${choiceText(chosen, observed.bootDefault)}`;
  const from = profileOf(observed, observed.current);
  return `${observed.current}${inBrackets([from])} runs, expected since ${expected.since} is ${expected.current}${why}`;
}

/**
 * The sentence for a change that only a person or another tool can have made, with the time that the link itself gives; null
 * when a reboot explains it. Who it was leaves no trace.
 */
export function manualChange(
  changes: Differences,
  observed: Observed,
  commit: CommitId | null,
): string | null {
  const { current, profile } = changes;
  if (profile !== null)
    return current === profile ? switched(observed, commit) : profileSet(profile, observed);
  // A running system that is the booted one may as well have been chosen in the boot menu.
  if (current === null || runningToplevel(observed) === observed.booted) {
    return foreignDefault(changes.bootDefault, observed);
  }
  const details = inBrackets([profileOf(observed, current), commit && `commit ${shortId(commit)}`]);
  return `${current}${details} was activated by hand${at(observed.currentSince)}, without changing the system profile`;
}

/** The boot loader's default and where that comes from, where another system profile holds it. */
export function bootDefaultText({ since, bootDefault }: Expected, observed: Observed): string {
  const system = `${observed.bootDefault}${inBrackets([profileOf(observed, observed.bootDefault)])}`;
  return `the boot loader starts ${system} by default, expected since ${since} is ${bootDefault}`;
}

/** Which units were changed at run time, the first few by name, and what a switch that was cut off has left undone. */
export function unitsText(units: readonly UnitChange[]): string {
  const changed = units.filter(({ is }) => !isLeftUndone(is));
  const told = changed.length === 0 ? [] : [firstOf(changed.map(unitText))];
  const undone = Object.entries(undoneWords).flatMap(([wanted, word]) => {
    const names = units.filter(({ is }) => is === wanted).map(({ unit }) => unit);
    return names.length === 0 ? [] : [`${word}: ${firstOf(names)}`];
  });
  if (undone.length === 0) return told.join('');
  const cutOff = `a switch was cut off before it was done (${undone.join('; ')})`;
  return [...told, `${cutOff}; switch-to-configuration test of the running system does the rest`].join('; ');
}

const undoneWords: Readonly<Record<LeftUndone, string>> = {
  unstarted: 'not started',
  unrestarted: 'not restarted',
  unreloaded: 'not reloaded',
};

function isLeftUndone(is: UnitChange['is']): is is LeftUndone {
  return is in undoneWords;
}

function firstOf(texts: readonly string[]): string {
  const rest = texts.length - mostUnits;
  return [...texts.slice(0, mostUnits), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
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

/** Only a person or another tool makes the loader start what another profile holds. */
function foreignDefault(bootDefault: string | null, observed: Observed): string | null {
  const from = profileOf(observed, bootDefault);
  return from && `the boot loader was set by hand to start ${bootDefault}${inBrackets([from])} by default`;
}

/** The other system profile that holds a system, as a clause; null where none does. */
function profileOf({ foreignProfiles }: Observed, toplevel: string | null): string | null {
  const profile = foreignProfiles.find((one) => one.toplevel === toplevel);
  if (!profile) return null;
  const generation = profile.generation === null ? '' : `generation ${profile.generation} of `;
  return `${generation}the system profile ${profile.name}`;
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
