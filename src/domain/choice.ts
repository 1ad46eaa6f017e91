import type { CommitId } from './commit.ts';
import type { Facts } from './facts.ts';
import type { Observed } from './observed.ts';

/** What a person did to the host that abide does not undo by itself: it holds until they say how to go on. */
export interface Choice {
  /**
   * `boot`: another entry than the default was started; `profile`: the system profile was moved during a deployment;
   * `generation`: it was set back to an older generation, as nixos-rebuild --rollback does.
   */
  readonly what: 'boot' | 'profile' | 'generation';
  /** What was booted or gone back to; null for a profile, which may move again. */
  readonly toplevel: string | null;
  /** The commit that is held; another one is free to go on. */
  readonly commit: CommitId;
  /** RFC 3339. */
  readonly since: string;
}

/**
 * The facts after a boot that nobody has seen yet: a system other than the boot default runs only when a person chose it in
 * the boot menu. Where the boot default cannot be read, nobody can be said to have chosen. A specialisation of the default
 * is no other system. A profile that somebody had moved before stays as they left it.
 */
export function noticeChoice(facts: Facts, observed: Observed): Facts {
  const { at, booted, bootDefault } = observed;
  const commit = facts.deployment?.commit ?? facts.expected?.commit ?? null;
  // A host that went down right after the loader was told has nothing but the deployment that told it.
  const told = facts.deployment?.toplevel === facts.loaderTold?.toplevel ? facts.loaderTold : null;
  const isOnce = booted !== null && [facts.bootOnce?.toplevel, told?.toplevel].includes(booted);
  const isOther = booted !== null && bootDefault !== null && baseOf(booted, observed) !== bootDefault;
  if (isOnce || !isOther || commit === null) {
    const isVariant = booted !== null && observed.specialisation?.toplevel === booted;
    const bootToProve = isVariant ? null : facts.bootToProve;
    return { ...facts, choice: facts.choice?.what === 'boot' ? null : facts.choice, bootToProve };
  }
  const choice: Choice = { what: 'boot', toplevel: booted, commit, since: new Date(at).toISOString() };
  // The loader forgets at every boot what it was to start once, so the staged system was not tried.
  const bootOnce = facts.bootOnce && { ...facts.bootOnce, bootId: null };
  return { ...facts, choice, bootOnce, bootToProve: null };
}

/**
 * The facts after the system profile was set back to an older generation: `nix-env --set` always makes a new one, so only
 * `--rollback` and `--switch-generation` leave a newer one behind. It counts once, when it is first seen: a person who then
 * asks for the commit all the same is not held again. `before` is what this daemon saw last.
 */
export function noticeWentBack(facts: Facts, observed: Observed, before: Observed | null): Facts {
  const { expected, deployment, choice, driftSince } = facts;
  const toplevel = observed.profile?.toplevel ?? null;
  const hasMoved = before?.profile?.toplevel !== undefined && before.profile.toplevel !== toplevel;
  const isSeen = driftSince.profile !== undefined && !hasMoved;
  if (isSeen || deployment !== null || choice !== null) return facts;
  if (expected === null || expected.profile === null || toplevel === null) return facts;
  if (toplevel === expected.profile || !wentBack(observed)) return facts;
  const since = new Date(observed.at).toISOString();
  return { ...facts, choice: { what: 'generation', toplevel, commit: expected.commit, since } };
}

/** True when the profile stands at an older generation than its newest. */
export function wentBack({ profile, newestGeneration }: Observed): boolean {
  const generation = profile?.generation ?? null;
  return generation !== null && newestGeneration !== null && generation < newestGeneration;
}

/** The facts once what was chosen is no more: the host is again where the held commit had brought it. */
export function forgetChoice(facts: Facts, observed: Observed): Facts {
  const { choice, expected, deployment } = facts;
  if (choice === null || deployment !== null || choice.commit !== expected?.commit) return facts;
  const profile = observed.profile?.toplevel ?? null;
  const isBack =
    choice.what === 'boot'
      ? observed.current === expected.current
      : profile === expected.profile || profile === expected.current;
  return isBack ? { ...facts, choice: null } : facts;
}

/** The facts after somebody else moved the profile in the middle of a deployment: what they did stands. */
export function profileChosen(facts: Facts, commit: CommitId, nowIso: string): Facts {
  return { ...facts, choice: { what: 'profile', toplevel: null, commit, since: nowIso } };
}

/** The choice that keeps a commit from being worked on; null where there is none. */
export function choiceAgainst({ choice }: Pick<Facts, 'choice'>, commit: CommitId | null): Choice | null {
  return choice !== null && choice.commit === commit ? choice : null;
}

/** A sentence for people: what was chosen, and how to go on. */
export function choiceText({ what, toplevel }: Choice, bootDefault: string | null): string {
  const system = toplevel ?? 'another system';
  const done = {
    boot: `${system} was chosen at boot, and ${bootDefault ?? 'another one'} is the boot default`,
    profile: 'the system profile was moved by somebody else in the middle of a deployment',
    generation: `the system profile was set back by hand to an older generation, ${system}`,
  }[what];
  return `${done}; nothing is changed until a new commit, abide retry or abide resume`;
}

function baseOf(booted: string, { current, specialisation }: Observed): string | null {
  return specialisation?.toplevel === booted ? current : booted;
}
