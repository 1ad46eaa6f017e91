import type { Log } from '../domain/log.ts';
import { toProblem } from '../domain/problem.ts';
import type { Recovered } from '../state/recover.ts';
import type { Adapters } from './adapters.ts';

/** Writes what a daemon starts from, so that the next one finds at least that; never throws. */
export function keepFirst(
  { journal, witness }: Pick<Adapters, 'journal' | 'witness'>,
  state: Recovered,
  log: Log,
): void {
  try {
    journal.write(state);
    witness.write(state.facts);
  } catch (error) {
    log.error({ err: toProblem(error) }, 'the journal cannot be written; nothing is deployed until it can');
  }
}
