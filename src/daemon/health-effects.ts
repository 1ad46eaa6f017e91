import { setTimeout as sleep } from 'node:timers/promises';
import { isWorse, resultsOf, tellChecks, type CheckSeen } from '../domain/check.ts';
import { isTrial, type Deployment } from '../domain/deployment.ts';
import type { OnProgress } from '../domain/evaluation.ts';
import { pauseMs } from '../domain/probation.ts';
import type { Probe, ProbeOrder } from '../domain/probe.ts';
import { isSettled } from '../domain/unwell.ts';
import type { HealthOrder } from '../host/health/health.ts';
import type { HostObserver } from '../host/observe.ts';
import type { CandidateHealth } from './candidate-health.ts';
import type { OwnProofs } from './own-proof.ts';

/** What looking at health stands on. */
export interface HealthParts {
  readonly candidateHealth: CandidateHealth;
  readonly ownProofs: OwnProofs;
  readonly observer: HostObserver;
  readonly onProgress: OnProgress;
}

/** What every check says before a deployment; null where there is nothing to compare with, and after a boot. */
export async function lookBefore(
  { candidateHealth }: HealthParts,
  deployment: Deployment,
): Promise<readonly CheckSeen[] | null> {
  const { previous, toplevel, inPlace } = deployment;
  if (previous.toplevel === null || isTrial(deployment) || inPlace) return null;
  const { health, excusing } = await candidateHealth(toplevel);
  return excusing(await health.baseline());
}

/** One look at the system on probation. */
export async function probe(parts: HealthParts, order: ProbeOrder, signal: AbortSignal): Promise<Probe> {
  const { candidateHealth, ownProofs, observer, onProgress } = parts;
  const { health } = await candidateHealth(order.deployment.toplevel);
  const [looks, proofs] = await Promise.all([
    health.look(orderOf(order), signal),
    ownProofs(order.deployment, signal),
  ]);
  const checks = [...looks, ...proofs];
  const worse = resultsOf(checks, order.before).filter(isWorse);
  const text = worse.length > 0 ? `not healthy yet: ${tellChecks(worse)}` : 'all health checks hold';
  onProgress({ phase: 'probation', text, done: null, expected: null });
  return { observed: await observer.observe(), checks };
}

/** Looks at the system that runs again after a rollback until all is as it was before, or the time is over. */
export async function review(
  { candidateHealth }: HealthParts,
  order: ProbeOrder,
  signal: AbortSignal,
): Promise<readonly CheckSeen[]> {
  const { health } = await candidateHealth(order.deployment.toplevel);
  const end = performance.now() + order.withinMs;
  // What the undone system changed is not what runs now.
  const toplevel = order.deployment.previous.toplevel ?? order.deployment.toplevel;
  for (;;) {
    const left = Math.max(1, end - performance.now());
    const seen = await health.look({ ...orderOf(order), toplevel, withinMs: left }, signal);
    if (isSettled(seen, order.before) || performance.now() + pauseMs >= end) return seen;
    await sleep(pauseMs, undefined, { signal });
  }
}

function orderOf({ deployment, before, withinMs }: ProbeOrder): HealthOrder {
  const { previous, toplevel } = deployment;
  return { before, previous: previous.toplevel, toplevel, withinMs };
}
