import type { CommitId } from './commit.ts';
import type { Facts, Floor } from './facts.ts';

/** The facts after `abide retry`: quarantine and failure of the commit, and of its toplevel's twins, are lifted, and the row of rollbacks ends. */
export function liftTrouble(facts: Facts, commit: CommitId): Facts {
  const toplevel = facts.quarantine.find((entry) => entry.commit === commit)?.toplevel ?? null;
  const lifted = facts.quarantine.filter(
    (entry) => entry.commit !== commit && (toplevel === null || entry.toplevel !== toplevel),
  );
  return {
    ...facts,
    quarantine: lifted,
    rollbackRow: null,
    failure: facts.failure?.commit === commit ? null : facts.failure,
    awaitsNetwork: facts.awaitsNetwork?.commit === commit ? null : facts.awaitsNetwork,
    spentTesting: facts.spentTesting === commit ? null : facts.spentTesting,
    choice: facts.choice?.commit === commit ? null : facts.choice,
  };
}

/** The facts after `abide accept`: the commit is the floor from here on, and lost state no longer holds the loop. */
export function acceptCommit(facts: Facts, floor: Floor): Facts {
  return { ...facts, floor, hold: null };
}

/** The facts under another configuration: a failure may have been the configuration's, so it gets a new chance. */
export function noticeConfig(facts: Facts, configHash: string): Facts {
  if (facts.configHash === configHash) return facts;
  return { ...facts, configHash, failure: null };
}
