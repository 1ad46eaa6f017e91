import { setTimeout as sleep } from 'node:timers/promises';
import type { WentBack } from '../domain/deployment.ts';
import type { Observed } from '../domain/observed.ts';
import { Problem } from '../domain/problem.ts';
import type { DeadMan, DeadManState, WayBack } from './dead-man.ts';

/**
 * Goes back to a deployment's previous toplevel by starting its dead-man, or by waiting for the one that started itself, and
 * tells what it did. Throws Problem `rollback_failed` after a try that failed; the dead-man goes on, and calling this again
 * waits for its next try.
 */
export type RollBack = (way: WayBack) => Promise<WentBack>;

/** What a rollback stands on. */
export interface RollBackDeps {
  readonly deadMan: Pick<DeadMan, 'start' | 'state'>;
  readonly observer: { readonly observe: () => Promise<Observed> };
  /** Between two looks, in milliseconds; default 200. */
  readonly pollMs?: number;
  /** After so many looks without an end it is started again, which does nothing where it runs; default 50. */
  readonly startEvery?: number;
}

/** Makes the rollback of one host. */
export function createRollBack(deps: RollBackDeps): RollBack {
  const { deadMan, observer, pollMs = 200, startEvery = 50 } = deps;
  return async (way) => {
    const { failures } = await deadMan.state(way.deployment);
    for (let looks = 0; ; looks += 1) {
      const now = await deadMan.state(way.deployment);
      const observed = await observer.observe();
      if (now.state === 'went-back' || now.state === 'stood-by') return wentBack(now, observed);
      if (now.failures > failures) throw failed(now, way, observed);
      if (looks % startEvery === 0) await deadMan.start(way);
      await sleep(pollMs);
    }
  };
}

function wentBack({ state, byItself, found }: DeadManState, observed: Observed): WentBack {
  const stoodBy = `the dead-man changed nothing, because ${found ?? 'another system'} ran already`;
  const early = 'the dead-man acted by itself, because nobody had answered in time';
  const notes = [...(byItself ? [early] : []), ...(state === 'stood-by' ? [stoodBy] : [])];
  return { observed, byItself, note: notes.length === 0 ? null : notes.join('; ') };
}

function failed({ lastExit, log }: DeadManState, { previous }: WayBack, { current }: Observed): Problem {
  const runs = current === null ? 'no system can be seen running' : `${current} runs`;
  const ending = `its switch-to-configuration ended with exit code ${lastExit}`;
  return new Problem('rollback_failed', `could not go back to ${previous}: ${ending}, and ${runs}`, { log });
}
