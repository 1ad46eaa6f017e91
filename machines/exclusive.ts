import { fromPromise, type PromiseActorLogic } from 'xstate';

/** Work that never overlaps with other work of its kind. */
export interface Lane {
  /** Promise logic that runs `work` in this lane; a run that was aborted while it waited never starts. */
  logic<Output, Input>(
    work: (input: Input, signal: AbortSignal) => Promise<Output>,
  ): PromiseActorLogic<Output, Input>;
  /** Settles when nothing runs any more; awaited at shutdown. */
  idle(): Promise<unknown>;
}

/**
 * A lane: leaving a state aborts its work, and the next run waits until the aborted one is really gone, so that two
 * evaluations or builds never run at once.
 */
export function createLane(): Lane {
  let last: Promise<unknown> = Promise.resolve();
  return {
    logic: (work) =>
      fromPromise(({ input, signal }) => {
        const run = last.then(() => {
          signal.throwIfAborted();
          return work(input, signal);
        });
        last = run.catch(() => undefined);
        return run;
      }),
    idle: () => last,
  };
}
