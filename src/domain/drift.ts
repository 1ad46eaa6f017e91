import { isCommitId, shortId, type CommitId } from './commit.ts';
import type { Desired } from './desired.ts';
import { bootDefaultText, manualChange, runtimeText, unitsText, type Differences } from './drift-text.ts';
import { driftKinds, type DriftKind, type Expected, type Facts } from './facts.ts';
import type { Observed } from './observed.ts';
import { commitsOf } from './remember-commit.ts';
import { notAfter, rfc3339 } from './rfc3339.ts';

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
 * The differences that hold, in the order of `driftKinds`. All kinds but `commit`, `boot` and `units` compare with what is
 * expected since the last deployment, so a testing or a staged system is none; while a deployment changes the host, only
 * `commit` and `boot` hold. `commit` also holds during a rollout: it says which hosts are not there yet, and by itself it
 * is no incident.
 */
export function findDrift({ facts, observed, desired }: DriftQuestion): readonly Drift[] {
  if (!observed) return [];
  const expected = facts.deployment ? null : facts.expected;
  const changes = expected ? differences(expected, observed) : null;
  return [
    ...commitDrift(facts, observed, desired),
    ...(expected && changes ? expectedDrift({ expected, changes, observed, facts }) : []),
    ...bootDrift(observed),
    ...(expected && changes?.bootDefault ? bootloaderDrift(expected, observed) : []),
    ...(facts.deployment ? [] : unitsDrift(observed)),
  ];
}

/**
 * The kinds that can be told on this host at all. A container without a boot loader, or a host that never had a deployment,
 * is not free of drift of those kinds: there is nothing to compare.
 */
export function knowableDrift({ facts, observed }: Omit<DriftQuestion, 'desired'>): readonly DriftKind[] {
  if (!observed) return [];
  const { expected } = facts;
  const runtime = isKnown(expected?.current, observed.current);
  const profile = isKnown(expected?.profile, observed.profile);
  const known: Readonly<Record<DriftKind, boolean>> = {
    commit: observed.current !== null,
    runtime,
    profile,
    manual: runtime || profile,
    boot: observed.rebootReasons !== null,
    bootloader: isKnown(expected?.bootDefault, observed.bootDefault),
    units: observed.units !== null,
  };
  return driftKinds.filter((kind) => known[kind]);
}

/**
 * The begin of each kind that holds: kept from before, `nowIso` for new ones, and never later than that, whatever the clock
 * said once. The same object when nothing changed.
 */
export function trackDrift(
  before: Facts['driftSince'],
  found: readonly { readonly kind: DriftKind }[],
  nowIso: string,
): Facts['driftSince'] {
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  const since = kinds.map((kind) => [kind, notAfter(before[kind] ?? nowIso, nowIso)] as const);
  const same =
    kinds.length === Object.keys(before).length && since.every(([kind, at]) => before[kind] === at);
  return same ? before : Object.fromEntries(since);
}

/**
 * When a kind that holds began, RFC 3339. One that came with something else than a look, such as a newly desired commit, is
 * as old as the newest look until the next one notes it.
 */
export function driftBegan(
  kind: DriftKind,
  { facts, observed }: Omit<DriftQuestion, 'desired'>,
): string | null {
  return facts.driftSince[kind] ?? rfc3339(observed?.at ?? null);
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

function isKnown(...parts: readonly unknown[]): boolean {
  return parts.every((part) => part !== null && part !== undefined);
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
  readonly facts: Facts;
}): readonly Drift[] {
  const { expected, changes, observed, facts } = from;
  const found: Drift[] = [];
  if (changes.current !== null) {
    found.push({ kind: 'runtime', message: runtimeText(expected, observed, facts.choice) });
  }
  if (changes.profile !== null) {
    const message = `the system profile is ${changes.profile}, expected since ${expected.since} is ${expected.profile}`;
    found.push({ kind: 'profile', message });
  }
  const [commit = null] = runningCommits(facts, observed);
  const manual = manualChange(changes, observed, commit);
  return manual === null ? found : [...found, { kind: 'manual', message: manual }];
}

function bootDrift({ rebootReasons }: Observed): readonly Drift[] {
  if (rebootReasons === null || rebootReasons.length === 0) return [];
  const parts = rebootReasons.join(', ');
  return [{ kind: 'boot', message: `booted and running system differ (${parts}); a reboot mends it` }];
}

function bootloaderDrift(expected: Expected, observed: Observed): readonly Drift[] {
  return [{ kind: 'bootloader', message: bootDefaultText(expected, observed) }];
}

function unitsDrift({ units }: Observed): readonly Drift[] {
  return units === null || units.length === 0 ? [] : [{ kind: 'units', message: unitsText(units) }];
}
