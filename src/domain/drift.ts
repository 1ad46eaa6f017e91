import { choiceText, type Choice } from './choice.ts';
import { isCommitId, shortId, type CommitId } from './commit.ts';
import type { Desired } from './desired.ts';
import type { DriftKind, Expected, Facts } from './facts.ts';
import type { Observed } from './observed.ts';
import { commitsOf } from './remember-commit.ts';

/** One difference between expected and observed, as a sentence for people. */
export interface Drift {
  readonly kind: DriftKind;
  readonly message: string;
}

/** What drift is judged from. */
export interface DriftQuestion {
  readonly facts: Facts;
  readonly observed: Observed | null;
  readonly desired: Desired | null;
}

/**
 * The differences that hold, in the order of `driftKinds`. All kinds but `commit` and `boot` compare with what is expected
 * since the last deployment, so a testing or a staged system is none, and they are silent while a deployment changes the
 * host. `commit` also holds during a rollout: it says which hosts are not there yet, and by itself it is no incident.
 * `units` are not read yet.
 */
export function findDrift({ facts, observed, desired }: DriftQuestion): readonly Drift[] {
  if (!observed) return [];
  const expected = facts.deployment ? null : facts.expected;
  const changes = expected ? differences(expected, observed) : null;
  return [
    ...commitDrift(facts, observed, desired),
    ...(expected && changes ? expectedDrift({ expected, changes, observed, chosen: facts.choice }) : []),
    ...bootDrift(observed),
    ...(expected && changes?.bootDefault ? bootloaderDrift(expected, changes.bootDefault) : []),
  ];
}

/** The begin of each kind that holds: kept from before, `nowIso` for new ones. The same object when nothing changed. */
export function trackDrift(
  before: Facts['driftSince'],
  found: readonly { readonly kind: DriftKind }[],
  nowIso: string,
): Facts['driftSince'] {
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  const same = kinds.length === Object.keys(before).length && kinds.every((kind) => before[kind]);
  return same ? before : Object.fromEntries(kinds.map((kind) => [kind, before[kind] ?? nowIso]));
}

/** The commits known to give the running system, by our own table and by what the system says of itself. */
export function runningCommits(facts: Facts, observed: Observed): readonly CommitId[] {
  return slotCommits(facts, observed.current, observed.currentRevision);
}

/** The commits known to give a toplevel; `revision` is what that system says of itself and counts when it is a full id. */
export function slotCommits(
  facts: Facts,
  toplevel: string | null,
  revision: string | null,
): readonly CommitId[] {
  const own = revision !== null && isCommitId(revision) ? [revision] : [];
  return [...new Set([...commitsOf(facts, toplevel), ...own])];
}

/** What differs from expected, by its toplevel as observed; null is no difference. */
interface Differences {
  readonly current: string | null;
  readonly profile: string | null;
  readonly bootDefault: string | null;
}

function differences(expected: Expected, observed: Observed): Differences {
  return {
    current: difference(expected.current, observed.current),
    profile: difference(expected.profile, observed.profile?.toplevel ?? null),
    bootDefault: difference(expected.bootDefault, observed.bootDefault),
  };
}

function difference(expected: string | null, observed: string | null): string | null {
  return expected === null || observed === null || expected === observed ? null : observed;
}

function commitDrift(facts: Facts, observed: Observed, desired: Desired | null): readonly Drift[] {
  if (!desired || observed.current === null || isWhereDesiredLeaves(facts, observed, desired)) return [];
  const running = runningCommits(facts, observed);
  if (running.includes(desired.commit)) return [];
  const runs = running[0] === undefined ? 'a system of no known commit' : shortId(running[0]);
  return [{ kind: 'commit', message: `the host runs ${runs}, desired is ${shortId(desired.commit)}` }];
}

/** The desired commit was deployed, and the host runs what that left running: another system while one is staged. */
function isWhereDesiredLeaves({ expected }: Facts, { current }: Observed, desired: Desired): boolean {
  return expected?.commit === desired.commit && expected.current === current;
}

function expectedDrift(from: {
  readonly expected: Expected;
  readonly changes: Differences;
  readonly observed: Observed;
  readonly chosen: Choice | null;
}): readonly Drift[] {
  const { expected, changes, observed, chosen } = from;
  const found: Drift[] = [];
  if (changes.current !== null) {
    const why = chosen === null ? '' : `: ${choiceText(chosen, observed.bootDefault)}`;
    const message = `${changes.current} runs, expected since ${expected.since} is ${expected.current}${why}`;
    found.push({ kind: 'runtime', message });
  }
  if (changes.profile !== null) {
    const message = `the system profile is ${changes.profile}, expected since ${expected.since} is ${expected.profile}`;
    found.push({ kind: 'profile', message });
  }
  const manual = manualChange(changes, observed);
  return manual === null ? found : [...found, { kind: 'manual', message: manual }];
}

/** The sentence for a change that only a person or another tool can have made; null when a reboot explains it. */
function manualChange(changes: Differences, observed: Observed): string | null {
  const generation = observed.profile?.generation ?? null;
  const numbered = generation === null ? '' : ` (profile generation ${generation})`;
  if (changes.current !== null && changes.current === changes.profile) {
    return `the system was switched by hand to ${changes.current}${numbered}`;
  }
  if (changes.profile !== null) {
    return `the system profile was set by hand to ${changes.profile}${numbered}; it starts at the next boot`;
  }
  // A running system that is the booted one may as well have been chosen in the boot menu.
  if (changes.current === null || changes.current === observed.booted) return null;
  return `${changes.current} was activated by hand, without changing the system profile`;
}

function bootDrift({ rebootReasons }: Observed): readonly Drift[] {
  if (rebootReasons.length === 0) return [];
  const parts = rebootReasons.join(', ');
  return [{ kind: 'boot', message: `booted and running system differ (${parts}); a reboot mends it` }];
}

function bootloaderDrift({ since, bootDefault }: Expected, observed: string): readonly Drift[] {
  const message = `the boot loader starts ${observed} by default, expected since ${since} is ${bootDefault}`;
  return [{ kind: 'bootloader', message }];
}
