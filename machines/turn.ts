import type { ReconcilerContext, ReconcilerEmitted } from './reconciler-context.ts';

/** One step of the reconciler as data: what changes in its context and what is told to the outside. */
export interface Turn {
  readonly change?: Partial<ReconcilerContext>;
  readonly emit?: readonly ReconcilerEmitted[];
}

/** The part of XState's enqueue that a turn needs. */
interface Enqueue {
  assign(change: Partial<ReconcilerContext>): void;
  emit(event: ReconcilerEmitted): void;
}

/** Carries a turn out. */
export function take(enqueue: Enqueue, { change, emit = [] }: Turn): void {
  if (change) enqueue.assign(change);
  for (const event of emit) enqueue.emit(event);
}
