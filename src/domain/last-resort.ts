import { shortId } from './commit.ts';
import type { Deployment } from './deployment.ts';
import type { NewEvent } from './event.ts';
import type { Facts } from './facts.ts';
import type { Loop } from './loop.ts';

/** A reboot that abide asked for because nothing else brought the host back; one for each deployment at the most. */
export interface LastResort {
  readonly deployment: string;
  /** RFC 3339. */
  readonly since: string;
}

/** Failed rollbacks, or looks at a system that stays unwell after one, before the host is rebooted. */
const triesBeforeReboot = 5;

/** True when the host is to be rebooted into the system before, once; `tries` is how often all else failed. */
export function mayReboot({ policy, facts, observed }: Loop, deployment: Deployment, tries: number): boolean {
  return (
    policy.rollback.lastResort === 'reboot' &&
    policy.mode === 'enforce' &&
    tries >= triesBeforeReboot &&
    facts.lastResort?.deployment !== deployment.id &&
    bootsBefore(deployment, observed?.bootDefault ?? null)
  );
}

/** True when it is known that a reboot leads to the system before the deployment, or to the base of its specialisation. */
export function bootsBefore({ previous }: Deployment, bootDefault: string | null): boolean {
  return bootDefault !== null && bootDefault === previous.toplevel;
}

/** The facts once the reboot is decided; on disk before it is asked for. */
export function withLastResort(facts: Facts, { id }: Deployment, nowIso: string): Facts {
  return { ...facts, lastResort: { deployment: id, since: nowIso } };
}

/** Told before the host goes down. */
export function announceLastResort({ id, commit, previous }: Deployment): NewEvent {
  return {
    type: 'host.rebooting',
    severity: 'error',
    message: `the host is rebooted into ${previous.toplevel} as the last resort: going back from ${shortId(commit)} did not bring it back (rollback.lastResort)`,
    commit,
    deployment: id,
  };
}

/** For the record of a deployment after which the host was to be rebooted; null for all others. */
export function lastResortText({ lastResort }: Facts, { id }: Pick<Deployment, 'id'>): string | null {
  return lastResort?.deployment === id
    ? `a reboot as the last resort was asked for at ${lastResort.since}`
    : null;
}
