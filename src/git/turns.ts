/** Lets many fetches write to the mirror together, or one piece of upkeep alone. */
export interface Turns {
  together<T>(work: () => Promise<T>): Promise<T>;
  /** Waits until nobody is at work, and lets nobody begin meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** As `alone`, but does nothing and never waits when somebody is at work: a remote that hangs delays no other. */
  ifIdle(work: () => Promise<void>): Promise<void>;
  /** Runs once nobody is at work any more, before the next one starts; its failure is of no consequence. */
  lastOut(task: () => Promise<void>): void;
}

/** Work that waits for its turn is not dropped; it has to end by its own signal. */
export function createTurns(): Turns {
  const sharing = new Set<Promise<unknown>>();
  let gate: Promise<unknown> | null = null;
  let tidy: (() => Promise<void>) | null = null;

  const close = async <T>(work: () => Promise<T>): Promise<T> => {
    const turn = work();
    const closed = turn.catch(() => undefined);
    gate = closed;
    await closed;
    if (gate === closed) gate = null;
    return turn;
  };
  const opened = async (): Promise<void> => {
    if (gate === null) return;
    await gate;
    // While one waited, another may have closed it again.
    await opened();
  };
  const leave = async (done: Promise<unknown>) => {
    sharing.delete(done);
    const task = tidy;
    if (sharing.size > 0 || task === null) return;
    tidy = null;
    await close(() => task().catch(() => undefined));
  };

  return {
    together: async (work) => {
      await opened();
      const done = work();
      sharing.add(done);
      try {
        return await done;
      } finally {
        await leave(done);
      }
    },
    alone: async (work) => {
      await opened();
      return close(async () => {
        await Promise.allSettled(sharing);
        return work();
      });
    },
    ifIdle: async (work) => {
      if (gate === null && sharing.size === 0) await close(work);
    },
    lastOut: (task) => {
      tidy = task;
    },
  };
}
