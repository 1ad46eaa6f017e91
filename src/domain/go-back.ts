import { shortId, type CommitId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { Evaluation } from './evaluation.ts';
import type { Facts, GoingBack } from './facts.ts';
import type { Loop } from './loop.ts';
import type { Observed } from './observed.ts';
import type { BranchRole, Operation } from './remote.ts';
import type { Target } from './target.ts';

/** Where `abide rollback` leads, or in one sentence why nowhere. */
export type WayByHand =
  /** A deployment is on probation: going back is to reject it. */
  | { readonly way: 'reject'; readonly deployment: Deployment }
  | { readonly way: 'deploy'; readonly to: Destination; readonly left: Left }
  | { readonly way: 'none'; readonly message: string };

/** A system to go back to. */
export type Destination = Pick<GoingBack, 'commit' | 'toplevel' | 'remote' | 'branch' | 'operation'>;

/** The system that is left; its deployment where history has it. */
export interface Left {
  readonly commit: CommitId;
  readonly toplevel: string | null;
  readonly branch: BranchRole;
  readonly deployment: string | null;
}

/**
 * The way back by hand: to the system before what is deployed, or to the deployment whose id begins with `id`. Never to
 * what was itself rolled back here, and never from main to what was only a test.
 */
export function wayByHand(loop: Loop, id: string | null): WayByHand {
  const { facts, observed, policy } = loop;
  if (facts.hold) return none(facts.hold.reason);
  if (policy.mode === 'observe') return none('mode is observe: nothing is activated on this host');
  if (!observed) return none('the host could not be looked at yet; try again in a moment');
  if (facts.deployment) return duringDeployment(facts.deployment, id);
  const left = leftBehind(facts, observed);
  if (!left) return none('abide has deployed nothing on this host yet, so there is nothing to go back from');
  return id === null ? toSystemBefore(loop, left) : toDeployment(facts, left, id);
}

/** True when what the pipeline works on is what a person asked to go back to. */
export function isGoingBack({ facts: { goingBack }, target }: Pick<Loop, 'facts' | 'target'>): boolean {
  return (
    goingBack !== null && goingBack.commit === target?.commit && goingBack.operation === target.operation
  );
}

/** The order as what the pipeline works on. */
export function targetBack({ commit, remote, branch, operation, by }: GoingBack): Target {
  return { commit, remote, role: branch, branch, operation, trigger: 'operator', by };
}

/** The order's system in the place of an evaluation: it was built when it was deployed first. */
export function evaluationBack({ commit, toplevel }: GoingBack): Evaluation {
  return {
    commit,
    toplevel,
    derivation: '',
    hostName: null,
    machineId: null,
    configurationRevision: null,
  };
}

/**
 * The facts once a person asked to go back: what is left is quarantined and the loop held in the same moment as the order
 * is there, so that no crash leaves one without the others.
 */
export function orderBack(
  facts: Facts,
  way: Extract<WayByHand, { way: 'deploy' }>,
  said: { readonly reason: string; readonly by: string | null; readonly now: number },
): Facts {
  const { to, left } = way;
  const since = new Date(said.now).toISOString();
  const message = byHandText(said);
  const entry = { commit: left.commit, toplevel: left.toplevel, reason: 'RolledBack', since, message };
  return {
    ...holdBack(facts, said),
    failure: null,
    goingBack: { ...to, from: left.commit, reason: said.reason, by: said.by, since },
    quarantine: [
      ...facts.quarantine.filter(({ commit }) => commit !== left.commit),
      { ...entry, deployment: left.deployment },
    ],
  };
}

/** The facts with the loop held until a person resumes. */
export function holdBack(
  facts: Facts,
  said: { readonly reason: string; readonly by: string | null; readonly now: number },
): Facts {
  const since = new Date(said.now).toISOString();
  const reason = `rolled back by hand: ${said.reason}`;
  return { ...facts, suspended: { reason, by: said.by, since, until: null } };
}

/** Who went back by hand and why, in one line. */
export function byHandText({ by, reason }: { readonly by: string | null; readonly reason: string }): string {
  return `rolled back by hand by ${by ?? 'somebody'}: ${reason}`;
}

function none(message: string): WayByHand {
  return { way: 'none', message };
}

function duringDeployment(deployment: Deployment, id: string | null): WayByHand {
  const { step, commit } = deployment;
  const what = `deployment ${deployment.id} of ${shortId(commit)}`;
  if (step === 'rollback') return none(`${what} is being rolled back already`);
  if (step !== 'probation')
    return none(
      `${what} changes the host, which nothing interrupts; ask again once it is on probation or has ended`,
    );
  if (id === null) return { way: 'reject', deployment };
  return none(
    `${what} is on probation; abide rollback without --to goes back from it, and to an earlier one after that`,
  );
}

/** What an ended deployment of these left running, or set to be started. */
const leaving: ReadonlySet<string | null> = new Set(['committed', 'uncommitted', 'failed']);

function leftBehind({ deployments, expected }: Facts, { current }: Observed): Left | null {
  // What was staged and given up since is not what the host is set to start any more.
  const isSet = ({ outcome, commit, toplevel }: Deployment) =>
    outcome === 'staged' && commit === expected?.commit && toplevel === expected.profile;
  const newest = deployments.find((each) => isSet(each) || leaving.has(each.outcome));
  const isThere = newest && (newest.outcome === 'staged' || newest.toplevel === current);
  if (isThere) {
    const { id, commit, toplevel, branch } = newest;
    return { commit, toplevel, branch, deployment: id };
  }
  return expected && { ...expected, toplevel: expected.current, deployment: null };
}

function toSystemBefore(loop: Loop, left: Left): WayByHand {
  const found = systemsBefore(loop, left);
  const to = found.find((each) => refusalOf(loop.facts, left, each) === null);
  if (to) return { way: 'deploy', to, left };
  const known = `no system before ${shortId(left.commit)} is known here that was not rolled back`;
  const unnamed = loop.facts.deployments.find(({ previous }) => previous.commit === null)?.previous.toplevel;
  return none(unnamed ? `${known}; ${byHandTo(unnamed)}` : known);
}

/** A system from before abide that names no commit: abide could not say what the host then runs. */
function byHandTo(toplevel: string): string {
  return `${toplevel} ran before, but no commit is known to give it: run abide suspend, then nix-env -p ${systemProfile} --set ${toplevel} && ${toplevel}/bin/switch-to-configuration switch`;
}

const systemProfile = '/nix/var/nix/profiles/system';

/** Newest first: each deployment that was kept, and then what ran before it. */
function systemsBefore({ facts, policy }: Loop, left: Left): readonly Destination[] {
  const operation = policy.remotes.find(({ main }) => main)?.main?.operation ?? 'switch';
  return facts.deployments.flatMap((deployment) => {
    const { previous } = deployment;
    const { commit, toplevel } = previous;
    const before = facts.deployments.find((each) => each.toplevel === toplevel && kept.has(each.outcome));
    return [
      ...(kept.has(deployment.outcome) ? [destination(deployment)] : []),
      ...(before ? [destination(before)] : []),
      ...(!before && commit !== null && toplevel !== null
        ? [{ commit, toplevel, remote: null, branch: 'main' as const, operation: forMain(operation, left) }]
        : []),
    ];
  });
}

const kept: ReadonlySet<string | null> = new Set(['committed', 'uncommitted']);

/** What is left for a system that no deployment brought is left for good, so that a boot does not bring it back. */
function forMain(operation: Operation, { branch }: Left): Operation {
  return operation === 'test' && branch === 'main' ? 'switch' : operation;
}

function destination({ commit, toplevel, remote, branch, operation }: Deployment): Destination {
  return { commit, toplevel, remote, branch, operation };
}

function toDeployment(facts: Facts, left: Left, id: string): WayByHand {
  const found = facts.deployments.filter((each) => each.id.startsWith(id));
  const [deployment] = found;
  if (!deployment || found.length > 1) {
    const count = deployment ? `${found.length} deployments begin` : 'no deployment begins';
    return none(`${count} with ${id}; abide history lists them`);
  }
  if (!kept.has(deployment.outcome)) {
    return none(
      `deployment ${deployment.id} ended as ${deployment.outcome}; only one that was committed can be gone back to`,
    );
  }
  const to = destination(deployment);
  const refusal = refusalOf(facts, left, to);
  return refusal === null ? { way: 'deploy', to, left } : none(refusal);
}

function refusalOf(facts: Facts, left: Left, { commit, toplevel, branch }: Destination): string | null {
  const what = `the system of ${shortId(commit)}`;
  if (toplevel === left.toplevel || commit === left.commit) return `${what} is what is deployed now`;
  if (facts.quarantine.some((entry) => entry.commit === commit || entry.toplevel === toplevel)) {
    return `${what} was itself rolled back here; abide retry ${shortId(commit)} lifts that`;
  }
  if (branch === 'testing' && left.branch === 'main') {
    return `${what} was a test, which no boot starts; go back to a deployment of main`;
  }
  return null;
}
