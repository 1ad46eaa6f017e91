import { isCommitId, shortId } from './commit.ts';
import { isTrial, type Deployment } from './deployment.ts';

/** Why nothing goes back from a deployment that fails, in one clause for people; null where something does. */
export function whyItStays(deployment: Deployment): string | null {
  const { noRollback, noWayBack, previous, inPlace } = deployment;
  if (noRollback !== null) return notByItself(noRollback);
  if (noWayBack !== null || previous.toplevel !== null) return noWayBack;
  if (isTrial(deployment)) return 'no other system has proved that it boots here';
  return `no other system ${inPlace ? 'is known here' : 'ran before'}: there is nothing to go back to`;
}

/** Why a failure is not undone, in one clause for people. */
export function notByItself(noRollback: string): string {
  return `nothing goes back by itself (${rollbackSwitch(noRollback)})`;
}

/** What of a deployment keeps a failure from being undone by itself, for people: a commit's trailer, or a key of the configuration. */
export function rollbackSwitch(noRollback: string): string {
  const isCommit: boolean = isCommitId(noRollback);
  return isCommit ? `Abide-Rollback: no in ${shortId(noRollback)}` : `${noRollback}: false`;
}
