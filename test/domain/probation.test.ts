import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterRound,
  endOf,
  nextInProbation,
  noticeSleep,
  rulesFor,
  sleepAllowance,
  startClock,
  type ProbationRules,
  type ProbationStep,
  type Round,
} from '../../src/domain/probation.ts';

const rules: ProbationRules = { settleMs: 10_000, stableForMs: 30_000, deadlineMs: 300_000 };
const awake = { resumedAt: null, asleepMs: null };
const clock = { bootId: 'b', activatedAt: 1000, steadySince: null, ...awake };

const ms = (max: number) => fc.integer({ min: 0, max });
const anyRules = fc.record({
  settleMs: ms(20_000),
  stableForMs: ms(60_000),
  deadlineMs: fc.integer({ min: 1, max: 120_000 }),
});
const look = fc.record({
  takesMs: ms(15_000),
  lateMs: ms(50),
  standing: fc.constantFrom<Round['standing']>('holding', 'holding', 'holding', 'failing', 'broken', 'lost'),
});

/** Plays a probation as the machine does; every look ends by what is left of the deadline, timers may be late. */
function play(
  given: ProbationRules,
  looks: readonly { takesMs: number; lateMs: number; standing: Round['standing'] }[],
  restartAt: number,
) {
  let now = 5000;
  let kept = startClock(null, 'b', now);
  let round: Round | null = null;
  const rounds: (Round & { begun: number })[] = [];
  const steps: ProbationStep[] = [];
  for (let turn = 0; turn < 2000; turn += 1) {
    // A daemon decides on a look in the moment it ends.
    if (turn === restartAt && round?.standing !== 'broken' && round?.standing !== 'lost') {
      kept = startClock(kept, 'b', now);
      round = null;
    }
    const step = nextInProbation({ awaitsWord: false, rules: given, clock: kept, round, now });
    steps.push(step);
    if (step.do === 'pass' || step.do === 'fail') return { step, steps, rounds, now, clock: kept };
    const next: (typeof looks)[number] = looks[rounds.length % looks.length]!;
    if ('ms' in step) now += Math.ceil(step.ms) + next.lateMs;
    if (step.do === 'probe') {
      const begun = now;
      now += Math.min(next.takesMs, step.withinMs);
      round = { endedAt: now, standing: next.standing };
      rounds.push({ ...round, begun });
      kept = afterRound(kept, round);
    }
  }
  throw new Error(`it does not end: ${JSON.stringify(steps.slice(-5))}`);
}

const played = fc
  .tuple(anyRules, fc.array(look, { minLength: 1, maxLength: 30 }), ms(40))
  .map(([given, looks, restartAt]) => ({ given, end: play(given, looks, restartAt) }));

describe('whatever the checks say', () => {
  test('a system passes only after all checks held for stableFor, by a look that ended before the deadline', () => {
    fc.assert(
      fc.property(played, ({ given, end }) => {
        if (end.step.do !== 'pass') return;
        const last = end.rounds.at(-1)!;
        const row = end.rounds.slice(end.rounds.findLastIndex(({ standing }) => standing !== 'holding') + 1);
        expect(last.standing).toBe('holding');
        expect(last.endedAt - row[0]!.endedAt).toBeGreaterThanOrEqual(given.stableForMs);
        expect(last.endedAt).toBeLessThanOrEqual(end.clock.activatedAt + given.deadlineMs);
        expect(row[0]!.begun).toBeGreaterThanOrEqual(end.clock.activatedAt + given.settleMs);
      }),
    );
  });

  test('it is over by the deadline, timers aside, and at once after a failure for good', () => {
    fc.assert(
      fc.property(played, ({ given, end }) => {
        expect(end.now).toBeLessThanOrEqual(end.clock.activatedAt + given.deadlineMs + 51);
        const bad = end.rounds.findIndex(({ standing }) => standing === 'broken' || standing === 'lost');
        if (bad === -1) return;
        expect(bad).toBe(end.rounds.length - 1);
        expect(end.step).toEqual({ do: 'fail', why: end.rounds[bad]!.standing });
      }),
    );
  });

  test('once it failed it stays failed, and once it passed it stays passed, however late one looks', () => {
    fc.assert(
      fc.property(played, ms(10_000_000), ({ given, end }, later) => {
        const last = end.rounds.at(-1) ?? null;
        const at = (now: number) =>
          nextInProbation({ awaitsWord: false, rules: given, clock: end.clock, round: last, now });
        if (end.step.do === 'pass' || last !== null) expect(at(end.now + later)).toEqual(end.step);
      }),
    );
  });
});

describe('the clock', () => {
  test('goes on after a restart and begins anew after a boot', () => {
    const kept = { ...clock, steadySince: 2000, asleepMs: 7, resumedAt: 1500 };
    expect(startClock(kept, 'b', 50_000)).toEqual(kept);
    expect(startClock(kept, 'c', 50_000)).toEqual({
      bootId: 'c',
      activatedAt: 50_000,
      steadySince: null,
      ...awake,
    });
  });

  test('a daemon that comes back after the deadline does not look any more', () => {
    expect(nextInProbation({ awaitsWord: false, rules, clock, round: null, now: 301_000 })).toEqual({
      do: 'fail',
      why: 'deadline',
    });
  });

  test('one look is enough where nothing has to hold', () => {
    const none = { settleMs: 0, stableForMs: 0, deadlineMs: 1000 };
    expect(nextInProbation({ awaitsWord: false, rules: none, clock, round: null, now: 1000 })).toEqual({
      do: 'probe',
      withinMs: 1000,
    });
    const round: Round = { endedAt: 1500, standing: 'holding' };
    const next = afterRound(clock, round);
    expect(nextInProbation({ awaitsWord: false, rules: none, clock: next, round, now: 1500 })).toEqual({
      do: 'pass',
    });
  });

  test('a system that waits for a word does not pass, is looked at on, and fails at the deadline for want of it', () => {
    const round: Round = { endedAt: 50_000, standing: 'holding' };
    const held = { ...clock, steadySince: 12_000 };
    const step = (awaits: boolean, now: number) =>
      nextInProbation({ awaitsWord: awaits, rules, clock: held, round, now });
    expect(step(true, 50_000)).toEqual({ do: 'pause', ms: 1000 });
    expect(step(true, 51_000)).toEqual({ do: 'probe', withinMs: 250_000 });
    expect(step(false, 50_500)).toEqual({ do: 'pass' });
    expect(step(true, 301_000)).toEqual({ do: 'fail', why: 'unconfirmed' });
  });

  test('a testing branch settles for 5 s at most and need not hold', () => {
    expect(rulesFor(rules, 'testing')).toEqual({ settleMs: 5000, stableForMs: 0, deadlineMs: 300_000 });
    expect(rulesFor({ ...rules, settleMs: 0 }, 'testing').settleMs).toBe(0);
    expect(rulesFor(rules, 'main')).toBe(rules);
  });
});

describe('a host that sleeps', () => {
  const begun = noticeSleep(clock, 500, 1000);
  const held: Round = { endedAt: 50_000, standing: 'holding' };

  test('is not found to sleep by the first look, nor by clocks that differ a little', () => {
    expect(begun).toEqual({ ...clock, asleepMs: 500 });
    expect(noticeSleep(begun, 1499, 2000)).toBe(begun);
    expect(noticeSleep(begun, null, 2000)).toBe(begun);
  });

  test('settles again, and what held before it holds no more', () => {
    const steady = afterRound(begun, { endedAt: 20_000, standing: 'holding' });
    expect(nextInProbation({ awaitsWord: false, rules, clock: steady, round: held, now: 50_000 })).toEqual({
      do: 'pass',
    });
    const slept = noticeSleep(steady, 3_600_500, 50_000);
    expect(nextInProbation({ awaitsWord: false, rules, clock: slept, round: held, now: 50_000 })).toEqual({
      do: 'settle',
      ms: 10_000,
    });
    expect(nextInProbation({ awaitsWord: false, rules, clock: slept, round: held, now: 60_000 })).toEqual({
      do: 'probe',
      withinMs: 241_000,
    });
  });

  test('does not heal what waiting will not mend', () => {
    const slept = noticeSleep(begun, 3_600_500, 50_000);
    const broken: Round = { endedAt: 50_000, standing: 'broken' };
    expect(nextInProbation({ awaitsWord: false, rules, clock: slept, round: broken, now: 50_000 })).toEqual({
      do: 'fail',
      why: 'broken',
    });
  });

  test('shortly before the deadline still has the time to prove itself', () => {
    const slept = noticeSleep(begun, 3_600_500, 300_000);
    expect(endOf(rules, slept)).toBe(301_000 + 40_000);
    expect(endOf(rules, noticeSleep(begun, 3_600_500, 100_000))).toBe(301_000);
  });

  test('again and again, at whatever hour, never outlasts its dead-man, and never passes without a steady look after waking', () => {
    const margin = 60_000;
    const day = fc.array(
      fc.record({
        sleepsMs: fc.constantFrom(0, 0, 0, 5000, 3_600_000, 86_400_000),
        takesMs: ms(5000),
        standing: fc.constantFrom<Round['standing']>('holding', 'holding', 'failing'),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(anyRules, day, (given, looks) => {
        let [now, slept] = [5000, 0];
        let lastSlept = now;
        let kept = startClock(null, 'b', now);
        let round: Round | null = null;
        const deadManAt = now + given.settleMs + given.deadlineMs + margin;
        for (let turn = 0; ; turn += 1) {
          const next = looks[turn % looks.length]!;
          kept = noticeSleep(kept, slept, now);
          const step = nextInProbation({ awaitsWord: false, rules: given, clock: kept, round, now });
          if (step.do === 'pass') {
            expect(kept.steadySince).toBeGreaterThanOrEqual(lastSlept + given.settleMs);
            expect(round!.endedAt - kept.steadySince!).toBeGreaterThanOrEqual(given.stableForMs);
          }
          if (step.do === 'pass' || step.do === 'fail') break;
          if (step.do === 'probe') {
            now += Math.min(next.takesMs, step.withinMs);
            round = { endedAt: now, standing: next.standing };
            kept = afterRound(kept, round);
          } else now += Math.max(1, step.ms);
          if (next.sleepsMs > 0 && turn < looks.length) {
            slept += next.sleepsMs;
            lastSlept = now;
          }
        }
        expect(now).toBeLessThanOrEqual(deadManAt - margin / 2);
        expect(sleepAllowance(given)).toBeLessThanOrEqual(given.settleMs + margin / 2);
      }),
    );
  });
});
