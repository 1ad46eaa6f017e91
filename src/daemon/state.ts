import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import type { Observed } from '../domain/observed.ts';
import { noticeConfig } from '../domain/wishes.ts';
import { recover, type Recovered } from '../state/recover.ts';
import type { Adapters } from './adapters.ts';
import { adoptWayBack, type WayBackParts } from './way-back.ts';

/** Reads what earlier daemons left, and says loudly when it is less than it should be. */
export async function loadState(deps: {
  readonly adapters: Adapters;
  /** As it was before this daemon opened the mirror. */
  readonly mirrorExists: boolean;
  readonly anchor: string | null;
  readonly configHash: string;
  readonly observed: Observed;
  readonly log: Log;
  readonly now: () => number;
  readonly stopping: AbortSignal;
  readonly deadManSeconds: WayBackParts['deadManSeconds'];
}): Promise<Recovered> {
  const { adapters, observed, log, stopping } = deps;
  const recovered = await recover({
    journal: adapters.journal.read(),
    witness: adapters.witness.read(),
    mirrorExists: deps.mirrorExists,
    configAnchor: deps.anchor,
    configurationRevision: observed.currentRevision,
    booted: observed.booted,
    hasCommit: (commit) =>
      adapters.mirror.resolve(commit, stopping).then(
        () => true,
        () => false,
      ),
    now: deps.now(),
  });
  const loud = recovered.recovery.kind === 'recovered' || recovered.recovery.kind === 'held';
  for (const message of recovered.recovery.messages) {
    if (loud) log.warn({ recovery: recovered.recovery.kind }, message);
    else log.info({ recovery: recovered.recovery.kind }, message);
  }
  const noticed = await withPayloadHash(noticeConfig(recovered.facts, deps.configHash), adapters, stopping);
  const begun = await withoutUnbegunSwitch(noticed, adapters);
  const isLoaded = recovered.recovery.kind === 'loaded';
  const facts = await adoptWayBack(begun, {
    ...deps,
    deadMan: adapters.deadMan,
    isLoaded,
    bootId: observed.bootId,
  });
  return { ...recovered, facts };
}

/** A floor from another source than a deployment of ours is still to be known by its content. */
async function withPayloadHash(facts: Facts, { trust }: Adapters, signal: AbortSignal): Promise<Facts> {
  const { floor } = facts;
  if (floor === null || floor.payloadHash !== null) return facts;
  const payloadHash = await trust.payloadHash(floor.commit, signal).catch(() => null);
  return payloadHash === null ? facts : { ...facts, floor: { ...floor, payloadHash } };
}

/** A switch that was journalled and never begun has changed nothing: its commit is decided on afresh. */
async function withoutUnbegunSwitch(facts: Facts, { activator }: Adapters): Promise<Facts> {
  const { deployment } = facts;
  if (deployment?.step !== 'switch') return facts;
  const attempt = deployment.retried ? 2 : 1;
  const state = await activator.state({ deployment: deployment.id, action: 'test', attempt });
  if (state !== 'none' || deployment.retried) return facts;
  return { ...facts, deployment: { ...deployment, step: 'prepare' } };
}
