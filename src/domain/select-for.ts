import type { Loop } from './loop.ts';
import { relevantCommits, select, type Selection, type SelectionInput } from './select.ts';
import type { CommitId } from './commit.ts';

/** Selection for a loop as it stands. */
export function selectFor(loop: Loop): Selection {
  return select(selectionInput(loop));
}

/** The distinct commits, sorted, whose ancestry the next decisions may need: selection's, and those in use here. */
export function commitsInQuestion(loop: Loop): readonly CommitId[] {
  const { expected, committedMain, deployment, firstAccepted } = loop.facts;
  const inUse = [expected?.commit, committedMain?.commit, deployment?.commit, loop.target?.commit];
  const known = [...inUse, firstAccepted].filter((commit): commit is CommitId => typeof commit === 'string');
  return [...new Set([...relevantCommits(selectionInput(loop)), ...known])].toSorted();
}

function selectionInput({ policy, offers, ancestry, facts }: Loop): SelectionInput {
  return {
    remotes: policy.remotes,
    offers,
    ancestry,
    floor: facts.floor?.commit ?? null,
    offered: facts.offered,
    quarantined: new Set(facts.quarantine.map(({ commit }) => commit)),
    spentTesting: facts.spentTesting,
    superseded: new Set(policy.trust.allowReplay ? [] : facts.supersededTesting),
    quorum: policy.trust.quorum,
  };
}
