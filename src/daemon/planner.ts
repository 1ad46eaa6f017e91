import { committedBase, noRollbackOf, readAsks } from '../domain/commit-asks.ts';
import { Refused } from '../api/refused.ts';
import { diffClosures } from '../domain/closure-diff.ts';
import type { CommitId } from '../domain/commit.ts';
import type { Evaluation, Progress } from '../domain/evaluation.ts';
import type { Facts } from '../domain/facts.ts';
import { inSync } from '../domain/in-sync.ts';
import type { LoopView } from '../domain/loop-view.ts';
import type { Observed } from '../domain/observed.ts';
import { planWay, planWayBack, type Plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { rebootBound } from '../domain/preflight.ts';
import type { BranchRole, Operation } from '../domain/remote.ts';
import { commitsForWhy, explainCommit } from '../domain/why.ts';
import type { Mirror } from '../git/mirror.ts';
import { isSwitchable, mustBeSwitchable } from '../host/activate.ts';
import type { BootOnce } from '../host/boot-once.ts';
import { compareSystems } from '../host/compare-systems.ts';
import type { DryActivate } from '../host/dry-activate.ts';
import type { HostObserver } from '../host/observe.ts';
import type { Closures } from '../nix/closures.ts';
import type { SystemDriver } from '../nix/driver.ts';
import type { Roots } from '../nix/roots.ts';
import { commitsInUse, type PlannedCommit } from './commits-in-use.ts';
import { mustBeLocked } from './must-be-locked.ts';
import { mustBeTrusted, type TrustParts } from './must-be-trusted.ts';
import { mustHaveRoomToBuild, type RoomPlaces } from './must-have-room.ts';

/** What plans are made with; the driver is not the loop's, so that neither sees what the other does. */
export interface PlannerParts extends TrustParts {
  readonly mirror: Mirror;
  readonly planDriver: SystemDriver;
  readonly closures: Closures;
  readonly dryActivate: DryActivate;
  readonly observer: HostObserver;
  readonly bootOnce: Pick<BootOnce, 'refuses'>;
  readonly roots: Roots;
  readonly places: RoomPlaces;
  readonly checkNames: readonly string[];
  readonly planned: PlannedCommit;
  readonly source: { readonly subdir: string; readonly submodules: boolean };
  readonly policy: Policy;
  readonly view: () => LoopView;
  readonly facts: () => Facts;
  /** What the loop works on. */
  readonly working: () => CommitId | null;
}

/** Makes plans, one after the other. */
export interface Planner {
  /** Evaluates and builds a trusted commit, null for the desired one, and tells what deploying it would mean. */
  readonly plan: (commit: string | null, signal: AbortSignal) => Promise<Plan>;
  /** How far the plan that is being made has come; null when none is. */
  readonly progress: () => Progress | null;
}

/** A planner; nothing runs before the first plan. */
export function createPlanner(parts: PlannerParts): Planner {
  let last: Promise<unknown> = Promise.resolve();
  let progress: Progress | null = null;
  return {
    progress: () => progress,
    plan: (commit, wanted) => {
      const signal = AbortSignal.any([wanted, parts.stopping]);
      const post = (next: Progress) => {
        progress = next;
      };
      const run = last.then(async () => {
        signal.throwIfAborted();
        try {
          return await makePlan(parts, { commit, post }, signal);
        } finally {
          progress = null;
          parts.planned.set(null);
          await parts.roots.unpin('plan').catch(() => undefined);
        }
      });
      last = run.catch(() => undefined);
      return run;
    },
  };
}

interface Wish {
  readonly commit: string | null;
  readonly post: (progress: Progress) => void;
}

interface Subject {
  readonly commit: CommitId;
  readonly branch: BranchRole;
  readonly operation: Operation;
}

async function makePlan(parts: PlannerParts, { commit, post }: Wish, signal: AbortSignal): Promise<Plan> {
  const subject = await subjectOf(parts, commit, signal);
  parts.planned.set(subject.commit);
  const evaluation = await evaluate(parts, subject, post, signal);
  await mustHaveRoomToBuild(parts.places, evaluation.toplevel);
  await parts.planDriver.realise({ evaluation, rootName: 'plan' }, post, signal);
  mustBeSwitchable(evaluation.toplevel);
  post({ phase: 'build', text: 'comparing the systems', done: null, expected: null });
  const observed = await parts.observer.observe();
  return describe(parts, { subject, evaluation, observed }, signal);
}

/** Nothing that nobody vouches for is ever evaluated: what selection chose was judged, and any other commit is judged now. */
async function subjectOf(parts: PlannerParts, text: string | null, signal: AbortSignal): Promise<Subject> {
  const { desired } = parts.view();
  const commit = text === null ? desired?.commit : await parts.mirror.resolve(text, signal);
  if (commit === undefined) throw new Refused('nothing is desired yet; abide status says why');
  if (commit === desired?.commit) return { commit, branch: desired.role, operation: desired.operation };
  const { remote, role } = await mustBeTrusted(parts, commit, ['main', 'testing']);
  const rule = parts.policy.remotes.find(({ name }) => name === remote);
  return { commit, branch: role, operation: rule?.[role]?.operation ?? 'switch' };
}

async function evaluate(
  parts: PlannerParts,
  { commit }: Subject,
  onProgress: Wish['post'],
  signal: AbortSignal,
): Promise<Evaluation> {
  const { mirror, planDriver, source } = parts;
  await mirror.keep(commitsInUse(parts.facts(), [commit, parts.working()]), signal);
  await mustBeLocked(mirror, { commit, subdir: source.subdir }, signal);
  const url = mirror.sourceUrl(commit, source.subdir, source.submodules);
  const base = committedBase(parts.facts());
  const asks = readAsks(await mirror.trailers({ head: commit, base }, signal));
  return { ...(await planDriver.evaluate({ commit, source: url, onProgress }, signal)), asks };
}

interface Built {
  readonly subject: Subject;
  readonly evaluation: Evaluation;
  readonly observed: Observed;
}

async function describe(parts: PlannerParts, built: Built, signal: AbortSignal): Promise<Plan> {
  const { subject, evaluation, observed } = built;
  const { toplevel } = evaluation;
  const { current, booted } = observed;
  const { operation } = subject;
  const comparison = await compareSystems({ toplevel, running: current, booted });
  const staged = rebootBound(comparison, parts.policy.stageWhen);
  const isThere = inSync({ operation, toplevel, observed });
  const way = planWay({ operation, runs: current === toplevel, inSync: isThere, staged });
  const { inhibitors, rebootReasons } = comparison;
  const loaderRefuses = await parts.bootOnce.refuses(observed.bootDefault);
  return {
    apiVersion: 'abide/v1',
    kind: 'Plan',
    host: parts.view().host,
    ...subject,
    toplevel,
    current,
    way,
    staged,
    inhibitors,
    rebootReasons,
    wayBack: planWayBack(way, {
      current,
      switchable: current === null || isSwitchable(current),
      loaderRefuses,
      noRollback: noRollbackOf(parts.policy, evaluation.asks?.noRollback ?? null),
    }),
    ...(await held(parts, built, signal)),
    closure: await closureOf(parts, current, toplevel, signal),
    units: parts.facts().deployment ? null : await parts.dryActivate(toplevel, signal),
    checks: parts.checkNames,
  };
}

async function held(
  { view, mirror }: PlannerParts,
  { subject: { commit }, evaluation, observed }: Built,
  signal: AbortSignal,
): Promise<Pick<Plan, 'holds' | 'subject'>> {
  const seen = view();
  const ancestry = await mirror.ancestry([...new Set([commit, ...commitsForWhy(seen)])], signal);
  const { subject, reasons } = explainCommit({ view: seen, ancestry }, commit);
  const { machineId } = evaluation;
  const message = `the configuration is for the machine ${machineId}, and this one is ${observed.machineId}`;
  const isOther = machineId !== null && machineId !== observed.machineId;
  return { subject, holds: [...(isOther ? [{ decision: 'gate', message }] : []), ...reasons] };
}

/** A running system that was collected, or none at all, is an empty closure. */
async function closureOf(
  { closures }: PlannerParts,
  current: string | null,
  toplevel: string,
  signal: AbortSignal,
): Promise<Plan['closure']> {
  const before = current === null ? [] : await closures.paths(current, signal).catch(() => []);
  const diff = diffClosures(before, await closures.paths(toplevel, signal));
  const more = await closures.bytes(diff.added, signal);
  const less = await closures.bytes(diff.removed, signal);
  const { changes, added, removed } = diff;
  return { changes, added: added.length, removed: removed.length, sizeDelta: more - less };
}
