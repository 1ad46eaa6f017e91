import { setTimeout as sleep } from 'node:timers/promises';
import type { WentBack } from '../domain/deployment.ts';
import type { Observed } from '../domain/observed.ts';
import { Problem } from '../domain/problem.ts';
import type { DeadMan, WayBack } from './dead-man.ts';
import type { DeadManState } from './dead-man-state.ts';

/**
 * Goes back to a deployment's previous toplevel by starting its dead-man, or by waiting for the one that started itself, and
 * tells what it did. Throws Problem `rollback_failed` after a try that failed, or when nothing begins; the dead-man goes on,
 * and calling this again waits for its next try.
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
      if (now.state !== 'acting' && looks >= patience * startEvery) throw idle(now, way, observed);
      if (looks % startEvery === 0) await deadMan.start(way);
      await sleep(pollMs);
    }
  };
}

/** So many starts without a beginning; before that somebody else may hold its lock. */
const patience = 15;

function wentBack({ state, byItself, found }: DeadManState, observed: Observed): WentBack {
  const stoodBy = `the dead-man changed nothing, because ${found ?? 'another system'} ran already`;
  const early = 'the dead-man acted by itself, because nobody had answered in time';
  const notes = [...(byItself ? [early] : []), ...(state === 'stood-by' ? [stoodBy] : [])];
  return { observed, byItself, note: notes.length === 0 ? null : notes.join('; ') };
}

function failed(
  { lastExit, isAtLoader, log }: DeadManState,
  { previous, profile }: WayBack,
  { current }: Observed,
): Problem {
  if (isAtLoader) {
    const what = `profile and boot default could not be put back to ${profile} (exit code ${lastExit})`;
    return new Problem('rollback_failed', `${previous} runs again, but ${what}`, { log });
  }
  const ending = `its switch-to-configuration ended with exit code ${lastExit}`;
  return problem(previous, ending, { current, log });
}

function idle({ state, log }: DeadManState, { previous }: WayBack, { current }: Observed): Problem {
  return problem(previous, `its dead-man does not begin (${state})`, { current, log });
}

function problem(
  previous: string,
  why: string,
  { current, log }: { readonly current: string | null; readonly log: readonly string[] },
): Problem {
  const runs = current === null ? 'no system can be seen running' : `${current} runs`;
  return new Problem('rollback_failed', `could not go back to ${previous}: ${why}, and ${runs}`, { log });
}
