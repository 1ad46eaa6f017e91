import type { Planned } from '../../machines/planned.ts';
import type { Ancestry } from '../domain/ancestry.ts';
import type { CheckSeen } from '../domain/check.ts';
import type { CommitId } from '../domain/commit.ts';
import type { Deployment, WentBack } from '../domain/deployment.ts';
import type { Facts } from '../domain/facts.ts';
import type { Fetched } from '../domain/fetched.ts';
import type { HookOrder } from '../domain/hook.ts';
import type { Observed } from '../domain/observed.ts';
import { toProblem } from '../domain/problem.ts';
import type { ProbeOrder } from '../domain/probe.ts';
import type { RemoteOffer } from '../domain/remote.ts';
import type { Target } from '../domain/target.ts';
import type { Mirror } from '../git/mirror.ts';
import type { JudgeBase, Trust } from '../git/trust.ts';
import type { SystemDriver } from '../nix/driver.ts';
import { build, type BuildParts } from './build.ts';
import type { PlannedCommit } from './commits-in-use.ts';
import { lookBefore, probe, review, type HealthParts } from './health-effects.ts';
import { askHook, runHook, type HookParts } from './hook-effects.ts';
import { evaluate } from './evaluate.ts';
import { handOver, type HandOverParts } from './hand-over.ts';
import { rootOfWayBack } from './go-back.ts';
import { forgetGivenUp, installLoader, setProfile } from './keep-booting.ts';
import { mustBeAlone } from './must-be-alone.ts';
import { repairPins, type PinParts } from './pins.ts';
import { arm, check, compare, type PreflightParts } from './preflight-effects.ts';
import { retireBehind, type RetireParts } from './retire.ts';
import { rebootOnce, type RebootParts } from './reboot-once.ts';
import { switchTo, type SwitchParts } from './switch-to.ts';
import { callOff, goBack, putBack, type WayBackParts } from './way-back.ts';

/** What the effects are made of. */
export interface EffectParts
  extends
    HandOverParts,
    HealthParts,
    HookParts,
    BuildParts,
    PinParts,
    RebootParts,
    PreflightParts,
    SwitchParts,
    WayBackParts {
  readonly bootEntries: RetireParts['bootEntries'];
  readonly planned: PlannedCommit;
  readonly mirror: Mirror;
  readonly trust: Trust;
  readonly driver: SystemDriver;
  /** What remotes offered last. */
  readonly heard: () => Readonly<Record<string, RemoteOffer>>;
  readonly source: { readonly subdir: string; readonly submodules: boolean };
  /** Told of every fetch, and of every verification of something new; the machine tells of all other phases. */
  readonly pollEnded: (phase: 'fetch' | 'verify', seconds: number, ok: boolean) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The reconciler's effects by the names of its actors. Each flushes the journal before it changes the host. */
export type Effects = ReturnType<typeof createEffects>;

/** Binds the adapters together; no decision is made here. */
export function createEffects(parts: EffectParts) {
  return {
    remembered: (facts: Facts, signal: AbortSignal) => remembered(parts, facts, signal),
    fetch: (remote: string, signal: AbortSignal): Promise<Fetched> => fetch(parts, remote, signal),
    verify: (fetched: Fetched | null, signal: AbortSignal): Promise<RemoteOffer> =>
      verify(parts, fetched, signal),
    observe: () => observe(parts),
    assess: (commits: readonly CommitId[], signal: AbortSignal): Promise<Ancestry> =>
      assess(parts, commits, signal),
    evaluate: (target: Target, signal: AbortSignal) => evaluate(parts, target, signal),
    realise: (planned: Planned, signal: AbortSignal) => build(parts, planned, signal),
    prepare: (deployment: Deployment) => prepare(parts, deployment),
    compare: (deployment: Deployment) => compare(parts, deployment),
    check: (deployment: Deployment) => check(parts, deployment),
    arm: (deployment: Deployment) => arm(parts, deployment),
    activate: (deployment: Deployment) => switchTo(parts, deployment),
    look: () => parts.observer.observe(),
    probe: (order: ProbeOrder, signal: AbortSignal) => probe(parts, order, signal),
    review: (order: ProbeOrder, signal: AbortSignal) => review(parts, order, signal),
    setProfile: (deployment: Deployment) => setProfile(parts, deployment),
    installLoader: (deployment: Deployment) => installLoader(parts, deployment),
    finish: (deployment: Deployment) => finish(parts, deployment),
    handOver: (deployment: Deployment) => handOver(parts, deployment),
    disarm: (deployment: Deployment) => callOff(parts, deployment),
    restore: (deployment: Deployment): Promise<Observed> => putBack(parts, deployment),
    rollBack: (deployment: Deployment): Promise<WentBack> => goBack(parts, deployment),
    reboot: (deployment: Deployment) => rebootOnce(parts, deployment),
    admit: (order: HookOrder, signal: AbortSignal) => askHook(parts, order, signal),
    runHook: (order: HookOrder, signal: AbortSignal) => runHook(parts, order, signal),
  };
}

/** A new daemon goes on from the heads that the mirror holds, so that no testing system is left for want of an answer. */
async function remembered(
  { mirror, trust, log }: EffectParts,
  facts: Facts,
  stopping: AbortSignal,
): Promise<Readonly<Record<string, RemoteOffer>>> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(longestRememberMs)]);
  const offers: Record<string, RemoteOffer> = {};
  try {
    for (const fetched of await mirror.heads(signal)) {
      offers[fetched.remote] = await trust.judge(fetched, judgeBase(facts, offers), signal);
    }
  } catch (error) {
    log.warn({ err: toProblem(error) }, 'heads of the last fetch cannot be judged; they are fetched again');
  }
  return offers;
}

/** A daemon that starts must answer before long; what takes longer is verified after the first poll. */
const longestRememberMs = 10_000;

async function observe(parts: EffectParts): Promise<Observed> {
  await repairPins(parts, parts.facts);
  await forgetGivenUp(parts);
  return parts.observer.observe();
}

function judgeBase(facts: Facts, heard: Readonly<Record<string, RemoteOffer>>): JudgeBase {
  const mains = Object.values(heard).flatMap(({ main }) => main?.verdict.candidate ?? []);
  const { floor, firstAccepted, expected } = facts;
  return { floor, firstAccepted, mains: [...new Set(mains)].toSorted(), deployed: expected?.commit ?? null };
}

async function assess(
  { mirror, trust, facts }: EffectParts,
  commits: readonly CommitId[],
  signal: AbortSignal,
): Promise<Ancestry> {
  const ancestry = await mirror.ancestry(commits, signal);
  return trust.withTwins(ancestry, { commits, floor: facts().floor }, signal);
}

async function fetch(parts: EffectParts, remote: string, signal: AbortSignal): Promise<Fetched> {
  const { mirror, pollEnded, now } = parts;
  const begun = now();
  const end = (ok: boolean) => pollEnded('fetch', (now() - begun) / 1000, ok);
  try {
    const fetched = await mirror.fetch(remote, signal);
    end(true);
    return fetched;
  } catch (error) {
    if (!signal.aborted) end(false);
    throw error;
  }
}

/** Judged at every poll, because keys and time change too; what was found out before costs nothing then. */
async function verify(
  parts: EffectParts,
  fetched: Fetched | null,
  signal: AbortSignal,
): Promise<RemoteOffer> {
  if (!fetched) throw new Error('bug: nothing was fetched that could be verified');
  const { trust, facts, heard, pollEnded, now } = parts;
  const begun = now();
  const end = (ok: boolean) => fetched.changed && pollEnded('verify', (now() - begun) / 1000, ok);
  try {
    const offer = await trust.judge(fetched, judgeBase(facts(), heard()), signal);
    end(true);
    return offer;
  } catch (error) {
    if (!signal.aborted) end(false);
    throw error;
  }
}

/** The way back is pinned before anything changes; then every health check is asked what it says without the change. */
async function prepare(parts: EffectParts, deployment: Deployment): Promise<readonly CheckSeen[] | null> {
  const { keeper, roots } = parts;
  const { previous, toplevel } = deployment;
  keeper.flush();
  await mustBeAlone(parts, deployment);
  if (previous.toplevel !== null) await roots.pin('previous', previous.toplevel);
  // Of a specialisation only a part runs; and a profile that moved is an old generation, which anybody may collect.
  if (previous.profile !== null) await roots.pin('previous-profile', previous.profile);
  await roots.pin('candidate', toplevel);
  return lookBefore(parts, deployment);
}

/** Roots follow what is committed; what fails here is mended by the next deployment. */
async function finish(parts: EffectParts, deployment: Deployment): Promise<Observed> {
  const { roots, observer, log } = parts;
  const { toplevel, branch, operation } = deployment;
  try {
    await roots.pin(branch === 'main' && operation !== 'test' ? 'committed' : 'testing', toplevel);
    await roots.unpin('candidate');
    if (deployment.goesBackFrom !== null) await roots.unpin(rootOfWayBack);
  } catch (error) {
    log.warn({ err: toProblem(error) }, 'the gc roots could not be brought up to date');
  }
  await retireBehind(parts, deployment);
  return observer.observe();
}
