import { endDeployment, type Ending } from './deploy.ts';
import type { Deployment } from './deployment.ts';
import type { Evaluation } from './evaluation.ts';
import type { Facts } from './facts.ts';
import type { Loop } from './loop.ts';
import { rowAfter } from './rollbacks-in-a-row.ts';

/** The facts after the running deployment was undone: its commit and toplevel are quarantined. */
export function quarantineDeployment(loop: Loop, ending: Ending, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const ended = endDeployment(loop.facts, ending, loop.policy.keepDeployments, now);
  return {
    ...ended,
    failure: null,
    goingBack: goingBackAfter(ended, deployment),
    rollbackRow: undone.has(ending.outcome)
      ? rowAfter(ended, deployment, { reason: ending.reason, now })
      : ended.rollbackRow,
    quarantine: [
      ...ended.quarantine.filter(({ commit }) => commit !== deployment.commit),
      {
        commit: deployment.commit,
        toplevel: deployment.toplevel,
        reason: ending.reason ?? 'ActivationFailed',
        since: new Date(now).toISOString(),
        deployment: deployment.id,
        message: byPerson.has(ending.reason ?? '') ? ending.message : null,
      },
    ],
  };
}

/** An order is over when its deployment was judged, whichever way. */
function goingBackAfter({ goingBack }: Facts, { goesBackFrom }: Deployment): Facts['goingBack'] {
  return goesBackFrom === null ? goingBack : null;
}

const undone: ReadonlySet<string> = new Set(['rolled_back', 'rollback_failed']);

/** Reasons that are a person's word, and not what the host showed. */
const byPerson: ReadonlySet<string> = new Set(['Rejected']);

/** The facts after the running deployment was undone for want of a network that nobody has: its commit waits for one. */
export function exonerateDeployment(loop: Loop, message: string, now: number): Facts {
  const { deployment } = loop.facts;
  if (!deployment) return loop.facts;
  const ending: Ending = { outcome: 'rolled_back', reason: 'Inconclusive', message };
  return {
    ...endDeployment(loop.facts, ending, loop.policy.keepDeployments, now),
    goingBack: goingBackAfter(loop.facts, deployment),
    awaitsNetwork: { commit: deployment.commit, since: new Date(now).toISOString() },
  };
}

/** The facts with a commit quarantined because its toplevel was rolled back under another commit. */
export function quarantineTwin(facts: Facts, { commit, toplevel }: Evaluation, now: number): Facts {
  const twin = facts.quarantine.find((entry) => entry.toplevel === toplevel);
  if (!twin || facts.quarantine.some((entry) => entry.commit === commit)) return facts;
  return {
    ...facts,
    failure: null,
    quarantine: [...facts.quarantine, { ...twin, commit, since: new Date(now).toISOString() }],
  };
}
