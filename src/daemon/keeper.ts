import type { Facts } from '../domain/facts.ts';
import type { Log } from '../domain/log.ts';
import { toProblem, type Problem } from '../domain/problem.ts';
import type { Condition } from '../domain/status.ts';
import type { Journal } from '../state/journal.ts';
import type { Witness } from '../state/witness.ts';
import type { News } from './news.ts';

/** Keeps facts on disk: at once when they change, and before every step that changes the host. */
export interface Keeper {
  /** Called with the facts after every transition; writes when they, or what was counted, are not on disk. Never throws. */
  offer(facts: Facts): void;
  /** What was counted, or turned, goes to disk with the next offer: a counter that a scrape has seen must not go back. */
  readonly counted: () => void;
  /** Returns when everything is on disk; throws Problem `journal_unwritable`, and then the step must not be taken. */
  flush(): void;
  /** Writes also what changes without a decision: counters, events, conditions. Never throws. */
  readonly save: () => void;
  /** Why the last write failed; null when it did not. */
  problem(): Problem | null;
}

/** A keeper that writes the journal and then the witness. */
export function createKeeper(deps: {
  readonly journal: Pick<Journal, 'write'>;
  readonly witness: Pick<Witness, 'write'>;
  readonly facts: Facts;
  readonly news: Pick<News, 'all' | 'nextId'>;
  readonly counters: () => Readonly<Record<string, number>>;
  readonly conditions: () => readonly Condition[];
  readonly log: Log;
}): Keeper {
  let facts = deps.facts;
  let written: Facts | null = null;
  let problem: Problem | null = null;
  const write = () => {
    const { news, counters, conditions } = deps;
    deps.journal.write({
      facts,
      events: news.all(),
      nextEventId: news.nextId(),
      counters: counters(),
      conditions: conditions(),
    });
    deps.witness.write(facts);
    written = facts;
    if (problem) deps.log.info({}, 'the journal can be written again');
    problem = null;
  };
  const tryToWrite = () => {
    try {
      write();
    } catch (error) {
      const next = toProblem(error);
      if (problem?.message !== next.message) deps.log.error({ err: next }, 'the journal cannot be written');
      problem = next;
    }
  };
  return {
    offer: (next) => {
      if (next === written) return;
      facts = next;
      tryToWrite();
    },
    flush: () => {
      if (written !== facts) write();
    },
    counted: () => {
      written = null;
    },
    save: tryToWrite,
    problem: () => problem,
  };
}
