import { announceEnd } from '../src/domain/announce.ts';
import type { NewEvent } from '../src/domain/event.ts';
import type { Facts } from '../src/domain/facts.ts';
import type { ReconcilerEmitted, ReconcileResult } from './reconciler-context.ts';

/** An event for people as the machine emits it. */
export function asEmitted(event: NewEvent): ReconcilerEmitted {
  return { type: 'event', event };
}

/** The end of a pass over desired and observed, for the counters. */
export function result(value: ReconcileResult): ReconcilerEmitted {
  return { type: 'reconciled', result: value };
}

/** The event of a deployment that ended between two states of the facts; nothing when none did. */
export function endOf(before: Facts, after: Facts): ReconcilerEmitted[] {
  const [ended] = after.deployments;
  return before.deployment && ended?.id === before.deployment.id ? [asEmitted(announceEnd(ended))] : [];
}
