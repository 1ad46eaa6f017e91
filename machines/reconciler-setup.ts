import { assign, enqueueActions, setup } from 'xstate';
import { afterEvaluation, needsOnlyCommit, type AfterEvaluation } from '../src/domain/after-evaluation.ts';
import { afterSwitch, hasWayBack, switchProblem } from '../src/domain/after-switch.ts';
import type { Ancestry } from '../src/domain/ancestry.ts';
import type { CheckSeen } from '../src/domain/check.ts';
import { decide, type Decision } from '../src/domain/decide.ts';
import { isTrial, type DeploymentStep, type SwitchResult, type WentBack } from '../src/domain/deployment.ts';
import { isStaged } from '../src/domain/staged.ts';
import type { Evaluation } from '../src/domain/evaluation.ts';
import { closedGate, isNetworkBack, isOpened } from '../src/domain/gate.ts';
import { isGoingBack } from '../src/domain/go-back.ts';
import { isInspected, type Inspection } from '../src/domain/inspection.ts';
import { enterStep, isHeldByLoader, keepLoader, type LoaderInstalled } from '../src/domain/boot-once.ts';
import type { HookResult } from '../src/domain/hook.ts';
import type { Observed } from '../src/domain/observed.ts';
import { isCheckable, type Comparison } from '../src/domain/preflight.ts';
import type { ProbationStep } from '../src/domain/probation.ts';
import type { Probe } from '../src/domain/probe.ts';
import { toProblem } from '../src/domain/problem.ts';
import type { SwitchVerdict } from '../src/domain/switch-verdict.ts';
import { actors } from './actors.ts';
import { delays } from './delays.ts';
import * as deploying from './deploying.ts';
import * as hooking from './hooking.ts';
import { isForOther, tellHandover } from './handover.ts';
import * as hearing from './hearing.ts';
import * as obeying from './obeying.ts';
import * as proving from './proving.ts';
import * as probing from './probing.ts';
import * as recovery from './recovery.ts';
import * as stalling from './stalling.ts';
import type {
  ReconcilerContext,
  ReconcilerEmitted,
  ReconcilerEvent,
  ReconcilerInput,
} from './reconciler-context.ts';
import { take } from './turn.ts';
import * as working from './working.ts';

/** The reconciler's parts by name; the composition root provides the actors, and every guard is a pure decision. */
export const reconcilerSetup = setup({
  types: {
    input: {} as ReconcilerInput,
    context: {} as ReconcilerContext,
    events: {} as ReconcilerEvent,
    emitted: {} as ReconcilerEmitted,
  },
  actors,
  guards: {
    observed: ({ context }) => context.observed !== null,
    suspended: ({ context }) => context.facts.suspended !== null,
    resumed: ({ context }) => context.facts.suspended === null,
    suspensionOver: ({ context }) => obeying.suspensionIsOver(context),
    unassessed: ({ context }) => !hearing.isAssessed(context),
    assessingOther: ({ context }) => context.assessing !== hearing.question(context).join(),
    servable: ({ context }) => hearing.isServable(context),
    next: ({ context }, { is }: { is: Decision['do'] }) =>
      (hearing.isFresh(context) || context.facts.goingBack !== null) &&
      decide(context, context.now()).do === is,
    decidesTo: ({ context }, { what }: { what: Decision['do'] }) =>
      decide(context, context.now()).do === what,
    looksOnly: ({ context: { facts } }) =>
      facts.deployment !== null && (isTrial(facts.deployment) || facts.deployment.inPlace),
    resumesAt: ({ context }, { steps }: { steps: readonly DeploymentStep[] }) => {
      const decision = decide(context, context.now());
      return decision.do === 'resume' && steps.includes(decision.step);
    },
    superseded: ({ context }) => hearing.isLeftBehind(context),
    fresh: ({ context }) => hearing.isFresh(context) || isGoingBack(context),
    asked: ({ context }) => context.asked !== null,
    leadsTo: ({ context }, { evaluation, to }: { evaluation: Evaluation; to: AfterEvaluation }) =>
      afterEvaluation(context, evaluation, context.now()) === to,
    waits: (_, { error }: { error: unknown }) => toProblem(error).code === 'not_in_cache',
    shut: ({ context }) => closedGate(context, context.now()) !== null,
    openedMeanwhile: ({ context }) => isNetworkBack(context) || isOpened(context, context.now()),
    givenUp: ({ context }) =>
      !isGoingBack(context) &&
      context.facts.quarantine.some(({ commit }) => commit === context.target?.commit),
    inspected: ({ context }) => isInspected(context),
    // No hook holds up a person's way back.
    admitted: ({ context }) => hooking.isAdmitted(context) || isGoingBack(context),
    hookIsFine: (_, { result }: { result: HookResult }) => hooking.isFine(result),
    hookIsOwed: ({ context }) => hooking.isOwed(context),
    hookIsForgotten: ({ context }) => hooking.owed(context) !== null && !hooking.isOwed(context),
    onlyCommit: ({ context }) => needsOnlyCommit(context),
    needsReboot: ({ context }, { comparison }: { comparison: Comparison }) =>
      deploying.waitsForReboot(context, comparison),
    checkable: (_, { comparison }: { comparison: Comparison }) => isCheckable(comparison),
    lockHeld: (_, { error }: { error: unknown }) => toProblem(error).code === 'activation_busy',
    activates: ({ context: { facts } }) => facts.deployment !== null && !isStaged(facts.deployment),
    movesProfile: ({ context: { facts } }) =>
      facts.deployment !== null && facts.deployment.operation !== 'test' && !isTrial(facts.deployment),
    heldByLoader: ({ context }) => isHeldByLoader(context.facts),
    gave: ({ context }, { observed, verdict }: { observed: Observed; verdict: SwitchVerdict['verdict'] }) =>
      afterSwitch(context, observed).verdict === verdict,
    hasWayBack: ({ context }) => hasWayBack(context),
    wayBackTaken: ({ context }, { error }: { error: unknown }) =>
      hasWayBack(context) && toProblem(error).code === 'way_back_taken',
    probationDoes: ({ context }, { what }: { what: ProbationStep['do'] }) =>
      probing.probationStep(context).do === what,
    probationFailed: ({ context }) => probing.endsBy(context, 'probationFailed'),
    probationOver: ({ context }) => probing.endsBy(context, 'probationOver'),
    rejected: ({ context }) => probing.endsBy(context, 'rejected'),
    undoable: ({ context }, { when }: { when: probing.ProbationEnd }) =>
      hasWayBack(context) && probing.endsBy(context, when),
    isForOther: ({ context }) => isForOther(context),
    unwell: ({ context }) => recovery.isUnwell(context),
    rebootDue: ({ context }) => recovery.isRebootDue(context),
    networkLost: ({ context }, { after }: { after: readonly CheckSeen[] }) =>
      probing.isNetworkLost(context, after),
  },
  delays,
  actions: {
    spawnChildren: enqueueActions(({ context, enqueue }) => {
      const { machineId, now, random } = context;
      enqueue.spawnChild('observer', { id: 'observer', input: { intervalMs: context.observeEveryMs } });
      for (const { name, pollMs } of context.polls) {
        enqueue.spawnChild('remote', {
          id: `remote:${name}`,
          input: { name, pollMs, machineId, now, random },
        });
      }
    }),
    pollRemote: enqueueActions(({ enqueue }, { remote }: { remote: string }) => {
      enqueue.sendTo(`remote:${remote}`, { type: 'poll' });
    }),
    pollAll: enqueueActions(({ context, enqueue }) => {
      for (const { name } of context.polls) enqueue.sendTo(`remote:${name}`, { type: 'poll' });
    }),
    lookEverywhere: enqueueActions(({ context, enqueue }, { token }: { token: string }) => {
      enqueue.sendTo('observer', { type: 'look', token });
      for (const { name } of context.polls) enqueue.sendTo(`remote:${name}`, { type: 'poll', token });
      enqueue.assign(hearing.request(context, token));
    }),
    startAssessing: assign(({ context }) => ({ assessing: hearing.question(context).join() })),
    hear: enqueueActions(({ context, event, enqueue }) => take(enqueue, hearing.hear(context, event))),
    serve: enqueueActions(({ context, enqueue }) => take(enqueue, hearing.serve(context))),
    assess: enqueueActions(({ context, enqueue }, { ancestry }: { ancestry: Ancestry }) =>
      take(enqueue, hearing.assess(context, ancestry, hearing.question(context).join())),
    ),
    assessmentFailed: enqueueActions(({ enqueue }, { error }: { error: unknown }) =>
      take(enqueue, hearing.assessmentFailed(toProblem(error))),
    ),
    obey: enqueueActions(({ context, event, enqueue }) => take(enqueue, obeying.obey(context, event))),
    endSuspension: enqueueActions(({ context, enqueue }) => take(enqueue, obeying.endSuspension(context))),
    rest: assign(() => working.rest()),
    aim: enqueueActions(({ context, enqueue }) =>
      take(enqueue, working.aim(context, decide(context, context.now()))),
    ),
    planBack: assign(({ context }) => working.planBack(context)),
    adopt: assign(({ context }) => working.adopt(context)),
    startPhase: assign(({ context }) => ({ phaseSince: context.now() })),
    endPhase: enqueueActions(({ context, enqueue }, { phase }: { phase: string }) =>
      take(enqueue, working.endPhase(context, phase)),
    ),
    supersede: enqueueActions(({ context, enqueue }) => take(enqueue, working.supersede(context))),
    keepEvaluation: assign(({ context }, { evaluation }: { evaluation: Evaluation }) =>
      working.keepEvaluation(context, evaluation),
    ),
    recordNoChange: enqueueActions(({ context, enqueue }) => take(enqueue, working.recordNoChange(context))),
    refuse: enqueueActions(({ context, enqueue }) => take(enqueue, stalling.refuse(context))),
    keepBuilt: assign((_, { inspection }: { inspection: Inspection }) => ({ built: true, inspection })),
    waitForCache: enqueueActions(({ context, enqueue }, { error }: { error: unknown }) =>
      take(enqueue, working.waitForCache(context, toProblem(error))),
    ),
    admit: assign(() => hooking.admit()),
    waitForHook: enqueueActions(({ context, enqueue }, { fault }: { fault: string }) =>
      take(enqueue, hooking.waitForHook(context, fault)),
    ),
    settleHook: enqueueActions(({ context, enqueue }, { fault }: { fault: string | null }) =>
      take(enqueue, hooking.settleHook(context, fault)),
    ),
    gate: enqueueActions(({ context, enqueue }) => take(enqueue, working.gate(context))),
    fail: enqueueActions(({ context, enqueue }, params: { phase: working.FailingPhase; error: unknown }) =>
      take(enqueue, working.fail(context, params.phase, toProblem(params.error))),
    ),
    keepLoader: assign(({ context }, { installed }: { installed: LoaderInstalled }) => ({
      facts: keepLoader(context.facts, installed),
    })),
    beginFallingBack: enqueueActions(({ context, enqueue }) =>
      take(enqueue, proving.beginFallingBack(context)),
    ),
    beginProving: enqueueActions(({ context, enqueue }) => take(enqueue, proving.beginProving(context))),
    begin: enqueueActions(({ context, enqueue }) => take(enqueue, deploying.begin(context))),
    step: assign(({ context }, { step }: { step: DeploymentStep }) => ({
      facts: enterStep(context.facts, step),
    })),
    keepResult: assign(({ context }, { result }: { result: SwitchResult }) =>
      deploying.keepResult(context, result),
    ),
    keepFault: assign((_, { error }: { error: unknown }) => ({
      switched: null,
      fault: toProblem(error),
    })),
    keepObserved: assign((_, { observed }: { observed: Observed }) => ({ observed })),
    keepBaseline: assign(({ context }, { before }: { before: readonly CheckSeen[] | null }) =>
      probing.keepBaseline(context, before),
    ),
    keepArmed: assign(({ context }, { noWayBack }: { noWayBack: string | null }) =>
      deploying.keepArmed(context, noWayBack),
    ),
    beginProbation: enqueueActions(({ context, enqueue }) => take(enqueue, probing.beginProbation(context))),
    noticeSleep: enqueueActions(({ context, enqueue }) => take(enqueue, probing.noticeSleeping(context))),
    tellHandover: enqueueActions(({ context, enqueue }) => take(enqueue, tellHandover(context))),
    keepProbe: enqueueActions(({ context, enqueue }, { probe }: { probe: Probe }) =>
      take(enqueue, probing.keepProbe(context, probe)),
    ),
    probeFailed: enqueueActions(({ context, enqueue }, { error }: { error: unknown }) =>
      take(enqueue, probing.probeFailed(context, toProblem(error))),
    ),
    recordExoneration: enqueueActions(({ context, enqueue }) =>
      take(enqueue, probing.recordExoneration(context)),
    ),
    tryAgain: assign(({ context }) => deploying.tryAgain(context)),
    waitForLock: enqueueActions(({ context, enqueue }) => take(enqueue, working.waitForLock(context))),
    waitForReboot: enqueueActions(({ context, enqueue }, { why }: { why: string }) =>
      take(enqueue, working.waitForReboot(context, why)),
    ),
    stage: assign(({ context }, { comparison }: { comparison: Comparison }) =>
      deploying.stage(context, comparison),
    ),
    giveUp: enqueueActions(({ context, enqueue }, { observed }: { observed: Observed }) =>
      take(enqueue, working.fail(context, 'activate', switchProblem(context, observed))),
    ),
    tellUnpassed: enqueueActions(({ context, enqueue }, { error }: { error: unknown }) =>
      take(enqueue, deploying.tellUnpassed(context, toProblem(error))),
    ),
    commit: enqueueActions(({ context, enqueue }) => take(enqueue, deploying.commit(context))),
    leaveUncommitted: enqueueActions(({ context, enqueue }) =>
      take(enqueue, deploying.leaveUncommitted(context)),
    ),
    blame: assign(({ context }, why: { reason: string; message: string }) => deploying.blame(context, why)),
    condemn: enqueueActions(({ context, enqueue }) => take(enqueue, deploying.condemn(context))),
    keepWent: assign((_, { went }: { went: WentBack }) => ({ observed: went.observed, went })),
    recordRollback: enqueueActions(({ context, enqueue }, { after }: { after: readonly CheckSeen[] }) =>
      take(enqueue, deploying.recordRollback(context, after)),
    ),
    lookedAgain: enqueueActions(({ context, enqueue }, { after }: { after: readonly CheckSeen[] }) =>
      take(enqueue, recovery.lookedAgain(context, after)),
    ),
    noteReboot: enqueueActions(({ context, enqueue }) => take(enqueue, recovery.noteReboot(context))),
    rebootFailed: enqueueActions(({ context, enqueue }, { error }: { error: unknown }) =>
      take(enqueue, recovery.rebootFailed(context, toProblem(error))),
    ),
    rollbackFailed: enqueueActions(({ context, enqueue }, { error }: { error: unknown }) =>
      take(enqueue, deploying.rollbackFailed(context, toProblem(error))),
    ),
    interrupt: enqueueActions(({ context, enqueue }) => take(enqueue, deploying.interrupt(context))),
  },
});

/** The exit action of a state that is a phase: notes how long it took. */
export const endOf = (phase: string) => ({ type: 'endPhase', params: { phase } }) as const;
