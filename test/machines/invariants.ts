import type { SnapshotFrom } from 'xstate';
import { isForOtherMachine, needsOnlyCommit } from '../../src/domain/after-evaluation.ts';
import type { Deployment, DeploymentOutcome } from '../../src/domain/deployment.ts';
import type { Facts } from '../../src/domain/facts.ts';
import { isGoingBack } from '../../src/domain/go-back.ts';
import { consentTo } from '../../src/domain/confirmation.ts';
import { isInspected } from '../../src/domain/inspection.ts';
import { maxSupersessions } from '../../src/domain/policy.ts';
import { rulesFor } from '../../src/domain/probation.ts';
import { openRow } from '../../src/domain/rollbacks-in-a-row.ts';
import { selectFor } from '../../src/domain/select-for.ts';
import { unguardedHandover } from '../../src/domain/unguarded-handover.ts';
import { isForOther } from '../../machines/handover.ts';
import * as hearing from '../../machines/hearing.ts';
import type { reconcilerMachine } from '../../machines/reconciler.ts';

export type Snapshot = SnapshotFrom<typeof reconcilerMachine>;

/** One transition of the reconciler, seen from outside: a whole macrostep. */
export interface Transition {
  readonly before: Snapshot;
  readonly event: { readonly type: string };
  readonly after: Snapshot;
}

/** The pipeline's state as one word, such as `activating.switching`. */
export function pipelineOf({ value }: Snapshot): string {
  const { pipeline } = value as { pipeline: string | Record<string, string> };
  return typeof pipeline === 'string' ? pipeline : Object.entries(pipeline)[0]!.join('.');
}

/** What a snapshot breaks, as sentences; empty when all is well. */
export function brokenIn(snapshot: Snapshot): string[] {
  const pipeline = pipelineOf(snapshot);
  const { deployment } = snapshot.context.facts;
  const rules: [boolean, string][] = [
    [snapshot.status === 'active', `the actor is ${snapshot.status}: ${String(snapshot.error)}`],
    [
      pipeline === 'observing' || changesHost(pipeline) === (deployment !== null),
      'a deployment runs exactly while the host is changed',
    ],
    [pipeline === 'observing' || isJournalled(pipeline, deployment), `the journal says ${deployment?.step}`],
    [deployment === null || deployment.outcome === null, 'a running deployment has no outcome'],
    [areDistinct(snapshot.context.facts.deployments), 'two deployments share an id'],
  ];
  return failed(rules, pipeline);
}

/** What a transition breaks, as sentences; empty when all is well. */
export function brokenBy(transition: Transition): string[] {
  const { before, after, event } = transition;
  const way = `${pipelineOf(before)} --${event.type}--> ${pipelineOf(after)}`;
  const rules = [
    ...activationRules(transition),
    ...endRules(transition),
    ...memoryRules(transition),
    ...mustLeaveRules(after),
  ];
  return [...failed(rules, way), ...brokenIn(after)];
}

function failed(rules: readonly (readonly [boolean, string])[], where: string): string[] {
  return rules.filter(([holds]) => !holds).map(([, rule]) => `${where}: ${rule}`);
}

function changesHost(pipeline: string): boolean {
  return /^(activating|probation|committing|rollingBack)/.test(pipeline);
}

const steps: Readonly<Record<string, readonly string[]>> = {
  // A trial that a crash cut off while it was being armed begins at its pins again.
  'activating.preparing': ['prepare', 'arm'],
  'activating.comparing': ['preflight'],
  'activating.checking': ['preflight'],
  'activating.arming': ['arm'],
  'activating.switching': ['switch'],
  'activating.looking': ['look'],
  'activating.lookingAgain': ['look'],
  'activating.pausing': ['look'],
  'probation.settling': ['probation'],
  'probation.probing': ['probation'],
  'probation.pausing': ['probation'],
  'probation.handingOver': ['probation'],
  'probation.handedOver': ['probation'],
  'committing.passing': ['passed'],
  'committing.passingAgain': ['passed'],
  'committing.restoring': ['passed', 'profile', 'loader'],
  'committing.restoringAgain': ['passed', 'profile', 'loader'],
  'committing.profile': ['profile'],
  'committing.loader': ['loader'],
  'committing.finishing': ['loader', 'passed'],
  'committing.leaving': ['profile', 'loader'],
  'rollingBack.running': ['rollback'],
  'rollingBack.pausing': ['rollback'],
  'rollingBack.reviewing': ['rollback'],
  'rollingBack.rebooting': ['rollback'],
};

function isJournalled(pipeline: string, deployment: Deployment | null): boolean {
  if (!changesHost(pipeline)) return true;
  return steps[pipeline]?.includes(deployment?.step ?? '') ?? false;
}

function areDistinct(deployments: readonly Deployment[]): boolean {
  return new Set(deployments.map(({ id }) => id)).size === deployments.length;
}

/** A deployment that begins here and now, not one that an earlier daemon left. */
function begins({ before, after }: Transition): boolean {
  return before.context.facts.deployment === null && after.context.facts.deployment !== null;
}

function activationRules(transition: Transition): [boolean, string][] {
  const { context } = transition.after;
  const { facts } = context;
  const { deployment } = facts;
  if (!begins(transition) || !deployment) return [];
  if (deployment.trigger === 'boot') return trialRules(deployment, transition);
  const { desired } = selectFor(context);
  const isDesired = desired?.commit === deployment.commit && desired.operation === deployment.operation;
  const byHand = deployment.goesBackFrom !== null;
  const isFromGate = ['gating', 'admitting', 'building', 'evaluating'].includes(
    pipelineOf(transition.before),
  );
  return [
    [isFromGate || byHand, 'a deployment begins at the gate'],
    [context.target?.commit === deployment.commit, 'the deployment is of the target'],
    [
      isDesired || byHand || context.supersessions >= maxSupersessions,
      'an activation is of the desired commit',
    ],
    [byHand || context.offers === context.heard, 'an activation begins when all that was heard is assessed'],
    [byHand || facts.suspended === null, 'no activation begins while suspended'],
    [
      !byHand || deployment.commit === facts.goingBack?.commit,
      'what goes back by hand is what a person asked for',
    ],
    [facts.hold === null, 'no activation begins while state is lost'],
    [context.policy.mode === 'enforce', 'mode observe activates nothing'],
    [
      context.evaluation !== null && !isForOtherMachine(context, context.evaluation),
      'no activation of the configuration of another machine',
    ],
    [isInspected(context), 'what is activated is built and was looked into'],
    [
      byHand || context.admitted || !context.policy.hooks.includes('preActivate') || needsOnlyCommit(context),
      'no activation begins before hooks.preActivate let it pass',
    ],
    [
      context.inspection?.removal === null ||
        context.policy.allowRemovingAbide ||
        isGoingBack(context) ||
        consentTo(facts, deployment.commit) !== null,
      'no activation of a system without abide but by consent',
    ],
    [
      unguardedHandover(context) === null ||
        context.policy.allowRemovingAbide ||
        isGoingBack(context) ||
        consentTo(facts, deployment.commit) !== null,
      'no abide is changed without a way back but by consent',
    ],
    [context.waiting === null, 'no activation begins at a shut gate'],
    [
      !pipelineOf(transition.after).startsWith('committing') || hasPassedBefore(facts, deployment.toplevel),
      'what is committed without a probation has passed one here',
    ],
    [
      deployment.inPlace ===
        (pipelineOf(transition.after) !== 'committing.passing' && runs(transition.after)),
      'what runs is not activated, but looked at in its place',
    ],
    [
      !deployment.inPlace || deployment.previous.toplevel !== deployment.toplevel,
      'what is looked at in its place is no way back from itself',
    ],
    [
      facts.quarantine.every(
        ({ commit, toplevel }) => commit !== deployment.commit && toplevel !== deployment.toplevel,
      ),
      'no activation of what is quarantined',
    ],
  ];
}

function runs({ context: { observed, facts } }: Snapshot): boolean {
  return observed?.current === facts.deployment?.toplevel;
}

/** By the newest deployment of the system that had it running, or because it was booted and proved itself then. */
function hasPassedBefore({ deployments, bootProven }: Facts, toplevel: string): boolean {
  const newest = deployments.find(
    (past) =>
      past.toplevel === toplevel &&
      (past.inPlace || past.trigger === 'boot' || (past.operation !== 'boot' && past.staged === null)) &&
      past.outcome !== 'staged',
  );
  const isBooted = bootProven?.some((proven) => proven.toplevel === toplevel) ?? false;
  return newest ? ['committed', 'uncommitted'].includes(newest.outcome ?? '') : isBooted;
}

/** The probation of a first boot begins by itself: nothing is activated, so neither gates nor selection have a say. */
function trialRules(deployment: Deployment, { after }: Transition): [boolean, string][] {
  const { facts, observed, policy } = after.context;
  const { toplevel, previous } = deployment;
  const isProven = (system: string | null) =>
    facts.bootOnce?.fallback === system ||
    (facts.bootProven?.some((proven) => proven.toplevel === system) ?? false);
  if (deployment.step === 'rollback') {
    const { bootOnce } = facts;
    return [
      [bootOnce?.toplevel === toplevel && bootOnce.fallback === observed?.booted, 'the loader has gone back'],
      [pipelineOf(after) === 'rollingBack.running', 'what the loader did is made good'],
    ];
  }
  return [
    [pipelineOf(after) === 'activating.preparing', 'a trial begins with its way back'],
    [observed?.booted === toplevel && observed.current === toplevel, 'a trial is of what booted and runs'],
    [facts.expected?.current === toplevel, 'a trial is of what was deployed'],
    [!isProven(toplevel), 'what is boot-proven has no trial'],
    [previous.toplevel === null || isProven(previous.toplevel), 'a trial goes back to what is boot-proven'],
    [facts.hold === null && policy.mode === 'enforce', 'no trial while abide only looks on'],
    [facts.quarantine.every((entry) => entry.toplevel !== toplevel), 'no trial of what was undone before'],
  ];
}

/** Which events end each state that changes the host: its own effect's end, or its own timer. */
const ends: Readonly<Record<string, readonly RegExp[]>> = {
  'activating.preparing': [/\.actor\.prepare$/],
  'activating.comparing': [/\.actor\.compare$/],
  'activating.checking': [/\.actor\.check$/],
  'activating.arming': [/\.actor\.arm$/],
  'activating.switching': [/\.actor\.activate$/],
  'activating.looking': [/\.actor\.look$/],
  'activating.lookingAgain': [/^xstate\.after\.moment\./],
  'activating.pausing': [/^xstate\.after\.moment\./],
  'probation.settling': [/^xstate\.after\.probation\./],
  'probation.probing': [/\.actor\.probe$/],
  'probation.pausing': [/^xstate\.after\.probation\./],
  'probation.handingOver': [/\.actor\.handOver$/],
  'probation.handedOver': [/^xstate\.after\.handOverAgain\./],
  'committing.passing': [/\.actor\.disarm$/],
  'committing.passingAgain': [/^xstate\.after\.moment\./],
  'committing.restoring': [/\.actor\.restore$/],
  'committing.restoringAgain': [/^xstate\.after\.rollbackRetry\./],
  'committing.profile': [/\.actor\.setProfile$/],
  'committing.loader': [/\.actor\.installLoader$/],
  'committing.finishing': [/\.actor\.finish$/],
  'committing.leaving': [/\.actor\.look$/],
  'rollingBack.running': [/\.actor\.rollBack$/],
  'rollingBack.reviewing': [/\.actor\.review$/],
  'rollingBack.pausing': [/^xstate\.after\.rollbackRetry\./, /^host\.observed$/],
  'rollingBack.rebooting': [/\.actor\.reboot$/],
};

const next: Readonly<Record<string, RegExp>> = {
  'activating.preparing': /^(activating\.(comparing|arming)|ended)$/,
  'activating.comparing': /^(activating\.checking|committing\.passing|ended)$/,
  'activating.checking': /^(activating\.arming|committing\.passing|ended)$/,
  'activating.arming': /^(activating\.switching|probation\.(settling|probing)|ended)$/,
  // Whatever failed, the links are looked at before anything is said to be over.
  'activating.switching': /^activating\.looking$/,
  'activating.looking':
    /^(activating\.(lookingAgain|pausing)|probation\.(settling|probing|handingOver)|rollingBack\.running|committing\.passing|gating|ended)$/,
  'activating.lookingAgain': /^activating\.looking$/,
  'activating.pausing': /^activating\.switching$/,
  'probation.settling': /^(probation\.probing|rollingBack\.running|ended)$/,
  'probation.probing': /^(probation\.pausing|committing\.passing|rollingBack\.running|ended)$/,
  'probation.pausing': /^(probation\.probing|committing\.passing|rollingBack\.running|ended)$/,
  'probation.handingOver': /^(probation\.handedOver|rollingBack\.running|ended)$/,
  'probation.handedOver': /^(probation\.handingOver|rollingBack\.running|ended)$/,
  'committing.passing': /^(committing\.(passingAgain|profile|loader|finishing)|rollingBack\.running|ended)$/,
  'committing.passingAgain': /^committing\.passing$/,
  'committing.restoring': /^(committing\.restoringAgain|ended)$/,
  'committing.restoringAgain': /^committing\.restoring$/,
  'committing.profile': /^committing\.(loader|leaving)$/,
  'committing.loader': /^committing\.(finishing|leaving)$/,
  'committing.finishing': /^ended$/,
  'committing.leaving': /^ended$/,
  'rollingBack.running': /^(rollingBack\.(pausing|rebooting|reviewing)|ended)$/,
  'rollingBack.reviewing': /^ended$/,
  'rollingBack.pausing': /^rollingBack\.(running|rebooting)$/,
  'rollingBack.rebooting': /^rollingBack\.pausing$/,
};

const outcomes: ReadonlySet<DeploymentOutcome | null> = new Set<DeploymentOutcome | null>([
  'committed',
  'staged',
  'uncommitted',
  'rolled_back',
  'rollback_failed',
  'failed',
  'interrupted',
]);

function endRules(transition: Transition): [boolean, string][] {
  const { before, event, after } = transition;
  const from = pipelineOf(before);
  const to = pipelineOf(after);
  const isHome = event.type === 'xstate.init' || from === 'observing';
  if (isHome || !changesHost(from)) return [];
  const deployment = before.context.facts.deployment!;
  const isOver = after.context.facts.deployments.some(({ id }) => id === deployment.id);
  const left = isOver || isPutOff(from, deployment, after) ? 'ended' : to;
  const ended = after.context.facts.deployments.find(({ id }) => id === deployment.id);
  return [
    [
      from === to ||
        ends[from]!.some((own) => own.test(event.type)) ||
        isCutShort(transition) ||
        (['reject', 'rollback'].includes(event.type) && from.startsWith('probation')),
      'it has no way out but its own end',
    ],
    [
      !deployment.inPlace || !/^activating\.(comparing|checking|switching|looking)/.test(to),
      'what runs already is not activated',
    ],
    [
      from !== 'activating.arming' ||
        !to.startsWith('probation') ||
        deployment.trigger === 'boot' ||
        deployment.inPlace,
      'what does not run yet is not put on probation',
    ],
    [
      !to.startsWith('activating.arming') ||
        deployment.trigger === 'boot' ||
        deployment.inPlace ||
        (deployment.operation !== 'boot' && deployment.staged === null),
      'what only a boot brings is never switched to',
    ],
    [
      !from.startsWith('activating') ||
        !to.startsWith('committing') ||
        after.context.facts.deployment!.exitCode === 100 ||
        after.context.facts.deployment!.operation === 'boot' ||
        after.context.facts.deployment!.staged !== null,
      'what is not switched to is committed only for the next boot',
    ],
    [
      !from.startsWith('probation') || !to.startsWith('committing') || hasProved(after),
      'only what has proved itself is committed',
    ],
    [
      !from.startsWith('probation') || !to.startsWith('committing') || !isForOther(after.context),
      'a new abide is committed by itself alone',
    ],
    [from === to || (next[from]?.test(left) ?? false), `nothing leads from it to ${left}`],
    [!isOver || outcomes.has(ended!.outcome), `the outcome is ${ended?.outcome}`],
    [
      ended?.outcome !== 'interrupted' || from.startsWith('committing.restoring'),
      'only a reboot interrupts a deployment',
    ],
    [!isOver || (ended!.step === null && ended!.endedAt !== null), 'an ended deployment is at no step'],
    [
      to !== 'gating' || isOver || after.context.waiting !== null,
      'a deployment is put off only by a shut gate',
    ],
    [
      left === 'ended' || after.context.facts.deployment?.id === deployment.id,
      'there is never more than one deployment at a time',
    ],
    [
      !isUndone(ended) ||
        isQuarantined(after.context.facts, deployment) ||
        (ended?.reason === 'Inconclusive' && after.context.facts.awaitsNetwork?.commit === deployment.commit),
      'what was rolled back is quarantined, or waits for the network',
    ],
  ];
}

/** A probation that is failing gives way to a newer commit. */
function isCutShort({ before, after }: Transition): boolean {
  const { round, facts } = before.context;
  const { desired } = selectFor(after.context);
  return (
    pipelineOf(before).startsWith('probation') &&
    round?.standing === 'failing' &&
    desired !== null &&
    (desired.commit !== facts.deployment?.commit || desired.operation !== facts.deployment.operation)
  );
}

/** All checks held at the newest look, for long enough, and in time. */
function hasProved({ context }: Snapshot): boolean {
  const { round, policy, facts } = context;
  const clock = facts.probation?.clock;
  const { stableForMs, deadlineMs } = rulesFor(policy.probation, facts.deployment!.branch);
  return (
    (facts.deployment!.confirmation === null || facts.deployment!.confirmation.at !== null) &&
    round?.standing === 'holding' &&
    clock?.steadySince !== null &&
    clock !== undefined &&
    clock !== null &&
    round.endedAt - clock.steadySince >= stableForMs &&
    round.endedAt <= clock.activatedAt + deadlineMs
  );
}

/** Nothing happened and a gate shut, at which the target stands or which it left because another commit is desired. */
function isPutOff(
  from: string,
  { exitCode, operation, commit }: Deployment,
  { context, value }: Snapshot,
): boolean {
  const isPreflight =
    ['activating.preparing', 'activating.checking'].includes(from) ||
    (from === 'activating.comparing' && operation === 'test');
  const shuts = isPreflight || exitCode === 11 || (exitCode === 100 && operation === 'test');
  const stands = (value as { pipeline: unknown }).pipeline === 'gating' && context.waiting !== null;
  // What was put off leaves the host free for the trial of a system that has booted meanwhile.
  const { deployment } = context.facts;
  const isFree = deployment === null || (deployment.trigger === 'boot' && deployment.commit !== commit);
  return shuts && isFree && (stands || context.target?.commit !== commit);
}

function isUndone(ended: Deployment | undefined): boolean {
  return ended?.outcome === 'rolled_back' || ended?.outcome === 'rollback_failed';
}

function isQuarantined({ quarantine }: Facts, { commit, toplevel }: Deployment): boolean {
  return quarantine.some((entry) => entry.commit === commit && entry.toplevel === toplevel);
}

/** What the host must never forget, and what only certain ends may change. */
function memoryRules({ before, event, after }: Transition): [boolean, string][] {
  const was = before.context;
  const is = after.context;
  const from = pipelineOf(before);
  const committed =
    from.startsWith('committing') && was.facts.deployment?.branch === 'main' ? was.facts.deployment : null;
  const recorded =
    event.type === 'xstate.done.actor.evaluate' && was.target?.role === 'main' ? was.target : null;
  const raised = committed ?? recorded;
  const wasFloor = was.facts.floor?.commit ?? null;
  const isFloor = is.facts.floor?.commit ?? null;
  const lost = was.facts.quarantine.filter(({ commit }) =>
    is.facts.quarantine.every((entry) => entry.commit !== commit),
  );
  const isReboot = is.facts.lastResort !== was.facts.lastResort;
  const undone = was.facts.deployment?.id ?? was.facts.unwell?.deployment;
  const mayExpect =
    /\.actor\.(finish|evaluate)$/.test(event.type) ||
    (event.type.endsWith('.actor.look') &&
      ['profile', 'loader'].includes(was.facts.deployment?.step ?? '')) ||
    (event.type === 'host.observed' && is.facts.bootId !== was.facts.bootId) ||
    isTrialUndone(was.facts, is.facts);
  return [
    [
      isFloor === wasFloor || event.type === 'accept' || isFloor === raised?.commit,
      'the floor moves by a commit of main or by accept',
    ],
    [isFloor !== null || wasFloor === null, 'the floor is never lost'],
    [
      !isReboot ||
        (is.facts.lastResort?.deployment === undone && undone !== was.facts.lastResort?.deployment),
      'no deployment reboots the host twice',
    ],
    [
      !isReboot || (is.policy.rollback.lastResort === 'reboot' && is.observed?.bootDefault !== null),
      'the host is rebooted only where that is asked for and leads somewhere known',
    ],
    [
      is.facts.unwell !== null ||
        was.facts.unwell === null ||
        /\.actor\.(lookAgain|review)$/.test(event.type) ||
        is.facts.deployment !== null,
      'an unwell system is forgotten only when it is well or something newer comes',
    ],
    [lost.length === 0 || event.type === 'retry', 'only retry lifts a quarantine'],
    [
      is.facts.expected === was.facts.expected || mayExpect,
      'expected moves only by what a deployment left, or a reboot',
    ],
    [
      isRow(was.facts.pendingHooks, is.facts.pendingHooks) ||
        event.type === 'xstate.done.actor.runHook' ||
        event.type === 'xstate.error.actor.runHook',
      'only its own end settles a hook that is owed',
    ],
    [
      is.facts.suspended === was.facts.suspended || isSuspending(event.type),
      'only people and time move the suspension',
    ],
  ];
}

function isTrialUndone({ deployment }: Facts, { deployments: [ended] }: Facts): boolean {
  return deployment?.trigger === 'boot' && ended?.id === deployment.id && ended.outcome === 'rolled_back';
}

/** True when the later list begins as the earlier one is, whatever was added. */
function isRow(was: readonly unknown[], is: readonly unknown[]): boolean {
  return was.every((entry, index) => entry === is[index]);
}

function isSuspending(type: string): boolean {
  return ['suspend', 'resume', 'rollback'].includes(type) || type.startsWith('xstate.after.suspension.');
}

/** States that are left at once when they are not wanted any more. */
function mustLeaveRules(after: Snapshot): [boolean, string][] {
  const { context } = after;
  const { desired } = selectFor(context);
  const to = pipelineOf(after);
  const byHand = context.facts.goingBack !== null;
  const isHeld = !byHand && (context.facts.suspended !== null || context.facts.hold !== null);
  if (!['evaluating', 'building', 'gating', 'admitting', 'backoff', 'stalled'].includes(to)) return [];
  const isFresh = hearing.isFresh(context);
  const isWanted =
    isGoingBack(context) ||
    (desired?.commit === context.target?.commit && desired?.operation === context.target?.operation);
  const mayBePinned =
    ['evaluating', 'building', 'gating', 'admitting'].includes(to) &&
    context.supersessions >= maxSupersessions;
  return [
    [!isHeld, 'it is left at once when suspended'],
    [!isFresh || isWanted || mayBePinned, 'it is left at once when another commit is desired'],
    [to !== 'gating' || context.waiting !== null || !isFresh, 'the loop stands at a gate only with a reason'],
    [
      to !== 'stalled' || isStalled(context.facts, context.target?.commit) || openRow(context) !== null,
      'the loop stalls only on a failure, a quarantine or a row of rollbacks',
    ],
  ];
}

function isStalled({ failure, quarantine }: Facts, commit: string | undefined): boolean {
  return failure?.commit === commit || quarantine.some((entry) => entry.commit === commit);
}
