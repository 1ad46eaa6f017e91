import { descends, isOrDescends, type Ancestry } from './ancestry.ts';
import { shortId, type CommitId } from './commit.ts';
import type { NewEvent } from './event.ts';
import type { Facts } from './facts.ts';
import type { Policy } from './policy.ts';
import { floorAt } from './remember-commit.ts';
import type { Selection } from './select.ts';

/** A selection with what it was made from. */
export interface Selected {
  readonly selection: Selection;
  readonly ancestry: Ancestry;
  readonly policy: Policy;
}

/** What has to be remembered of a selection so that trust never goes back, and what of it people should hear. */
export function noteTrust(
  facts: Facts,
  selected: Selected,
): { readonly facts: Facts; readonly events: readonly NewEvent[] } {
  const events = rewrites(facts, selected);
  const anchored = withFirstAccepted(withSuperseded(facts, selected.selection), selected);
  return {
    facts: withSeenFloor(anchored.facts, selected),
    events: anchored.event ? [...events, anchored.event] : events,
  };
}

const keptSuperseded = 1000;

/** The testing commits that a remote's new candidate takes the place of; deleting the branch takes nobody's. */
function withSuperseded(facts: Facts, { judgements }: Selection): Facts {
  const left = judgements.flatMap(({ remote, role, candidate }) => {
    const before = facts.offered[remote]?.testing;
    return role === 'testing' && candidate !== null && before && before !== candidate ? [before] : [];
  });
  const added = left.filter((commit) => !facts.supersededTesting.includes(commit));
  if (added.length === 0) return facts;
  const all = [...facts.supersededTesting, ...new Set(added)];
  return { ...facts, supersededTesting: all.slice(-keptSuperseded) };
}

interface Anchored {
  readonly facts: Facts;
  readonly event: NewEvent | null;
}

function withFirstAccepted(facts: Facts, { selection, ancestry, policy }: Selected): Anchored {
  const { main } = selection;
  if (facts.floor !== null || main === null || !policy.trust.signed || policy.trust.anchored) {
    return { facts, event: null };
  }
  const before = facts.firstAccepted;
  if (before !== null && isOrDescends(ancestry, main, before)) return { facts, event: null };
  return { facts: { ...facts, firstAccepted: main }, event: announceAnchor(main, selection) };
}

function announceAnchor(main: CommitId, { judgements }: Selection): NewEvent {
  const from = judgements.find(({ role, candidate }) => role === 'main' && candidate === main);
  const signer = from?.verdict?.signer;
  const by = signer ? `, signed by ${signer.name} (${signer.kind} ${signer.key})` : '';
  const message =
    `${shortId(main)} of ${from?.remote ?? 'a remote'}${by} is the first commit accepted here: all that comes on top of it is ` +
    'held to the policy, what is below it was not verified. trust.anchor says so in advance';
  return { type: 'anchored', severity: 'warning', message, commit: main, remote: from?.remote ?? null };
}

function withSeenFloor(facts: Facts, { selection: { main }, policy }: Selected): Facts {
  if (!policy.trust.floorSeen || main === null || facts.hold !== null || facts.floor?.commit === main)
    return facts;
  return { ...facts, floor: floorAt(facts, main) };
}

/** Main branches that no longer contain what they offered, above the floor: allowed, and worth a word. */
function rewrites({ offered }: Facts, { selection, ancestry }: Selected): NewEvent[] {
  return selection.judgements.flatMap(({ remote, role, ref, head, relation }): NewEvent[] => {
    const before = offered[remote]?.main;
    const now = head?.commit.id;
    if (role !== 'main' || relation !== 'ahead' || !before || !now || now === before) return [];
    if (descends(ancestry, now, before) || descends(ancestry, before, now)) return [];
    const message = `${ref} of ${remote} was rewritten above the floor: ${shortId(before)} is no longer in it, ${shortId(now)} is its head`;
    return [{ type: 'history.rewritten', severity: 'warning', message, remote, commit: now }];
  });
}
