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
  const leave = async (done: Promise<unknown>) => {
    sharing.delete(done);
    const task = tidy;
    // Whoever closed the gate to be alone tidies by themselves, or leaves it to the next.
    if (sharing.size > 0 || task === null || gate !== null) return;
    tidy = null;
    await close(() => task().catch(() => undefined));
  };

  // Looking at the gate and going through it are one step, so that nobody slips in between.
  const together = async <T>(work: () => Promise<T>): Promise<T> => {
    if (gate !== null) {
      await gate;
      return together(work);
    }
    const done = work();
    sharing.add(done);
    try {
      return await done;
    } finally {
      await leave(done);
    }
  };
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (gate !== null) {
      await gate;
      return alone(work);
    }
    return close(async () => {
      await Promise.allSettled(sharing);
      return work();
    });
  };
  return {
    together,
    alone,
    ifIdle: async (work) => {
      if (gate === null && sharing.size === 0) await close(work);
    },
    lastOut: (task) => {
      tidy = task;
    },
  };
}
